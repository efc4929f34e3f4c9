// Package mime reads and edits whole messages, and binds them to Lua as the object that on_message is called with.
//
// A Message keeps the bytes it was given and nothing else until something is asked for; its parts are sub-slices of
// those bytes. An edit puts new bytes in place of those of one part, so everything else is sent as it came. Broken
// structure is never an error: what mail readers would show is given, and Defects lists what was wrong.
package mime

import (
	"bytes"
	"slices"
	"strings"
)

// Field is one field of the message's own header.
type Field struct {
	Name string
	// Raw is everything after the colon, with the space that most fields begin with, folded with LF and without the
	// last line end: what a milter is sent with SMFIP_HDR_LEADSPC.
	Raw string
}

// Message is one mail. It belongs to one goroutine.
type Message struct {
	given  []field // the header as it came
	fields []field // as it is now
	top    []byte  // Parse: all that stands before the body
	prefix []byte  // Parse: the "From " line of an mbox file
	rest   []byte  // Parse: header lines beyond the limits
	sep    []byte  // Parse: the empty line; none where it is missing
	body   []byte  // as it came; never written to
	eol    string  // the line end of what is made here
	root   *Part   // nil until asked for
	nodes  int     // parts made by reading
	leaves int     // leaves that have a number
	found  defects // what reading the structure found
	work   func(n int)
	alloc  func(n int)
	edits  int // counts edits, so that what was derived before one is not used after it
}

// New makes a message of the header and the body that an MTA sent. The body is only ever read, and must stay as it is
// as long as the message and the pieces that Changes gives are used. Fields with an empty name are ignored.
func New(fields []Field, body []byte) *Message {
	m := &Message{body: body, eol: "\r\n", work: free, alloc: free}
	for i, f := range fields {
		if f.Name == "" {
			continue
		}
		m.given = append(m.given, field{name: []byte(f.Name), value: []byte(unixLines(f.Raw)), origin: i + 1})
	}
	m.fields = m.given
	return m
}

// Parse makes a message of its bytes, header and body, with CRLF or LF. A "From " line of an mbox file may stand in
// front. A first line that is no header field begins the body. raw is only ever read.
func Parse(raw []byte) *Message {
	m := &Message{eol: "\r\n", work: free, alloc: free}
	if i := bytes.IndexByte(raw, '\n'); i == 0 || i > 0 && raw[i-1] != '\r' {
		m.eol = "\n"
	}
	rest := raw
	if bytes.HasPrefix(raw, []byte("From ")) {
		lines := lineReader{src: raw}
		_, next := lines.line(0)
		m.prefix, rest = raw[:next], raw[next:]
	}
	end, sep := headEnd(&lineReader{src: rest}, 0, nil)
	h := splitHead(rest[:end])
	m.given, m.rest, m.sep, m.body = h.fields, h.rest, rest[end:sep], rest[sep:]
	m.top = raw[:len(raw)-len(m.body)]
	for i := range m.given {
		m.given[i].origin = i + 1
	}
	m.fields = m.given
	for _, d := range h.defects {
		m.found.add(d, "")
	}
	if len(m.sep) == 0 && len(m.body) > 0 {
		m.found.add(defectNoSeparator, "")
	}
	return m
}

// SetMeter sets what is called with the number of bytes that were worked through, so that a script pays for it, and
// with the bytes that are about to be allocated besides what a method returns. Nil is nothing. Both may panic: the
// message is then as it was before the call that is being made, but for edits, which are undone by Restore.
func (m *Message) SetMeter(work, alloc func(n int)) {
	m.work, m.alloc = free, free
	if work != nil {
		m.work = work
	}
	if alloc != nil {
		m.alloc = alloc
	}
}

func free(int) {}

// Body is the body as it is now. It must not be written to.
func (m *Message) Body() []byte {
	return joined(m.bodyPieces())
}

// BodySize is the length of Body in bytes.
func (m *Message) BodySize() int {
	return size(m.bodyPieces())
}

// Raw is header and body as they are now: the bytes of Parse where nothing was changed, otherwise with the line end
// of the message (CRLF for New) after each new field.
func (m *Message) Raw() []byte { return joined(m.rawPieces()) }

// Size is the length of Raw in bytes.
func (m *Message) Size() int { return size(m.rawPieces()) }

func (m *Message) rawPieces() [][]byte {
	body := m.bodyPieces()
	if m.top != nil && !m.headerEdited() && (!m.bodyEdited() || string(separator(m.sep, "")) != "") {
		return append([][]byte{m.top}, body...)
	}
	w := writer{eol: m.eol}
	w.add(m.prefix)
	w.endLine() // the data may end within it
	for i := range m.fields {
		w.add(m.fields[i].text(m.eol))
	}
	w.add(m.rest)
	w.endLine()
	w.boundary(separator(m.sep, m.eol))
	return append(w.pieces, body...)
}

func (m *Message) bodyPieces() [][]byte {
	if m.root == nil {
		return [][]byte{m.body}
	}
	w := writer{eol: m.eol}
	m.root.writeBody(&w)
	return w.pieces
}

func joined(pieces [][]byte) []byte {
	var last []byte
	filled := 0
	for _, p := range pieces {
		if len(p) > 0 {
			last = p
			filled++
		}
	}
	if filled <= 1 {
		return slices.Clip(last) // so that whoever appends writes elsewhere
	}
	return bytes.Join(pieces, nil)
}

func size(pieces [][]byte) (n int) {
	for _, p := range pieces {
		n += len(p)
	}
	return n
}

// unixLines turns CRLF into LF, as header fields are folded in the milter protocol.
func unixLines(s string) string {
	if !strings.Contains(s, "\r\n") {
		return s
	}
	return strings.ReplaceAll(s, "\r\n", "\n")
}
