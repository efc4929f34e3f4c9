package json

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// str reads a string. What is not UTF-8, and half of a surrogate pair, becomes U+FFFD, so that the result is UTF-8.
func (d *decoder) str() (string, error) {
	d.pos++
	start := d.pos
	plain := true
	for ; d.pos < len(d.text); d.pos++ {
		switch c := d.text[d.pos]; {
		case c == '"':
			raw := d.text[start:d.pos]
			d.fuel.Charge(d.L, 1+len(raw)/16)
			if plain && utf8.ValidString(raw) {
				d.pos++
				return raw, nil
			}
			return d.unescape(raw, start)
		case c < ' ':
			return "", fmt.Errorf("%s in a string; write it as an escape", d.here())
		case c == '\\':
			plain = false
			d.pos++ // the escape is looked at later; only \" matters here
		}
	}
	d.pos = len(d.text)
	return "", errors.New("a string without end")
}

// unescape makes the string of what stood between the quotes, from start on.
func (d *decoder) unescape(raw string, start int) (string, error) {
	end := d.pos + 1
	d.fuel.Alloc(d.L, 3*len(raw)) // a byte may become U+FFFD
	d.fuel.Charge(d.L, len(raw)/4)
	var out strings.Builder
	for i := 0; i < len(raw); {
		if raw[i] != '\\' {
			r, width := utf8.DecodeRuneInString(raw[i:])
			out.WriteRune(r)
			i += width
			continue
		}
		r, width, err := escape(raw[i:])
		if err != nil {
			d.pos = start + i
			return "", err
		}
		out.WriteRune(r)
		i += width
	}
	d.pos = end
	return out.String(), nil
}

// escape reads the escape that s begins with.
func escape(s string) (r rune, width int, err error) {
	if len(s) < 2 {
		return 0, 0, errors.New(`no escape after \`)
	}
	if i := strings.IndexByte(`"\/bfnrt`, s[1]); i >= 0 {
		return rune("\"\\/\b\f\n\r\t"[i]), 2, nil
	}
	if s[1] != 'u' {
		return 0, 0, fmt.Errorf(`there is no escape \%s`, strconv.Quote(s[1:2]))
	}
	r, ok := unit(s)
	if !ok {
		return 0, 0, errors.New(`four hexadecimal digits expected after \u`)
	}
	if utf16.IsSurrogate(r) {
		low, _ := unit(s[6:])
		if pair := utf16.DecodeRune(r, low); pair != utf8.RuneError {
			return pair, 12, nil
		}
		return utf8.RuneError, 6, nil
	}
	return r, 6, nil
}

// unit reads \uXXXX.
func unit(s string) (rune, bool) {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return 0, false
	}
	var r rune
	for _, c := range []byte(s[2:6]) {
		i := strings.IndexByte("0123456789abcdef", c|0x20)
		if i < 0 {
			return 0, false
		}
		r = r<<4 | rune(i)
	}
	return r, true
}
