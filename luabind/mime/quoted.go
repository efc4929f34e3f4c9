package mime

import "bytes"

// decodeQuoted reads quoted-printable (RFC 2045 section 6.7). A broken escape stands for itself; white space at the
// end of a line is dropped, as the RFC wants.
func decodeQuoted(src []byte) []byte {
	dst := make([]byte, 0, len(src))
	for len(src) > 0 {
		line, end := src, []byte(nil)
		if i := bytes.IndexByte(src, '\n'); i >= 0 {
			line, end = src[:i], src[i:i+1]
			if i > 0 && src[i-1] == '\r' {
				line, end = src[:i-1], src[i-1:i+1]
			}
		}
		src = src[len(line)+len(end):]
		if end != nil || len(src) == 0 {
			line = bytes.TrimRight(line, " \t")
		}
		soft := len(line) > 0 && line[len(line)-1] == '='
		if soft {
			line = line[:len(line)-1]
		}
		dst = appendUnquoted(dst, line)
		if !soft {
			dst = append(dst, end...)
		}
	}
	return dst
}

func appendUnquoted(dst, line []byte) []byte {
	for {
		i := bytes.IndexByte(line, '=')
		if i < 0 {
			return append(dst, line...)
		}
		dst = append(dst, line[:i]...)
		line = line[i:]
		if len(line) > 2 && hexValue(line[1]) >= 0 && hexValue(line[2]) >= 0 {
			dst = append(dst, byte(hexValue(line[1])<<4|hexValue(line[2])))
			line = line[3:]
			continue
		}
		dst = append(dst, '=')
		line = line[1:]
	}
}

// hexValue is the value of a hexadecimal digit, in small letters too, or -1.
func hexValue(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return int(c - '0')
	case c >= 'A' && c <= 'F':
		return int(c-'A') + 10
	case c >= 'a' && c <= 'f':
		return int(c-'a') + 10
	}
	return -1
}

func checkQuoted(src []byte, note func(string)) {
	for {
		i := bytes.IndexByte(src, '=')
		if i < 0 {
			return
		}
		src = src[i+1:]
		if len(src) > 1 && hexValue(src[0]) >= 0 && hexValue(src[1]) >= 0 {
			continue
		}
		rest := bytes.TrimLeft(src, " \t")
		if len(rest) > 0 && rest[0] != '\n' && !bytes.HasPrefix(rest, []byte("\r\n")) {
			note(defectQuoted)
			return
		}
		src = rest
	}
}

const upperHex = "0123456789ABCDEF"

// encodeQuoted gives quoted-printable with lines of at most 76 bytes. Line ends of text stay line ends. A "--" that
// begins a line is encoded, since no boundary may stand in a part, and so are "From " and a dot, which old software
// changes there.
func encodeQuoted(data []byte, eol string) []byte {
	const longest = 75 // and a "="
	out := make([]byte, 0, quotedSize(data))
	column := 0
	for i := 0; i < len(data); i++ {
		if n := lineEnd(data[i:]); n > 0 {
			out = append(out, eol...)
			column, i = 0, i+n-1
			continue
		}
		escape := mustQuote(data, i, column == 0)
		width := 1
		if escape {
			width = 3
		}
		if column+width > longest {
			out = append(out, '=')
			out = append(out, eol...)
			column = 0
			escape = mustQuote(data, i, true)
			if width = 1; escape {
				width = 3
			}
		}
		if column += width; escape {
			out = append(out, '=', upperHex[data[i]>>4], upperHex[data[i]&15])
		} else {
			out = append(out, data[i])
		}
	}
	return out
}

// lineEnd is the length of the line end that data begins with, 0 if with none.
func lineEnd(data []byte) int {
	switch {
	case data[0] == '\n':
		return 1
	case data[0] == '\r' && len(data) > 1 && data[1] == '\n':
		return 2
	}
	return 0
}

func mustQuote(data []byte, i int, lineStart bool) bool {
	c := data[i]
	switch {
	case c == ' ' || c == '\t':
		return i+1 == len(data) || lineEnd(data[i+1:]) > 0
	case c < ' ' || c > '~' || c == '=':
		return true
	}
	return lineStart && (c == '.' || c == '-' && i+1 < len(data) && data[i+1] == '-' || c == 'F' && bytes.HasPrefix(data[i:], []byte("From ")))
}

// quotedSize is about how long quoted-printable of data gets.
func quotedSize(data []byte) int {
	n := len(data)
	for _, c := range data {
		if c > '~' || c == '=' || c < ' ' && c != '\n' && c != '\r' {
			n += 2
		}
	}
	return n + n/70*3
}
