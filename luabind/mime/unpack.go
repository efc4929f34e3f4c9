package mime

import (
	"bytes"
	"strings"
)

// unpack takes apart the containers below p whose bodies are encoded, which RFC 2046 forbids and mail readers decode.
func (m *Message) unpack(p *Part) {
	if p.packed {
		return // by whom it was unpacked
	}
	for _, kid := range p.kids {
		m.unpack(kid)
	}
	switch {
	case p.kind == kindPacked:
		m.unpackMessage(p)
	case p.kind == kindLeaf && strings.HasPrefix(p.mediaType, "multipart/") && p.boundary != "" &&
		!p.identity() && p.encoding != "uuencode":
		m.unpackMulti(p)
	}
}

func (m *Message) unpackMessage(p *Part) {
	m.found.add(defectPacked, p.path())
	data := p.decode(p.body)
	s := newScanner(m, data)
	if m.nodes >= maxParts || p.depth >= maxDepth {
		s.refuse(p)
		return
	}
	p.kind, p.packed = kindMessage, true
	inner := s.node(p, 0)
	p.kids = []*Part{inner}
	m.scan(inner, data[len(inner.head)+len(inner.sep):], inner.headFields())
}

// unpackMulti reads a multipart in which no delimiter stands once more, with its transfer encoding undone.
func (m *Message) unpackMulti(p *Part) {
	body, data := p.body, p.decode(p.body)
	switch {
	case p.depth >= maxDepth || !bytes.Contains(data, []byte("--"+p.boundary)):
	case m.nodes >= maxParts:
		p.unread = defectTooMany
		m.found.add(defectTooMany, "")
	default:
		fields := m.given
		if !p.top {
			fields = splitHead(p.head).fields
		}
		p.packed = true
		m.scan(p, data, fields)
		p.body = body
	}
	if p.leaf() {
		p.packed = false
		m.found.add(defectNoParts, p.path())
		return
	}
	m.found.add(defectPacked, p.path())
	for _, kid := range p.kids {
		m.unpack(kid)
	}
}
