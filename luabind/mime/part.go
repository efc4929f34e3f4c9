package mime

import (
	"slices"
	"strings"

	"luamilter/luabind/header"
)

// Part is a node of a message's structure: a leaf, a multipart, or a message inside the message. Its byte slices are
// never written to; an edit sets others.
type Part struct {
	m      *Message
	parent *Part
	kids   []*Part
	depth  int
	index  int    // which leaf it is, from 1; 0 for what is none
	top    bool   // its header is that of the message
	eol    string // the line end of what is made in it

	// Where it stands: in a multipart after gap (the end delimiter that it ought not to come after) and delim.
	gap, delim []byte
	head, sep  []byte
	body       []byte
	pre, tail  []byte // of a multipart: what stands before the first and from the end delimiter on
	packed     bool   // its parts lie in what body is without transfer encoding

	// What its header says.
	kind        kind
	contentType string // raw
	mediaType   string
	params      []header.Param
	boundary    string
	encoding    string
	unread      string // the defect, if not all of it was taken apart: there may be parts that nobody sees

	// Edits.
	newHead  bool // fields and beyond are to be written in place of head
	fields   []field
	beyond   []byte // header lines beyond the limits
	newBody  []byte
	replaced bool // newBody is what it holds, be it empty
	removed  bool
	grown    bool // kids were added
	outer    bool // it was put around the message
}

type kind int

const (
	kindLeaf kind = iota
	kindMulti
	kindMessage // its one kid is the message
	kindPacked  // a message in a transfer encoding, until it is unpacked
)

// maxNames bounds the file names of one part.
const maxNames = 100

// headFields takes the header of a part apart while the structure is read.
func (p *Part) headFields() []field {
	h := splitHead(p.head)
	for _, d := range h.defects {
		p.m.found.add(d, p.path())
		if d == defectLongHeader {
			p.unread = d
		}
	}
	if len(p.sep) == 0 && len(p.body) > 0 && len(p.head)+len(p.body) > 0 && !p.atDelimiter() {
		p.m.found.add(defectNoSeparator, p.path())
	}
	return h.fields
}

// atDelimiter says whether what follows a header without empty line is a delimiter, which is no text.
func (p *Part) atDelimiter() bool { return len(p.body) > 1 && p.body[0] == '-' && p.body[1] == '-' }

// header is the part's header as it is now.
func (p *Part) header() []field {
	switch {
	case p.top:
		return p.m.fields
	case p.newHead:
		return p.fields
	}
	p.m.work(len(p.head))
	return splitHead(p.head).fields
}

// describe reads what a header says of its body; note gets what is wrong with it.
func (p *Part) describe(fields []field, note func(string)) {
	p.readType(fields, note)
	p.kind = kindLeaf
	switch p.mediaType {
	case "message/rfc822", "message/global", "message/news":
		p.kind = kindMessage
	case "message/partial":
		note(defectPartial)
	case "message/external-body":
		note(defectExternal)
	}
	if strings.HasPrefix(p.mediaType, "multipart/") {
		p.kind = kindMulti
		p.boundary = strings.TrimRight(p.param("boundary"), " \t")
		if len(p.boundary) > maxBoundary {
			note(defectLongBoundary)
			p.boundary, p.unread = "", defectLongBoundary
		}
	}
	encoding, n := first(fields, "Content-Transfer-Encoding")
	if n > 1 {
		note(defectFields + "Content-Transfer-Encoding")
	}
	p.encoding = ""
	if encoding != nil {
		p.encoding = encodingName(encoding.raw())
		if !knownEncoding(p.encoding) {
			note(defectEncoding + p.encoding)
		}
	}
}

// readType reads Content-Type. Of several fields, which RFC 5322 forbids, mail readers heed the first.
func (p *Part) readType(fields []field, note func(string)) {
	f, n := first(fields, "Content-Type")
	if n > 1 {
		note(defectFields + "Content-Type")
	}
	p.contentType, p.params, p.mediaType = "", nil, "text/plain"
	if p.parent != nil && p.parent.mediaType == "multipart/digest" {
		p.mediaType = "message/rfc822" // RFC 2046 section 5.1.5
	}
	if f == nil {
		return
	}
	p.contentType = f.raw()
	main, params, wrong := header.ParseParams(p.contentType)
	for _, w := range wrong {
		note("Content-Type: " + w)
	}
	p.params = params
	kind, sub, ok := strings.Cut(main, "/")
	kind, sub = strings.TrimSpace(kind), strings.TrimSpace(sub)
	switch {
	case ok && isToken(kind) && isToken(sub):
		p.mediaType = kind + "/" + sub
		return
	case kind == "multipart" && p.param("boundary") != "":
		p.mediaType = "multipart/mixed"
	default:
		p.mediaType = "text/plain" // RFC 2045 section 5.2
	}
	note(defectType)
}

