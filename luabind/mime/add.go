package mime

import (
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"slices"
	"strings"
)

// AddPart adds a part at the end. A message that is no multipart/mixed becomes one, with what it was as the first part,
// byte for byte, so that a signature inside stays good.
func (m *Message) AddPart(c Content) (*Part, error) {
	root := m.parsed()
	if root.mixed() {
		p, err := m.addTo(root, c)
		if !errors.Is(err, errBoundary) {
			return p, err
		}
	}
	if _, _, err := m.build(Content{Type: c.Type, Filename: c.Filename, Disposition: c.Disposition}, nil, m.eol); err != nil {
		return nil, err // before anything is changed
	}
	return m.addTo(m.wrap(), c)
}

// mixed says whether a part can be added to this one.
func (p *Part) mixed() bool {
	return p.kind == kindMulti && p.mediaType == "multipart/mixed" && !p.leaf()
}

func (m *Message) addTo(multi *Part, c Content) (*Part, error) {
	p := &Part{m: m, parent: multi, depth: multi.depth + 1, eol: multi.eol, newHead: true, replaced: true}
	fields, body, err := m.build(c, append(multi.boundaries(), multi.boundary), multi.eol)
	if err != nil {
		return nil, err
	}
	m.edits++
	p.fields, p.newBody = fields, body
	p.describe(fields, func(string) {})
	p.kind = kindLeaf
	m.number(p)
	p.delim = []byte(multi.eol + "--" + multi.boundary + multi.eol)
	place := slices.IndexFunc(multi.kids, func(kid *Part) bool { return len(kid.gap) > 0 })
	if place < 0 {
		place = len(multi.kids) // before the first end delimiter, or what stands for it
	}
	multi.kids, multi.grown = slices.Insert(slices.Clone(multi.kids), place, p), true
	if len(multi.tail) == 0 {
		multi.tail = []byte(multi.eol + "--" + multi.boundary + "--" + multi.eol)
	}
	return p, nil
}

// wrap makes the message a multipart/mixed with what it was as its one part.
func (m *Message) wrap() *Part {
	m.edits++
	old := m.parsed()
	boundary := m.newBoundary()
	outer := &Part{m: m, top: true, eol: m.eol, kind: kindMulti, mediaType: "multipart/mixed", boundary: boundary, grown: true, outer: true}
	outer.tail = []byte(m.eol + "--" + boundary + "--" + m.eol)
	var moved []field
	for _, f := range m.fields {
		if isContent(&f) {
			f.origin = 0
			moved = append(moved, f)
		}
	}
	old.top, old.parent, old.newHead, old.fields, old.beyond = false, outer, true, moved, nil
	old.delim = []byte("--" + boundary + m.eol)
	outer.kids = []*Part{old}
	m.root = outer
	for _, f := range moved {
		if !f.is("Content-Type") {
			m.fields = without(m.fields, string(f.name))
		}
	}
	outer.setField("Content-Type", `multipart/mixed; boundary="`+boundary+`"`)
	if old.encoding == "8bit" || old.encoding == "binary" {
		outer.setField("Content-Transfer-Encoding", old.encoding) // RFC 2045 section 6.4
	}
	return outer
}

// newBoundary is one that does not stand in the body. It is the same for the same message, so that a replayed message
// gives the same result, unless somebody put it there on purpose.
func (m *Message) newBoundary() string {
	hash := sha256.New()
	for i := range m.given {
		hash.Write(m.given[i].value)
	}
	hash.Write([]byte{byte(len(m.body)), byte(len(m.body) >> 8), byte(len(m.body) >> 16), byte(m.edits)})
	pieces := m.bodyPieces()
	sum := hash.Sum(nil)
	for range 3 {
		boundary := "=_luamilter_" + hex.EncodeToString(sum[:12])
		m.work(size(pieces))
		if !slices.ContainsFunc(pieces, func(p []byte) bool { return bytes.Contains(p, []byte(boundary)) }) {
			return boundary
		}
		again := sha256.Sum256(sum)
		sum = again[:]
	}
	return "=_luamilter_" + strings.ToLower(rand.Text())
}
