package header

import (
	"slices"
	"strings"
)

// mostParams is far above what a field has; the rest is not read.
const mostParams = 1000

// Param is one parameter of a field such as Content-Type.
type Param struct {
	Name  string // in lower case, without the * of RFC 2231
	Value string // decoded, in UTF-8
}

// ParseParams reads a field such as Content-Type or Content-Disposition (RFC 2045 5.1, RFC 2183): the value before the
// parameters, trimmed and in lower case, and the parameters. Continuations and charsets (RFC 2231) are put together, and
// encoded words (RFC 2047) are decoded, which have no place there but are sent. A parameter that is there twice is given
// twice. Where programs read a value in different ways, as in `name="a"b`, each reading is given as a parameter of that
// name, what RFC 2045 says first, and a defect says so: a filter that looks at file names must look at all of them. At
// most 1000 parameters are read.
func ParseParams(value string) (main string, params []Param, defects []string) {
	var d Defects
	value = Unfold(value)
	r := paramReader{s: value, comments: true, defects: &d}
	main = r.read()
	params = assemble(r.pieces, &d)
	if r.hides {
		// Most mail clients know no comments here, and see what one hides.
		d.Add("comment that programs without comments read as parameters")
		again := paramReader{s: value, defects: new(Defects)}
		again.read()
		known := map[Param]bool{}
		for _, p := range params {
			known[p] = true
		}
		for _, p := range assemble(again.pieces, new(Defects)) {
			if !known[p] {
				params = append(params, p)
			}
		}
	}
	seen := map[string]bool{}
	for _, p := range params {
		if seen[p.Name] {
			d.Add("parameter given more than once")
		}
		seen[p.Name] = true
	}
	return main, params, d.List()
}

// paramPiece is a parameter, or a part of one, as it is written.
type paramPiece struct {
	name     string
	section  int  // name*1; -1 if there is none
	extended bool // name*, with %XX
	value    string
}

// paramReader takes a value apart, without going back over what it has read.
type paramReader struct {
	s        string
	pos      int
	comments bool // whether "(" begins a comment
	hides    bool // there was a comment that other programs may read otherwise
	open     bool // a quote without its end was seen
	defects  *Defects
	pieces   []paramPiece
}

func (r *paramReader) read() (main string) {
	r.skip("")
	main = r.main()
	for r.pos < len(r.s) {
		separated := r.skip(";")
		if r.pos == len(r.s) {
			break
		}
		if len(r.pieces) >= mostParams {
			r.defects.Add("more than 1000 parameters: the rest is not read")
			break
		}
		start := r.pos
		r.run(";=\" \t\r\n(")
		name := r.s[start:r.pos]
		r.skip("")
		if r.peek() != '=' || name == "" {
			r.defects.Add("text that is no parameter")
			if r.pos == start {
				r.pos++
			}
			continue
		}
		if !separated && (main != "" || len(r.pieces) > 0) {
			r.defects.Add("missing semicolon")
		}
		r.pos++
		r.skip("")
		r.value(name)
	}
	return main
}

func (r *paramReader) peek() byte {
	if r.pos < len(r.s) {
		return r.s[r.pos]
	}
	return 0
}

// run goes on to one of the characters.
func (r *paramReader) run(until string) {
	if i := strings.IndexAny(r.s[r.pos:], until); i >= 0 {
		r.pos += i
		return
	}
	r.pos = len(r.s)
}

// skip passes white space, comments, and the characters of also; it says whether there were any of these.
func (r *paramReader) skip(also string) (found bool) {
	for r.pos < len(r.s) {
		c := r.s[r.pos]
		switch {
		case strings.IndexByte(also, c) >= 0:
			found = true
			r.pos++
		case c == ' ' || c == '\t' || c == '\r' || c == '\n':
			r.pos++
		case c == '(' && r.comments && r.comment():
		default:
			return found
		}
	}
	return found
}

// comment passes a comment (RFC 5322 3.2.2). One without its end is none, nor is any "(" behind it.
func (r *paramReader) comment() bool {
	end := commentEnd(r.s, r.pos)
	if end < 0 {
		r.defects.Add("comment without its end")
		r.comments, r.hides = false, true
		return false
	}
	if strings.ContainsAny(r.s[r.pos:end], `;"=`) {
		r.hides = true
	}
	r.pos = end
	return true
}

// commentEnd is where the comment that begins at s[start] ends; -1 if it does not.
func commentEnd(s string, start int) int {
	depth := 0
	for i := start; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				return i + 1
			}
		}
	}
	return -1
}

// main reads what stands before the first parameter.
func (r *paramReader) main() string {
	if r.startsParam(r.pos) || r.peek() == ';' {
		r.defects.Add("parameters without a value before them")
		return ""
	}
	var text string
	for range 3 { // white space may stand around the slash
		start := r.pos
		r.run("; \t\r\n(")
		text += r.s[start:r.pos]
		if r.pos == start && r.peek() == '(' && !r.comments {
			r.pos++
		}
		r.skip("")
		if r.peek() != '/' && !strings.HasSuffix(text, "/") || r.pos == start {
			break
		}
	}
	if strings.Contains(text, `"`) {
		r.defects.Add("quotes around the value")
		text = strings.ReplaceAll(text, `"`, "")
	}
	text, ok := guessString(text)
	if !ok || !isPlain(text) {
		r.defects.Add("characters that the value can't have")
	}
	return strings.ToLower(text)
}

// startsParam says whether "name=" stands there.
func (r *paramReader) startsParam(at int) bool {
	i := at
	for i < len(r.s) && isParamName(r.s[i]) {
		i++
	}
	if i == at {
		return false
	}
	for i < len(r.s) && isSpace(r.s[i]) {
		i++
	}
	return i < len(r.s) && r.s[i] == '='
}

// isParamName tells the characters of a token in RFC 2045 5.1.
func isParamName(c byte) bool {
	return c > ' ' && c < 0x7f && strings.IndexByte(`()<>@,;:\"/[]?=`, c) < 0
}

func (r *paramReader) value(name string) {
	if r.peek() == '"' {
		r.quoted(name)
	} else {
		r.unquoted(name)
	}
}

// add notes a value, and other readings of it.
func (r *paramReader) add(name, value string, others ...string) {
	name, _ = guessString(strings.ToLower(name))
	p := paramPiece{name: name, section: -1, value: value}
	base, rest, starred := strings.Cut(name, "*")
	if starred {
		p.name = base
		number, extended := strings.CutSuffix("*"+rest, "*")
		p.extended = extended
		if number = strings.TrimPrefix(number, "*"); number != "" {
			p.section = section(number)
		}
		if number != "" && p.section < 0 || base == "" {
			r.defects.Add("parameter with a broken name")
			p.extended = false
		}
	}
	r.pieces = append(r.pieces, p)
	if starred {
		return // readings of a part would be taken for parts of their own
	}
	for i, other := range others {
		if other != value && !slices.Contains(others[:i], other) {
			p.value = other
			r.pieces = append(r.pieces, p)
		}
	}
}

// section reads the number of a continuation (RFC 2231 3); -1 is none.
func section(s string) int {
	n := 0
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' || i == 4 {
			return -1
		}
		n = n*10 + int(s[i]-'0')
	}
	return n
}
