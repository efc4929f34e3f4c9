package mime

import (
	"bytes"
	"strings"
)

// What is read of the header of a part, or of a message that is parsed from bytes. Lines beyond stay where they are,
// but nobody sees their fields.
const (
	maxHead   = 256 << 10
	maxFields = 1000
)

// field is one header field; its slices are never written to.
type field struct {
	name   []byte // "" for a line that is no field but stands among them
	value  []byte // all after the colon, without the last line end
	full   []byte // as it was read, with its line end; nil for one that was made, or came from an MTA
	origin int    // its place in the message's own header as it came, from 1; 0 for any other
}

func (f *field) is(name string) bool {
	if len(f.name) != len(name) {
		return false
	}
	for i := range f.name {
		if lower(f.name[i]) != lower(name[i]) {
			return false
		}
	}
	return true
}

func lower(c byte) byte {
	if c >= 'A' && c <= 'Z' {
		return c + 'a' - 'A'
	}
	return c
}

// foldName is a field name in small letters, by which fields of one name are counted.
func foldName(name []byte) string {
	out := make([]byte, len(name))
	for i, c := range name {
		out[i] = lower(c)
	}
	return string(out)
}

// raw is the value as a milter gets it.
func (f *field) raw() string { return unixLines(string(f.value)) }

// text is the field as it stands in a mail, with its line end.
func (f *field) text(eol string) []byte {
	if f.full == nil {
		value := f.value
		if eol != "\n" {
			value = bytes.ReplaceAll(value, []byte("\n"), []byte(eol))
		}
		return []byte(string(f.name) + ":" + string(value) + eol)
	}
	if n := len(f.full); n > 0 && (f.full[n-1] == '\n' || f.full[n-1] == '\r') {
		return f.full
	}
	return append(bytes.Clone(f.full), eol...) // the data ended within the header
}

// made is a new field. The value is folded with LF and gets the space after the colon.
func made(name, value string) field {
	return field{name: []byte(name), value: []byte(" " + value)}
}

// lineReader finds line ends: CRLF, LF, and CR alone, as Python and some mail readers do. It remembers the next LF, so
// that a megabyte of lines that end with CR is not searched again for each of them.
type lineReader struct {
	src []byte
	lf  int // the first LF that is not before the last asked position, or len(src); valid once asked
	ok  bool
}

// line gives the end of the line that begins at pos, without and with its line end.
func (r *lineReader) line(pos int) (end, next int) {
	if !r.ok || r.lf < pos {
		r.ok, r.lf = true, len(r.src)
		if i := bytes.IndexByte(r.src[pos:], '\n'); i >= 0 {
			r.lf = pos + i
		}
	}
	i := bytes.IndexByte(r.src[pos:r.lf], '\r')
	switch {
	case i < 0:
		return r.lf, min(r.lf+1, len(r.src))
	case pos+i+1 == r.lf && r.lf < len(r.src):
		return pos + i, r.lf + 1
	}
	return pos + i, pos + i + 1
}

// headEnd finds where the header that begins at pos ends: before and after the empty line, which are the same where it
// is missing. stop says whether a line, given without its end, is a delimiter, which ends the header as well.
func headEnd(lines *lineReader, pos int, stop func(line []byte) bool) (end, body int) {
	src := lines.src
	for first := true; pos < len(src); first = false {
		eol, next := lines.line(pos)
		line := src[pos:eol]
		switch {
		case len(line) == 0:
			return pos, next
		case line[0] == ' ' || line[0] == '\t':
			if first && len(bytes.TrimLeft(line, " \t")) == 0 {
				return pos, next // white space only: mail readers take it for the empty line
			}
		case stop != nil && stop(line):
			return pos, pos
		case !isField(line) && !bytes.HasPrefix(line, []byte("From ")):
			return pos, pos
		}
		pos = next
	}
	return pos, pos
}

// isField says whether a line begins with a field name (RFC 5322 section 2.2; 4.5 for white space before the colon).
func isField(line []byte) bool {
	colon := bytes.IndexByte(line, ':')
	if colon < 0 {
		return false
	}
	for _, c := range bytes.TrimRight(line[:colon], " \t") {
		if c <= ' ' || c > '~' {
			return false
		}
	}
	return true
}

// head is a header block taken apart.
type head struct {
	fields  []field
	rest    []byte // lines beyond the limits
	defects []string
}

func splitHead(src []byte) (h head) {
	lines := lineReader{src: src}
	for pos := 0; pos < len(src); {
		start := pos
		eol, next := lines.line(pos)
		folded := eol
		for next < len(src) && (src[next] == ' ' || src[next] == '\t') {
			folded, next = lines.line(next)
		}
		if next > maxHead || len(h.fields) == maxFields {
			h.rest = src[start:]
			h.defects = append(h.defects, defectLongHeader)
			return h
		}
		f := field{full: src[start:next]}
		if c := src[start]; c != ' ' && c != '\t' && isField(src[start:eol]) {
			colon := start + bytes.IndexByte(src[start:eol], ':')
			f.name = bytes.TrimRight(src[start:colon], " \t")
			f.value = src[colon+1 : folded]
		}
		if len(f.name) == 0 {
			h.defects = append(h.defects, defectNoField)
		}
		h.fields = append(h.fields, f)
		pos = next
	}
	return h
}

// first is the first field of a name, and how many of that name there are.
func first(fields []field, name string) (f *field, count int) {
	for i := range fields {
		if fields[i].is(name) {
			if f == nil {
				f = &fields[i]
			}
			count++
		}
	}
	return f, count
}

// nth is the n-th field of a name, from 1, or nil.
func nth(fields []field, name string, n int) *field {
	for i := range fields {
		if fields[i].is(name) {
			if n--; n == 0 {
				return &fields[i]
			}
		}
	}
	return nil
}

// value is the raw value of the first field of a name, "" if there is none.
func value(fields []field, name string) string {
	if f, _ := first(fields, name); f != nil {
		return strings.TrimSpace(f.raw())
	}
	return ""
}
