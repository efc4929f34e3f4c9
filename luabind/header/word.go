package header

import (
	"encoding/base64"
	"strings"
)

// word is an encoded word (RFC 2047 2) at s[start:end].
type word struct {
	start, end int
	charset    string
	data       []byte // what it stands for, in its charset
}

// scanner finds the encoded words of s.
type scanner struct {
	s       string
	defects *Defects
	closed  int // where the next "?=" is, at or after the last place asked for; len(s) if there is none
}

// next gives the first word at or after from that can be read. One that can't be read is passed over.
func (sc *scanner) next(from int) (w word, ok bool) {
	for {
		i := strings.Index(sc.s[from:], "=?")
		if i < 0 {
			return word{}, false
		}
		start := from + i
		charset, enc, body, ok := wordStart(sc.s[start:])
		if !ok {
			from = start + 1
			continue
		}
		text, end := sc.text(start + body)
		if text == "" && end == start+body {
			from = end // nothing follows the start of a word
			continue
		}
		w = word{start: start, end: end, charset: charset}
		if w.data, ok = sc.data(charset, enc, text); ok {
			return w, true
		}
		from = end
	}
}

// wordStart reads "=?charset*language?b?" and gives where the text begins.
func wordStart(s string) (charset string, enc byte, body int, ok bool) {
	i := 2
	for i < len(s) && i < 2+longestCharset && isToken(s[i]) && s[i] != '=' {
		i++
	}
	if i == 2 || len(s) < i+3 || s[i] != '?' || s[i+2] != '?' {
		return "", 0, 0, false
	}
	enc = s[i+1] | 0x20
	if enc != 'b' && enc != 'q' {
		return "", 0, 0, false
	}
	charset, _, _ = strings.Cut(s[2:i], "*") // RFC 2231 5
	return charset, enc, i + 3, true
}

// text gives the encoded text that begins at from, and where the word ends. Where "?=" is missing it ends at white
// space, or at the next word.
func (sc *scanner) text(from int) (text string, end int) {
	if sc.closed < from {
		i := strings.Index(sc.s[from:], "?=")
		if i < 0 {
			i = len(sc.s) - from
		}
		sc.closed = from + i
	}
	rest := sc.s[from:sc.closed]
	next := strings.Index(rest, "=?")
	if next < 0 && sc.closed < len(sc.s) {
		if strings.ContainsAny(rest, " \t") {
			sc.defects.Add("white space inside an encoded word")
		}
		return rest, sc.closed + 2
	}
	if next >= 0 {
		rest = rest[:next]
	}
	if i := strings.IndexAny(rest, " \t"); i >= 0 {
		rest = rest[:i]
	}
	if rest != "" {
		sc.defects.Add("encoded word without its end")
	}
	return strings.TrimSuffix(rest, "?"), from + len(rest)
}

// data undoes the transfer encoding; not ok is a word that must stay as it is.
func (sc *scanner) data(charset string, enc byte, text string) (data []byte, ok bool) {
	if name := charsetName(charset); !isASCII(name) && findCharset(name, nil) == nil {
		sc.defects.Add(`encoded word in the unknown charset "` + charset + `"`)
		return nil, false
	}
	if enc == 'q' {
		return sc.decodeQ(text), true
	}
	data, padded, ok := decodeB(text)
	switch {
	case !ok:
		sc.defects.Add("encoded word with broken base64")
	case !padded:
		sc.defects.Add("encoded word with wrong base64 padding")
	}
	return data, ok
}

// decodeB decodes base64 with any padding at the end.
func decodeB(text string) (data []byte, padded, ok bool) {
	text = strings.Map(func(r rune) rune {
		if r == ' ' || r == '\t' {
			return -1
		}
		return r
	}, text)
	digits := strings.TrimRight(text, "=")
	data, err := base64.RawStdEncoding.DecodeString(digits)
	// The decoder skips line breaks by itself; here they have no business.
	if err != nil || strings.ContainsAny(digits, "\r\n") {
		return nil, false, false
	}
	return data, len(text)-len(digits) == (4-len(digits)%4)%4, true
}

// decodeQ decodes the Q encoding (RFC 2047 4.2).
func (sc *scanner) decodeQ(text string) []byte {
	data := make([]byte, 0, len(text))
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == '_':
			c = ' '
		case c == '=' && i+2 < len(text) && isHex(text[i+1]) && isHex(text[i+2]):
			c = unhex(text[i+1])<<4 | unhex(text[i+2])
			i += 2
		case c == '=':
			sc.defects.Add("encoded word with a broken =XX")
		case c >= 0x80:
			sc.defects.Add("raw 8-bit text inside an encoded word")
		}
		data = append(data, c)
	}
	return data
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c|0x20 && c|0x20 <= 'f'
}

func unhex(c byte) byte {
	if c <= '9' {
		return c - '0'
	}
	return c | 0x20 - 'a' + 10
}

// isToken tells the characters of a token in RFC 2047 2: tspecials, dot and space end it.
func isToken(c byte) bool {
	return c > ' ' && c < 0x7f && strings.IndexByte(`()<>@,;:"/[]?.=\`, c) < 0
}
