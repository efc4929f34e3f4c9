package mime

import "bytes"

// Bounds of what is taken apart; beyond them the rest is one leaf.
const (
	maxParts = 1000
	maxDepth = 50
	// maxBoundary is the longest boundary that is looked for, in bytes. RFC 2046 section 5.1.1 allows 70.
	maxBoundary = 1000
	// guessWithin is how far into a multipart without boundary parameter its first delimiter is looked for.
	guessWithin = 4 << 10
)

// scanner takes the structure of one buffer apart in a single pass, whatever the depth: at each line that begins with
// "--" the boundaries of all open multiparts are looked up at once.
type scanner struct {
	m      *Message
	src    []byte
	lines  lineReader
	open   []*opened
	levels map[string]int // boundary: where its multipart stands in open
	work   int            // up to where work was charged
}

// opened is a part whose end is not known yet.
type opened struct {
	*Part
	start  int // of its body
	multi  bool
	closed bool // its end delimiter was seen
	after  int  // end of that delimiter's line
	close  int  // where the line break before it begins
	longer bool // a line that begins with the boundary and goes on was noted
}

// delimiter is a delimiter line (RFC 2046 section 5.1.1).
type delimiter struct {
	brk, end int // where the line break before it, and what comes after it, begin
	level    int
	final    bool
}

// parsed gives the tree of parts.
func (m *Message) parsed() *Part {
	if m.root != nil {
		return m.root
	}
	keep, nodes := m.found, m.nodes
	done := false
	defer func() {
		if !done { // work has panicked: the next one who asks begins anew
			m.found, m.nodes = keep, nodes
		}
	}()
	m.found = m.found.clone()
	root := &Part{m: m, top: true, eol: m.eol}
	m.scan(root, m.body, m.given)
	m.leaves = 0
	m.numberAll(root)
	m.root, done = root, true
	return root
}

func (m *Message) numberAll(p *Part) {
	if p.leaf() {
		m.number(p)
	}
	for _, kid := range p.kids {
		m.numberAll(kid)
	}
}

// number gives a leaf the number that it keeps, whatever comes and goes around it.
func (m *Message) number(p *Part) {
	if p.index == 0 {
		m.leaves++
		p.index = m.leaves
	}
}

// scan takes apart what a part's header says of its body, which is all of src.
func (m *Message) scan(p *Part, src []byte, fields []field) {
	s := newScanner(m, src)
	s.begin(p, 0, fields)
	for pos := s.top().start; ; {
		d, ok := s.next(pos)
		s.charge(d.end)
		if !ok {
			break
		}
		pos = d.end
		s.delimiter(d)
		if len(s.open) == 0 {
			break // the parts were too many
		}
		if !d.final {
			pos = s.top().start
		}
	}
	s.end(0, len(src))
	m.unpack(p)
}

func newScanner(m *Message, src []byte) *scanner {
	return &scanner{m: m, src: src, lines: lineReader{src: src}, levels: map[string]int{}}
}

func (s *scanner) charge(pos int) {
	s.m.work(pos - s.work)
	s.work = pos
}

func (s *scanner) top() *opened { return s.open[len(s.open)-1] }

// begin opens a part whose body begins at pos, and the message inside if it is one.
func (s *scanner) begin(p *Part, pos int, fields []field) {
	for {
		o := &opened{Part: p, start: pos}
		s.open = append(s.open, o)
		p.describe(fields, func(what string) { s.m.found.add(what, p.path()) })
		switch p.kind {
		case kindMulti:
			s.beginMulti(o)
			return
		case kindLeaf:
			return
		}
		if p.identity() || s.plainMessage(p, pos) {
			if p.depth >= maxDepth || s.m.nodes >= maxParts {
				s.refuse(p)
				return
			}
			inner := s.node(p, pos)
			p.kids = []*Part{inner}
			p, pos, fields = inner, pos+len(inner.head)+len(inner.sep), inner.headFields()
			continue
		}
		if p.kind = kindPacked; p.encoding == "uuencode" {
			p.kind = kindLeaf // nobody does that, and nothing is put back into it
		}
		return
	}
}

func (s *scanner) refuse(p *Part) {
	p.kind = kindLeaf
	if p.depth >= maxDepth {
		p.unread = defectTooDeep
		s.m.found.add(defectTooDeep, p.path())
	} else {
		p.unread = defectTooMany
		s.m.found.add(defectTooMany, "")
	}
}

