package header

import "strings"

// foldAt is the most columns of a line: 78 by RFC 5322 2.1.1, 76 where encoded words are (RFC 2047 2).
const foldAt = 76

// Unfold removes the line breaks (CRLF, LF, CR, also several) that stand before white space (RFC 5322 2.2.3). Others
// stay: they are no folding.
func Unfold(value string) string {
	if !strings.ContainsAny(value, "\r\n") {
		return value
	}
	var out strings.Builder
	out.Grow(len(value))
	for i := 0; i < len(value); {
		end := i
		for end < len(value) && (value[end] == '\r' || value[end] == '\n') {
			end++
		}
		if end == i {
			out.WriteByte(value[i])
			i++
			continue
		}
		if end == len(value) || value[end] != ' ' && value[end] != '\t' {
			out.WriteString(value[i:end])
		}
		i = end
	}
	return out.String()
}

// Fold gives the value for "name: value" with a LF before white space wherever a line would be longer than 76 columns.
// Nothing else is added, so Unfold(Fold(name, v)) is Unfold(v); a word that is longer than a line stays whole, since
// white space would change it. Text from Encode has no word above 400 bytes, and so no line reaches the 998 bytes of
// RFC 5322 2.1.1. The first line is never left empty, and no line has white space alone.
func Fold(name, value string) string {
	value = Unfold(value)
	var out strings.Builder
	out.Grow(len(value) + len(value)/64)
	column := len(name) + 2
	if strings.HasPrefix(value, " ") {
		column--
	}
	for i := 0; i < len(value); {
		// A piece is white space and the word behind it.
		end := i
		for end < len(value) && isSpace(value[end]) {
			end++
		}
		word := end
		for end < len(value) && !isSpace(value[end]) {
			end++
		}
		if i > 0 && word > i && end > word && column+end-i > foldAt {
			out.WriteByte('\n')
			column = 0
		}
		out.WriteString(value[i:end])
		column += end - i
		i = end
	}
	return out.String()
}

func isSpace(c byte) bool { return c == ' ' || c == '\t' }
