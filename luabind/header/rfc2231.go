package header

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// group is the pieces of one parameter.
type group struct {
	name   string
	pieces []paramPiece
	has    map[int]bool // the sections, if there are any
}

// assemble puts continuations together; a parameter stands where its first piece stood.
func assemble(pieces []paramPiece, d *Defects) []Param {
	var groups []*group
	open := map[string]*group{}
	for _, p := range pieces {
		if p.section < 0 {
			groups = append(groups, &group{name: p.name, pieces: []paramPiece{p}})
			continue
		}
		g := open[p.name]
		if g == nil || g.has[p.section] {
			g = &group{name: p.name, has: map[int]bool{}}
			open[p.name] = g
			groups = append(groups, g)
		}
		g.has[p.section] = true
		g.pieces = append(g.pieces, p)
	}
	params := make([]Param, 0, len(groups))
	for _, g := range groups {
		slices.SortStableFunc(g.pieces, func(a, b paramPiece) int { return a.section - b.section })
		params = append(params, Param{g.name, decodeParam(g.pieces, d)})
		if n := g.gap(); n < len(g.pieces) {
			d.Add("continued parameter with a part missing")
			if n > 0 {
				params = append(params, Param{g.name, decodeParam(g.pieces[:n], d)}) // where some programs stop
			}
		}
	}
	return params
}

// gap is how many pieces come before one that is missing.
func (g *group) gap() int {
	for i, p := range g.pieces {
		if g.has != nil && p.section != i {
			return i
		}
	}
	return len(g.pieces)
}

// decodeParam gives the value of pieces in order (RFC 2231 4).
func decodeParam(pieces []paramPiece, d *Defects) string {
	if !slices.ContainsFunc(pieces, func(p paramPiece) bool { return p.extended }) {
		return decodePlain(pieces, d)
	}
	var charset string
	var data []byte
	for i, p := range pieces {
		value := p.value
		if i == 0 && p.extended {
			parts := strings.SplitN(value, "'", 3)
			if len(parts) == 3 {
				charset, value = parts[0], parts[2]
			} else {
				d.Add("extended parameter without a charset")
			}
		}
		if p.extended {
			data = append(data, unpercent(value, d)...)
		} else {
			data = append(data, value...)
		}
	}
	text, known := ToUTF8(charset, data)
	if !known {
		d.Add(fmt.Sprintf("extended parameter in the unknown charset %q", charsetName(charset)))
	} else if strings.Contains(string(text), "\uFFFD") || isASCII(charsetName(charset)) && !ascii(data) {
		d.Add("extended parameter with bytes that its charset does not have")
	}
	noteControls(string(text), d)
	return string(text)
}

// decodePlain gives a value without RFC 2231, where encoded words are used instead.
func decodePlain(pieces []paramPiece, d *Defects) string {
	value := pieces[0].value
	if len(pieces) > 1 {
		var all strings.Builder
		for _, p := range pieces {
			all.WriteString(p.value)
		}
		value = all.String()
	}
	if strings.Contains(value, "=?") {
		d.Add("encoded word in a parameter")
	}
	return decodeWords(value, d)
}

// unpercent decodes %XX.
func unpercent(s string, d *Defects) []byte {
	data := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == '%' && i+2 < len(s) && isHex(s[i+1]) && isHex(s[i+2]) {
			c = unhex(s[i+1])<<4 | unhex(s[i+2])
			i += 2
		} else if c == '%' {
			d.Add("extended parameter with a broken %XX")
		}
		data = append(data, c)
	}
	return data
}

const (
	// longestQuoted is how long a value may be before it is split (RFC 2231 3).
	longestQuoted = 200
	// longestSection is how much of a split value goes on one line.
	longestSection = 54
)

// FormatParams writes the value before the parameters, and the parameters, on one line for Fold to break: in quotes
// where needed, otherwise with RFC 2231 in UTF-8. ParseParams gives them back. A parameter whose name is no token is
// left out, and so is what follows the first character of main that has no place there.
func FormatParams(main string, params []Param) string {
	var out strings.Builder
	for i := range len(main) {
		if !isParamName(main[i]) && main[i] != '/' {
			main = main[:i]
			break
		}
	}
	out.WriteString(main)
	for _, p := range params {
		if p.Name == "" || strings.ContainsFunc(p.Name, func(r rune) bool {
			return r >= 0x7f || !isParamName(byte(r)) || r == '*' || r == '\'' || r == '%'
		}) {
			continue
		}
		value, _ := guessString(p.Value)
		switch {
		case len(value) > longestQuoted || !isPlain(value) || strings.Contains(value, "\t"):
			writeExtended(&out, p.Name, value)
		case value != "" && strings.IndexFunc(value, func(r rune) bool { return !isParamName(byte(r)) }) < 0:
			out.WriteString("; " + p.Name + "=" + value)
		default:
			out.WriteString("; " + p.Name + "=" + quote(value))
		}
	}
	return out.String()
}

// writeExtended writes a value as name*=utf-8”..., in several sections if it is long.
func writeExtended(out *strings.Builder, name, value string) {
	sections := []string{"utf-8''"}
	for _, r := range value {
		text := percent(string(r))
		last := len(sections) - 1
		if len(sections[last])+len(text) > longestSection {
			sections = append(sections, text)
		} else {
			sections[last] += text
		}
	}
	if len(sections) == 1 {
		out.WriteString("; " + name + "*=" + sections[0])
		return
	}
	for i, s := range sections {
		out.WriteString("; " + name + "*" + strconv.Itoa(i) + "*=" + s)
	}
}

// percent writes what is no attribute-char of RFC 2231 7 as %XX.
func percent(s string) string {
	const digits = "0123456789ABCDEF"
	var out strings.Builder
	for i := range len(s) {
		if c := s[i]; isParamName(c) && c != '*' && c != '\'' && c != '%' {
			out.WriteByte(c)
		} else {
			out.WriteString("%" + string(digits[c>>4]) + string(digits[c&15]))
		}
	}
	return out.String()
}