// plainMessage says whether a message that claims an encoding is not encoded. In base64 no line is a header field; in
// quoted-printable each "=" of the header has hexadecimal digits or a line end behind it.
func (s *scanner) plainMessage(p *Part, pos int) bool {
	src := s.src[pos:min(len(s.src), pos+guessWithin)]
	if p.encoding != "quoted-printable" {
		lines := lineReader{src: src}
		src = bytes.TrimLeft(src, "\r\n")
		end, _ := lines.line(len(lines.src) - len(src))
		return isField(lines.src[len(lines.src)-len(src) : end])
	}
	end, _ := headEnd(&lineReader{src: src}, 0, nil)
	plain := false
	checkQuoted(src[:end], func(string) { plain = true })
	return plain
}

// node is a new part whose header begins at pos.
func (s *scanner) node(parent *Part, pos int) *Part {
	s.m.nodes++
	p := &Part{m: s.m, parent: parent, depth: parent.depth + 1, eol: parent.eol}
	end, body := headEnd(&s.lines, pos, s.isDelimiter)
	p.head, p.sep = s.src[pos:end], s.src[end:body]
	p.body = s.src[body:] // its end is not known yet
	return p
}

func (s *scanner) beginMulti(o *opened) {
	p := o.Part
	switch {
	case p.depth >= maxDepth:
		s.refuse(p)
		return
	case p.boundary == "":
		s.m.found.add(defectNoBoundary, p.path())
		if p.boundary = s.guess(o.start); p.boundary == "" {
			p.kind = kindLeaf
			return
		}
	}
	if _, taken := s.levels[p.boundary]; taken {
		s.m.found.add(defectSameBoundary, p.path())
		p.kind = kindLeaf
		return
	}
	o.multi = true
	s.levels[p.boundary] = len(s.open) - 1
}

// end closes the parts from open[from] on, which end before brk.
func (s *scanner) end(from, brk int) {
	for i := len(s.open) - 1; i >= from; i-- {
		s.endOne(s.open[i], brk)
	}
	s.open = s.open[:from]
}

func (s *scanner) endOne(o *opened, brk int) {
	p := o.Part
	p.body = s.src[o.start:max(o.start, brk)]
	if !o.multi {
		return
	}
	delete(s.levels, p.boundary)
	switch {
	case len(p.kids) == 0:
		if p.kind = kindLeaf; p.identity() {
			s.m.found.add(defectNoParts, p.path())
		}
	case o.closed:
		p.tail = s.src[o.close:max(o.close, o.start+len(p.body))]
	default:
		s.m.found.add(defectNoEnd, p.path())
	}
}

// delimiter ends what stands before d, and begins what comes after it.
func (s *scanner) delimiter(d delimiter) {
	multi := s.open[d.level]
	brk := max(d.brk, s.top().start)
	s.end(d.level+1, brk)
	if d.final {
		if !multi.closed && len(multi.kids) > 0 {
			multi.closed, multi.close, multi.after = true, brk, d.end
		}
		return
	}
	if s.m.nodes >= maxParts {
		s.m.found.add(defectTooMany, "")
		p := &Part{m: s.m, parent: multi.Part, depth: multi.depth + 1, eol: multi.eol,
			mediaType: "application/octet-stream", unread: defectTooMany}
		p.body = s.src[d.end:]
		s.adopt(multi, p, brk, d.end)
		s.end(0, len(s.src))
		return
	}
	p := s.node(multi.Part, d.end)
	s.adopt(multi, p, brk, d.end)
	s.begin(p, d.end+len(p.head)+len(p.sep), p.headFields())
}

// adopt makes p the next part of a multipart, after a delimiter from brk to end.
func (s *scanner) adopt(multi *opened, p *Part, brk, end int) {
	switch {
	case len(multi.kids) == 0:
		multi.pre = s.src[multi.start:brk]
	case multi.closed:
		s.m.found.add(defectAfterEnd, multi.path())
		brk = max(brk, multi.after)
		p.gap, multi.closed = s.src[multi.close:brk], false
	}
	p.delim = s.src[brk:end]
	multi.kids = append(multi.kids, p)
}
