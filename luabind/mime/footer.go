package mime

import (
	"bytes"
	"html"
	"strings"

	"luamilter/luabind/header"
)

// AddFooter adds text to the first text/plain and to the first text/html leaf. Where there is none, or the message is
// signed or encrypted, the footer becomes a part of its own after the rest. text may be "", and then only HTML gets the
// footer; without htmlText HTML gets text as a paragraph.
func (m *Message) AddFooter(text, htmlText string) error {
	plain, rich := m.footerPart("text/plain"), m.footerPart("text/html")
	if htmlText == "" && text != "" {
		htmlText = "<p>" + strings.ReplaceAll(html.EscapeString(strings.TrimRight(text, "\r\n")), "\n", "<br>\n") + "</p>\n"
	}
	if text == "" {
		plain = nil
	}
	if htmlText == "" {
		return nil
	}
	if plain == nil && rich == nil {
		c := Content{Type: "text/plain", Data: []byte(text)}
		if text == "" {
			c = Content{Type: "text/html", Data: []byte(htmlText)}
		}
		_, err := m.AddPart(c)
		return err
	}
	if plain != nil {
		if err := plain.SetContent(withFooter(plain.Text(), text)); err != nil {
			return err
		}
	}
	if rich == nil {
		return nil
	}
	return rich.SetContent(withHTMLFooter(rich.Text(), htmlText))
}

// footerPart is the leaf of a type that a footer may go into.
func (m *Message) footerPart(mediaType string) *Part {
	for _, p := range m.Parts() {
		if p.mediaType != mediaType || p.forwarded() || p.sealed() || p.attachment() {
			continue
		}
		if _, known := header.ToUTF8(p.Charset(), nil); known {
			return p
		}
	}
	return nil
}

// sealed says whether the part is signed or encrypted, so that a change in it would break that.
func (p *Part) sealed() bool {
	for q := p; q != nil; q = q.parent {
		switch q.mediaType {
		case "multipart/signed", "multipart/encrypted", "application/pkcs7-mime", "application/x-pkcs7-mime":
			return true
		}
	}
	return false
}

func withFooter(text []byte, footer string) []byte {
	eol := "\r\n"
	if i := bytes.IndexByte(text, '\n'); i == 0 || i > 0 && text[i-1] != '\r' {
		eol = "\n"
	}
	out := bytes.Clone(text)
	if len(out) > 0 && out[len(out)-1] != '\n' {
		out = append(out, eol...)
	}
	out = append(out, footer...)
	if !strings.HasSuffix(footer, "\n") {
		out = append(out, eol...)
	}
	return out
}

// withHTMLFooter puts a footer before the last end tag of body, of html, or at the end.
func withHTMLFooter(text []byte, footer string) []byte {
	place := lastFold(text, "</body")
	if place < 0 {
		place = lastFold(text, "</html")
	}
	if place < 0 {
		place = len(text)
	}
	out := make([]byte, 0, len(text)+len(footer))
	out = append(out, text[:place]...)
	out = append(out, footer...)
	return append(out, text[place:]...)
}

// lastFold is the last place of an ASCII text in small letters, in whatever letters it stands there, or -1.
func lastFold(data []byte, text string) int {
	for end := len(data); ; {
		i := bytes.LastIndexByte(data[:end], text[0])
		if i < 0 {
			return -1
		}
		if hasFold(data[i:], text) {
			return i
		}
		end = i
	}
}

func hasFold(data []byte, text string) bool {
	if len(data) < len(text) {
		return false
	}
	for i := range len(text) {
		if lower(data[i]) != text[i] {
			return false
		}
	}
	return true
}
