package mime

import "bytes"

// ChangeKind says what is to be done with a header field.
type ChangeKind int

// The kinds, each with the call of libmilter that does it.
const (
	HeaderChange ChangeKind = iota // smfi_chgheader
	HeaderDelete                   // smfi_chgheader without a value
	HeaderAdd                      // smfi_addheader
)

// HeaderOp is one change of the header. Index is the place of the field among those of its name, from 1, in the header
// that New was given. Value is all that comes after the colon, folded with LF: where SMFIP_HDR_LEADSPC is negotiated it
// is sent as it is, otherwise without its first space, which the MTA adds.
type HeaderOp struct {
	Kind  ChangeKind
	Name  string
	Index int
	Value string
}

// Changes is what makes the message that New was given the one that it is now.
type Changes struct {
	// Header has the changes first, which count as the MTA does before anything is deleted; then the deletions, last
	// field first, as Postfix renumbers after each and Sendmail does not; then the additions.
	Header []HeaderOp
	// Body is the new body in pieces, nil if its bytes are those that came, and empty but not nil if there is none
	// now. The pieces must not be written to, and live as long as the body of New.
	Body [][]byte
}

// Changes gives the smallest set of changes.
func (m *Message) Changes() Changes {
	return Changes{Header: m.headerOps(), Body: m.changedBody()}
}

// Edited says whether something was edited, even if another edit has put it back.
func (m *Message) Edited() bool { return m.bodyEdited() || m.headerEdited() }

func (m *Message) headerOps() (ops []HeaderOp) {
	now := map[int]*field{}
	for i := range m.fields {
		now[m.fields[i].origin] = &m.fields[i]
	}
	counts := map[string]int{}
	var deletions []HeaderOp
	for i := range m.given {
		old := &m.given[i]
		key := foldName(old.name)
		counts[key]++
		op := HeaderOp{Name: string(old.name), Index: counts[key]}
		f := now[old.origin]
		switch {
		case f == nil:
			op.Kind = HeaderDelete
			deletions = append(deletions, op)
		case !bytes.Equal(f.value, old.value):
			op.Kind, op.Value = HeaderChange, f.raw()
			ops = append(ops, op)
		}
	}
	for i := len(deletions) - 1; i >= 0; i-- {
		ops = append(ops, deletions[i])
	}
	for i := range m.fields {
		if f := &m.fields[i]; f.origin == 0 {
			ops = append(ops, HeaderOp{Kind: HeaderAdd, Name: string(f.name), Value: f.raw()})
		}
	}
	return ops
}

// changedBody compares: an edit may have put back what was there.
func (m *Message) changedBody() [][]byte {
	if !m.bodyEdited() {
		return nil
	}
	pieces := m.bodyPieces()
	rest := m.body
	same := true
	for _, p := range pieces {
		m.work(len(p))
		if same = bytes.HasPrefix(rest, p); !same {
			break
		}
		rest = rest[len(p):]
	}
	if same && len(rest) == 0 {
		return nil
	}
	if pieces == nil {
		pieces = [][]byte{}
	}
	return pieces
}

// Mark is a state of a message to go back to.
type Mark struct {
	fields        []field
	root          *Part
	nodes, leaves int
	parts         []saved
}

type saved struct {
	part  *Part
	state Part
}

// Mark notes the state of the message. It copies no content.
func (m *Message) Mark() Mark {
	mark := Mark{fields: m.fields, root: m.root, nodes: m.nodes, leaves: m.leaves}
	var walk func(p *Part)
	walk = func(p *Part) {
		mark.parts = append(mark.parts, saved{p, *p})
		for _, kid := range p.kids {
			walk(kid)
		}
	}
	if m.root != nil {
		walk(m.root)
	}
	return mark
}

// Restore undoes all edits since the mark.
func (m *Message) Restore(mark Mark) {
	m.fields, m.root, m.nodes, m.leaves = mark.fields, mark.root, mark.nodes, mark.leaves
	m.edits++
	for _, s := range mark.parts {
		*s.part = s.state
	}
}
