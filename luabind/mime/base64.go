package mime

import "encoding/base64"

// bad marks what is no digit of base64 in the tables.
const bad = 1 << 24

// digits give the value of a digit of base64 (RFC 4648 section 4), shifted to its place in a group of four.
var digits = func() (t [4][256]uint32) {
	for place := range t {
		for c := range t[place] {
			t[place][c] = bad
		}
		for i, c := range []byte("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/") {
			t[place][c] = uint32(i) << (18 - 6*place)
		}
	}
	return t
}()

// decodeBase64 reads base64 (RFC 2045 section 6.8) as the most lenient of mail readers do: all other bytes are passed
// over, padding ends a group but not the data, and a last group that is too short gives what it holds.
func decodeBase64(src []byte) []byte {
	dst := make([]byte, 0, len(src)/4*3+3)
	t0, t1, t2, t3 := &digits[0], &digits[1], &digits[2], &digits[3]
	var group uint32
	n := 0 // digits in group
	for i := 0; i < len(src); {
		if n == 0 {
			for i+4 <= len(src) {
				s := src[i : i+4 : i+4]
				v := t0[s[0]] | t1[s[1]] | t2[s[2]] | t3[s[3]]
				if v >= bad {
					break
				}
				dst = append(dst, byte(v>>16), byte(v>>8), byte(v))
				i += 4
			}
			if i == len(src) {
				break
			}
		}
		c := src[i]
		i++
		if d := t3[c]; d != bad {
			group = group<<6 | d
			if n++; n == 4 {
				dst = append(dst, byte(group>>16), byte(group>>8), byte(group))
				group, n = 0, 0
			}
		} else if c == '=' {
			dst = flushBase64(dst, group, n)
			group, n = 0, 0
		}
	}
	return flushBase64(dst, group, n)
}

// flushBase64 adds the whole bytes of an unfinished group of n digits.
func flushBase64(dst []byte, group uint32, n int) []byte {
	switch n {
	case 2:
		dst = append(dst, byte(group>>4))
	case 3:
		dst = append(dst, byte(group>>10), byte(group>>2))
	}
	return dst
}

func checkBase64(src []byte, note func(string)) {
	n, padding, ended, more := 0, 0, false, false
	for _, c := range src {
		switch {
		case digits[3][c] != bad:
			if more = more || ended; padding > 0 {
				n, padding = 0, 0
			}
			n++
		case c == '=':
			padding++
			ended = true
		case c != '\r' && c != '\n' && c != ' ' && c != '\t':
			note(defectBase64Junk)
		}
	}
	if more {
		note(defectBase64More)
	}
	if n%4 == 1 || n%4 > 1 && padding < 4-n%4 {
		note(defectBase64Short)
	}
}

// encodeBase64 gives lines of 76 digits, without the last line end.
func encodeBase64(data []byte, eol string) []byte {
	const perLine = 57
	out := make([]byte, 0, base64Size(len(data), len(eol)))
	for len(data) > perLine {
		out = base64.StdEncoding.AppendEncode(out, data[:perLine])
		out = append(out, eol...)
		data = data[perLine:]
	}
	return base64.StdEncoding.AppendEncode(out, data)
}

func base64Size(n, eol int) int { return base64.StdEncoding.EncodedLen(n) + n/57*eol }
