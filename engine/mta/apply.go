package mta

import (
	"slices"
	"strings"

	"luamilter/protocol"
)

// Apply makes the changes of a filter to a mail as Postfix does.
func (m *Mail) Apply(changes []protocol.Change) {
	header := headerEdit{mail: m}
	replaced := false
	for _, c := range changes {
		switch c.Code {
		case protocol.ReplyAddHeader:
			header.add(changedField(c))
		case protocol.ReplyInsertHeader:
			header.insert(int(c.Index), changedField(c))
		case protocol.ReplyChangeHeader:
			header.change(c)
		case protocol.ReplyAddRcpt, protocol.ReplyAddRcptPar:
			m.Recipients = append(m.Recipients, Recipient{Address: Bare(c.Value), Params: c.Params})
		case protocol.ReplyDelRcpt:
			m.Recipients = slices.DeleteFunc(m.Recipients, func(r Recipient) bool { return r.Address == Bare(c.Value) })
		case protocol.ReplyChangeFrom:
			m.Sender, m.SenderParams = Bare(c.Value), c.Params
		case protocol.ReplyReplaceBody:
			if !replaced {
				m.Body, replaced = "", true
			}
			m.Body += c.Value // a long one comes in pieces
		case protocol.ReplyQuarantine:
			m.Quarantined, m.Reason = true, c.Value
		}
	}
	header.settle()
	if replaced {
		m.Body = strings.ReplaceAll(m.Body, "\r\n", "\n")
		if m.Body != "" && !strings.HasSuffix(m.Body, "\n") {
			m.Body += "\n" // MTAs end the last line
		}
	}
}

// changedField is a header field as the MTA writes it for a filter.
func changedField(c protocol.Change) Field {
	space := " "
	if c.NoSpace {
		space = ""
	}
	return Field{Name: c.Name, Colon: ":", Value: space + c.Value}
}

// headerEdit makes changes to the header of a mail, of which there may be as many as it has fields: it is not searched for each.
type headerEdit struct {
	mail   *Mail
	places map[string][]int // where the fields of a name stand, in lower case; nil: not known
	gone   map[int]bool     // places of fields that are deleted, until settle
}

func (h *headerEdit) add(f Field) {
	if h.places != nil {
		name := strings.ToLower(f.Name)
		h.places[name] = append(h.places[name], len(h.mail.Fields))
	}
	h.mail.Fields = append(h.mail.Fields, f)
}

// insert puts a field into the header. The MTA's own Received field counts: 0 is above it, 1 below.
func (h *headerEdit) insert(at int, f Field) {
	h.settle()
	h.mail.Fields = slices.Insert(h.mail.Fields, min(at, len(h.mail.Fields)), f)
}

// change replaces the field of that name and number, the first being 1; an empty value deletes it. One that is not there is
// added.
func (h *headerEdit) change(c protocol.Change) {
	h.find()
	name, n := strings.ToLower(c.Name), int(max(c.Index, 1))-1
	places := h.places[name]
	switch {
	case n >= len(places) && c.Value != "":
		h.add(changedField(c))
	case n >= len(places):
	case c.Value != "":
		h.mail.Fields[places[n]] = changedField(c)
	default:
		h.gone[places[n]] = true
		h.places[name] = slices.Delete(places, n, n+1)
	}
}

// find notes where the fields stand.
func (h *headerEdit) find() {
	if h.places != nil {
		return
	}
	h.places, h.gone = map[string][]int{}, map[int]bool{}
	for i, f := range h.mail.Fields {
		if !f.Own {
			name := strings.ToLower(f.Name)
			h.places[name] = append(h.places[name], i)
		}
	}
}

// settle takes the deleted fields out, and forgets the places.
func (h *headerEdit) settle() {
	if len(h.gone) > 0 {
		var left []Field
		for i, f := range h.mail.Fields {
			if !h.gone[i] {
				left = append(left, f)
			}
		}
		h.mail.Fields = left
	}
	h.places, h.gone = nil, nil
}