// isToken says whether s is a token of RFC 2045 section 5.1.
func isToken(s string) bool {
	for i := 0; i < len(s); i++ {
		if s[i] <= ' ' || s[i] > '~' || strings.IndexByte(`()<>@,;:\"/[]?=`, s[i]) >= 0 {
			return false
		}
	}
	return s != ""
}

// param is the first parameter of a name of Content-Type, or "".
func (p *Part) param(name string) string {
	for _, q := range p.params {
		if q.Name == name {
			return q.Value
		}
	}
	return ""
}

// Type is the media type in lower case, "text/plain" where the header says none.
func (p *Part) Type() string { return p.mediaType }

// Params are the parameters of Content-Type, in order, with those that are there twice.
func (p *Part) Params() []header.Param { return p.params }

// Charset is the parameter of that name in lower case; of text without one "us-ascii", of anything else "".
func (p *Part) Charset() string {
	charset := strings.ToLower(strings.TrimSpace(p.param("charset")))
	if charset == "" && strings.HasPrefix(p.mediaType, "text/") {
		return "us-ascii"
	}
	return charset
}

// Encoding is the transfer encoding in lower case, "" where the header says none.
func (p *Part) Encoding() string { return p.encoding }

// Depth is how many multiparts and messages the part stands in.
func (p *Part) Depth() int {
	depth := 0
	for q := p.parent; q != nil; q = q.parent {
		depth++
	}
	return depth
}

// Disposition is the first word of Content-Disposition in lower case, "" where the header has none.
func (p *Part) Disposition() string {
	main, _, _ := header.ParseParams(value(p.header(), "Content-Disposition"))
	return main
}

// attachment says whether the part has a file name, or is declared an attachment.
func (p *Part) attachment() bool { return p.Disposition() == "attachment" || p.Filename() != "" }

// Filename is the first of Names, or "".
func (p *Part) Filename() string {
	if names := p.Names(); len(names) > 0 {
		return names[0]
	}
	return ""
}

// Names are all the file names of the part, decoded, each once: mail readers differ in which they use. Those of
// Content-Disposition come first, then those of Content-Type, then that of uuencoded data. Repeated fields and
// parameters count; there are at most 100.
func (p *Part) Names() (names []string) {
	add := func(name string) {
		if name != "" && len(names) < maxNames && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	fields := p.header()
	for _, kind := range []string{"Content-Disposition", "Content-Type"} {
		for i := range fields {
			if !fields[i].is(kind) {
				continue
			}
			p.m.work(decodeWork * len(fields[i].value))
			_, params, _ := header.ParseParams(fields[i].raw())
			for _, q := range params {
				if strings.Contains(q.Name, "name") {
					add(q.Value)
				}
			}
		}
	}
	if p.encoding == "uuencode" && p.kind == kindLeaf {
		add(uuName(p.encoded()))
	}
	return names
}

// Header is the decoded value of the n-th field of a name, from 1.
func (p *Part) Header(name string, n int) (string, bool) {
	return p.m.decoded(nth(p.header(), name, n))
}

// RawHeader is Header as it stands in the mail, folded with LF, from the colon on.
func (p *Part) RawHeader(name string, n int) (string, bool) {
	return rawField(nth(p.header(), name, n))
}

// Fields is the part's header.
func (p *Part) Fields() []Field { return exported(p.header()) }

// Raw is the part as it is now, header and body, without the delimiters around it; of a message of one part its body.
func (p *Part) Raw() []byte {
	w := writer{eol: p.eol}
	p.write(&w)
	return joined(w.pieces)
}

// leaf says whether there are no parts in this one.
func (p *Part) leaf() bool { return len(p.kids) == 0 }

// attached says whether the part is still in its message.
func (p *Part) attached() bool {
	for q := p; q != nil; q = q.parent {
		if q.removed || q.parent == nil && q != q.m.root || q.parent != nil && q.parent.leaf() {
			return false
		}
	}
	return true
}

// Parts are the leaves, in order, those of messages inside the message too.
func (m *Message) Parts() []*Part { return m.collect((*Part).leaf) }

// Attachments are the leaves with a file name, and the messages inside the message that have one.
func (m *Message) Attachments() []*Part {
	return m.collect(func(p *Part) bool { return (p.leaf() || p.kind == kindMessage) && p.Filename() != "" })
}

func (m *Message) collect(want func(*Part) bool) (list []*Part) {
	root := m.parsed()
	m.work(64 * (m.nodes + 1))
	var walk func(p *Part)
	walk = func(p *Part) {
		if p.removed {
			return
		}
		if want(p) {
			list = append(list, p)
		}
		for _, kid := range p.kids {
			walk(kid)
		}
	}
	walk(root)
	return list
}
