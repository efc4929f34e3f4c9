package header

import (
	"bytes"
	"strings"
	"unicode/utf8"
)

// Decode gives the text of a header field's value in UTF-8: unfolded, with its encoded words decoded (RFC 2047). It
// reads what mail clients read, also where the syntax is broken, and names that as a defect. A word in an unknown
// charset, or whose base64 is broken, stays as it is. Raw 8-bit text that is not UTF-8 is read as windows-1252. White
// space at both ends stays, and so do NUL and line breaks that someone encoded: the text is not fit for a header
// before Encode.
func Decode(raw string) (text string, defects []string) {
	var d Defects
	text = decodeWords(Unfold(raw), &d)
	return text, d.List()
}

func decodeWords(s string, defects *Defects) string {
	if isPlain(s) {
		return s
	}
	d := decoder{defects: defects}
	words := scanner{s: s, defects: defects, closed: -1}
	done := 0 // s[:done] is decoded
	for {
		w, ok := words.next(done)
		if !ok {
			break
		}
		d.between(s[done:w.start], done > 0)
		if w.start > 0 && !setsApart(s[w.start-1]) || w.end < len(s) && !setsApart(s[w.end]) {
			defects.Add("encoded word that white space does not set apart")
		}
		d.word(w)
		done = w.end
	}
	d.flush()
	d.plain(s[done:])
	text := d.out.String()
	noteControls(text, defects)
	return text
}

// isPlain says that there is nothing to decode and nothing wrong.
func isPlain(s string) bool {
	for i := range len(s) {
		if c := s[i]; c < ' ' && c != '\t' || c >= 0x7f || c == '?' && i > 0 && s[i-1] == '=' {
			return false
		}
	}
	return true
}

// setsApart tells what may stand beside an encoded word (RFC 2047 5): white space, or the parenthesis of a comment.
func setsApart(c byte) bool { return c == ' ' || c == '\t' || c == '(' || c == ')' }

// decoder writes the text. Neighbours of the same charset are decoded as one, since some programs break a character in
// two.
type decoder struct {
	out     strings.Builder
	defects *Defects
	charset string
	pending []byte
}

// between writes what stands before a word; white space between two words is none of the text.
func (d *decoder) between(s string, afterWord bool) {
	if afterWord && strings.Trim(s, " \t") == "" {
		return
	}
	d.flush()
	d.plain(s)
}

func (d *decoder) plain(s string) {
	text, ok := guessString(s)
	if !ok {
		d.defects.Add("raw 8-bit text that is not UTF-8, read as windows-1252")
	}
	d.out.WriteString(text)
}

func (d *decoder) word(w word) {
	if len(d.pending) > 0 && !strings.EqualFold(d.charset, w.charset) {
		d.flush()
	}
	d.charset = w.charset
	d.pending = append(d.pending, w.data...)
}

func (d *decoder) flush() {
	if len(d.pending) == 0 {
		return
	}
	text, _ := ToUTF8(d.charset, d.pending)
	if isASCII(charsetName(d.charset)) && !ascii(d.pending) || bytes.Contains(text, []byte("\uFFFD")) {
		d.defects.Add("encoded word with bytes that its charset does not have")
	}
	d.out.Write(text)
	d.pending = d.pending[:0]
}

func ascii[S string | []byte](s S) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// noteControls names what a text should not have: programs differ in what they show of it, or where they stop.
func noteControls(text string, defects *Defects) {
	for _, r := range text {
		switch {
		case r == 0:
			defects.Add("NUL in the text")
		case r == '\r' || r == '\n':
			defects.Add("line break in the text")
		case r < ' ' && r != '\t' || r >= 0x7f && r < 0xa0:
			defects.Add("control character in the text")
		case r == 0x202d || r == 0x202e:
			defects.Add("character that turns the direction of the text")
		}
	}
}
