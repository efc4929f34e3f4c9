package mime

import "bytes"

// writer collects the pieces of a body; most of them are slices of the one that came.
type writer struct {
	pieces [][]byte
	eol    string
}

func (w *writer) add(b []byte) {
	if len(b) > 0 {
		w.pieces = append(w.pieces, b)
	}
}

// boundary adds bytes that begin with a delimiter, which must begin a line: after an edit that is not sure.
func (w *writer) boundary(b []byte) {
	switch {
	case len(b) == 0:
		return
	case b[0] == '\n' && w.last() == '\r':
		w.add([]byte("\r")) // so that the CR before stays one of its own
	case b[0] != '\r' && b[0] != '\n':
		w.endLine()
	}
	w.add(b)
}

// endLine ends the line that was begun, if one was.
func (w *writer) endLine() {
	if c := w.last(); c != '\n' && c != '\r' {
		w.add([]byte(w.eol))
	}
}

// last is the last byte, LF if there is none: a line begins there.
func (w *writer) last() byte {
	if len(w.pieces) == 0 {
		return '\n'
	}
	piece := w.pieces[len(w.pieces)-1]
	return piece[len(piece)-1]
}

// write adds the part as it stands in what is around it: header and body. The header of the topmost is the message's.
func (p *Part) write(w *writer) {
	if !p.top {
		p.writeHead(w)
	}
	p.writeBody(w)
}

func (p *Part) writeHead(w *writer) {
	if !p.newHead {
		w.add(p.head)
		if !p.bodyEdited() {
			w.add(p.sep)
			return
		}
		w.endLine()
	} else {
		for i := range p.fields {
			w.add(p.fields[i].text(p.eol))
		}
		w.add(p.beyond)
		w.endLine()
	}
	w.boundary(separator(p.sep, p.eol)) // a new body must not be taken for header
}

// separator is the empty line after a header: that which came, or one where it was missing, cut off, or white space,
// which would become a part of a new field before it.
func separator(sep []byte, eol string) []byte {
	if len(sep) > 0 && (sep[0] == '\n' || sep[0] == '\r') {
		return sep
	}
	return []byte(eol)
}

func (p *Part) writeBody(w *writer) {
	switch {
	case p.replaced:
		w.add(p.newBody)
	case !p.bodyEdited():
		w.add(p.body)
	case p.packed:
		inner := writer{eol: p.eol}
		p.writeKids(&inner)
		w.add(p.encode(joined(inner.pieces)))
	default:
		p.writeKids(w)
	}
}

func (p *Part) writeKids(w *writer) {
	if p.kind == kindMessage {
		p.kids[0].write(w)
		return
	}
	w.add(p.pre)
	for _, kid := range p.kids {
		w.boundary(kid.gap)
		if !kid.removed {
			w.boundary(kid.delim)
			if kid.newHead || kid.bodyEdited() {
				w.endLine() // the data may end within the delimiter
			}
			kid.write(w)
		}
	}
	w.boundary(p.tail)
}

// encode applies the transfer encoding of a part that was unpacked.
func (p *Part) encode(data []byte) []byte {
	p.m.work(len(data))
	if p.encoding == "quoted-printable" {
		return encodeQuoted(data, p.eol)
	}
	return encodeBase64(data, p.eol)
}

// bodyEdited says whether the body is to be written anew.
func (p *Part) bodyEdited() bool {
	if p.replaced || p.grown {
		return true
	}
	for _, kid := range p.kids {
		if kid.removed || kid.newHead || kid.bodyEdited() {
			return true
		}
	}
	return false
}

func (m *Message) bodyEdited() bool { return m.root != nil && m.root.bodyEdited() }

func (m *Message) headerEdited() bool {
	if len(m.fields) != len(m.given) {
		return true
	}
	for i := range m.fields {
		if f, g := &m.fields[i], &m.given[i]; f.origin != g.origin || !bytes.Equal(f.value, g.value) {
			return true
		}
	}
	return false
}
