package mime

import (
	"bytes"
	"slices"
	"strings"
	"unicode/utf8"

	"luamilter/luabind/header"
)

// maxText bounds what Text gives, in bytes: what a Lua string may be.
const maxText = 64 << 20

// encodingName reads Content-Transfer-Encoding as leniently as mail readers do: quotes, comments and parameters are
// dropped, and the names that uuencode goes by become one.
func encodingName(raw string) string {
	name := strings.ToLower(strings.TrimSpace(header.Unfold(raw)))
	if i := strings.IndexAny(name, "; \t("); i > 0 {
		name = name[:i]
	}
	name = strings.Trim(name, `"'`)
	switch name {
	case "x-uuencode", "x-uue", "uue":
		return "uuencode"
	case "8-bit", "7-bit":
		return name[:1] + "bit"
	}
	return name
}

func knownEncoding(name string) bool {
	switch name {
	case "", "7bit", "8bit", "binary", "base64", "quoted-printable", "uuencode":
		return true
	}
	return false
}

// identity says whether the body stands in the mail as it is. So does one in an unknown encoding.
func (p *Part) identity() bool {
	switch p.encoding {
	case "base64", "quoted-printable", "uuencode":
		return false
	}
	return true
}

// decode undoes the transfer encoding. What does not belong is passed over, so there is no error.
func (p *Part) decode(data []byte) []byte {
	p.m.work(len(data))
	if !p.identity() {
		p.m.alloc(len(data))
	}
	switch p.encoding {
	case "base64":
		return decodeBase64(data)
	case "quoted-printable":
		return decodeQuoted(data)
	case "uuencode":
		return decodeUU(data)
	}
	return slices.Clip(data)
}

// encoded is the body as it is now, in its transfer encoding.
func (p *Part) encoded() []byte {
	if p.replaced {
		return p.newBody
	}
	if p.leaf() {
		return p.body
	}
	w := writer{eol: p.eol}
	p.writeBody(&w)
	return joined(w.pieces)
}

// Content is the body without transfer encoding. It must not be written to.
func (p *Part) Content() []byte {
	if !p.leaf() && !p.packed {
		return p.encoded() // RFC 2045 section 6.4
	}
	return p.decode(p.encoded())
}

// ContentSize bounds the length of Content, in bytes, without decoding anything.
func (p *Part) ContentSize() int {
	if p.replaced {
		return len(p.newBody)
	}
	return len(p.body)
}

// Text is Content in UTF-8. What is not valid in the charset becomes U+FFFD; line ends stay as they are. It is cut
// at 64 MiB.
func (p *Part) Text() []byte {
	data := p.Content()
	p.m.work(len(data))
	p.m.alloc(3 * len(data)) // at most, as U+FFFD
	text, _ := header.ToUTF8(p.Charset(), data)
	if len(text) > maxText {
		cut := maxText
		for cut > 0 && !utf8.RuneStart(text[cut]) {
			cut--
		}
		text = text[:cut]
	}
	return text
}

// contentDefects says what is wrong with the body of a leaf.
func (p *Part) contentDefects(note func(string)) {
	data := p.encoded()
	p.m.work(len(data))
	switch p.encoding {
	case "base64":
		checkBase64(data, note)
	case "quoted-printable":
		checkQuoted(data, note)
	case "uuencode":
		if _, ok := uuDecode(data); !ok {
			note(defectUU)
		}
	case "", "7bit":
		if !isASCII(data) {
			note(defectUndeclared)
		}
	}
	if !strings.HasPrefix(p.mediaType, "text/") {
		return
	}
	if _, ok := header.ToUTF8(p.Charset(), nil); !ok {
		note(defectCharset + p.Charset())
	} else if charset := p.Charset(); charset == "utf-8" || charset == "utf8" {
		if !utf8.Valid(p.decode(data)) {
			note(defectNoUTF8)
		}
	}
}

func isASCII(data []byte) bool {
	for _, c := range data {
		if c >= 0x80 {
			return false
		}
	}
	return true
}

// lineDefects says what is wrong with the line ends and bytes of a body.
func lineDefects(data []byte, note func(string)) {
	if bytes.IndexByte(data, 0) >= 0 {
		note(defectNUL)
	}
	crlf, lf := false, false
	for rest := data; ; {
		i := bytes.IndexByte(rest, '\n')
		if i < 0 {
			break
		}
		if i > 0 && rest[i-1] == '\r' {
			crlf = true
		} else {
			lf = true
		}
		rest = rest[i+1:]
	}
	if crlf && lf {
		note(defectMixedEnds)
	}
	for rest := data; ; {
		i := bytes.IndexByte(rest, '\r')
		if i < 0 {
			return
		}
		if i+1 == len(rest) || rest[i+1] != '\n' {
			note(defectBareCR)
			return
		}
		rest = rest[i+1:]
	}
}
