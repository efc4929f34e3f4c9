package header

import (
	"encoding/base64"
	"strings"
)

const (
	// longestWord is below the 75 of RFC 2047 2, so that one fits behind a short field name.
	longestWord = 64
	wordFrame   = len("=?utf-8?q??=")
	// longestPlain is when ASCII is encoded as well, so that lines can be folded.
	longestPlain = 400
)

// Encode makes a text fit for a header field that is free text (RFC 2047): words that are not printable ASCII, look
// like an encoded word, or are very long become encoded words in UTF-8, B or Q, whichever is shorter. Decode gives the
// text back. A text that is not UTF-8 is read as windows-1252, as Decode does.
func Encode(text string) string {
	text, _ = guessString(text)
	var out strings.Builder
	done, from, to := 0, -1, 0 // text[from:to] is to be encoded; from is -1 if nothing is
	flush := func() {
		if from >= 0 {
			out.WriteString(text[done:from])
			encodeRun(&out, text[from:to])
			done, from = to, -1
		}
	}
	for i := 0; i < len(text); {
		end := i
		for end < len(text) && !isSpace(text[end]) {
			end++
		}
		switch {
		case end == i:
			end++
		case !needsEncoding(text[i:end]):
			flush()
		default:
			if from < 0 {
				from = i
			}
			to = end
		}
		i = end
	}
	flush()
	out.WriteString(text[done:])
	return out.String()
}

// EncodePhrase makes a text fit for a phrase, such as the name before an address (RFC 5322 3.2.5): as it is, in
// quotes, or as encoded words.
func EncodePhrase(text string) string {
	text, _ = guessString(text)
	plain, atoms := true, true
	for word := range strings.SplitSeq(text, " ") {
		plain = plain && !needsEncoding(word) && !strings.Contains(word, "\t")
		atoms = atoms && (word != "" || text == "") && strings.Trim(word, atomText) == ""
	}
	switch {
	case plain && atoms:
		return text
	case plain:
		return quote(text)
	}
	var out strings.Builder
	encodeRun(&out, text)
	return out.String()
}

// atomText is atext of RFC 5322 3.2.3.
const atomText = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789!#$%&'*+-/=?^_`{|}~"

// quote gives a quoted string (RFC 5322 3.2.4).
func quote(s string) string {
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// needsEncoding says whether a word can't be sent as it is.
func needsEncoding(word string) bool {
	return len(word) > longestPlain || !isPlain(word)
}

// encodeRun writes a text as encoded words with a space between.
func encodeRun(out *strings.Builder, text string) {
	q := 0
	for i := range len(text) {
		q += qSize(text[i])
	}
	enc := "b"
	if q <= base64.StdEncoding.EncodedLen(len(text)) {
		enc = "q"
	}
	for first := true; first || text != ""; first = false {
		if !first {
			out.WriteByte(' ')
		}
		n := piece(text, enc)
		out.WriteString("=?utf-8?" + enc + "?")
		if enc == "b" {
			out.WriteString(base64.StdEncoding.EncodeToString([]byte(text[:n])))
		} else {
			writeQ(out, text[:n])
		}
		out.WriteString("?=")
		text = text[n:]
	}
}

// piece says how many bytes of a text, in whole characters, fit into one word.
func piece(text, enc string) int {
	room, fits := longestWord-wordFrame, 0
	if enc == "b" {
		room = base64.StdEncoding.DecodedLen(room)
	}
	for i, r := range text {
		size := len(string(r))
		cost := size
		if enc == "q" {
			cost = 0
			for j := range size {
				cost += qSize(text[i+j])
			}
		}
		if cost > room {
			break
		}
		room -= cost
		fits = i + size
	}
	return fits
}

// qSize is the length of a byte in the Q encoding.
func qSize(c byte) int {
	if c == ' ' || isQText(c) {
		return 1
	}
	return 3
}

// isQText tells what stands for itself in Q wherever the word is, also in a phrase (RFC 2047 5 (3)).
func isQText(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || strings.IndexByte("!*+-/", c) >= 0
}

func writeQ(out *strings.Builder, text string) {
	const digits = "0123456789ABCDEF"
	for i := range len(text) {
		switch c := text[i]; {
		case c == ' ':
			out.WriteByte('_')
		case isQText(c):
			out.WriteByte(c)
		default:
			out.WriteString("=" + string(digits[c>>4]) + string(digits[c&15]))
		}
	}
}
