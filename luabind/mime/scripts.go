package mime

import (
	"bytes"
	"strings"

	"luamilter/luabind/header"
)

// What stands in place of a script. Inside a comment another comment would end the first.
const (
	scriptRemoved          = "<!-- script removed -->"
	scriptRemovedInComment = "[script removed]"
)

// RemoveScripts replaces each script element of an HTML part by a comment and keeps everything else byte for byte, in
// its charset. It says how many there were; a part without is not touched. Attributes such as onclick stay.
func (p *Part) RemoveScripts() (int, error) {
	if !p.attached() {
		return 0, errGone
	}
	if !p.leaf() {
		return 0, nil
	}
	data := p.Content()
	if bytes.HasPrefix(data, []byte("\xff\xfe")) || bytes.HasPrefix(data, []byte("\xfe\xff")) {
		// Browsers heed this mark of UTF-16 before anything that a header says.
		p.m.work(len(data))
		p.m.alloc(3 * len(data))
		text, _ := header.ToUTF8("utf-16", data)
		if out, n := p.withoutScripts(text); n > 0 {
			return n, p.setUTF8(out)
		}
	}
	if wideCharset(p.Charset()) {
		out, n := p.withoutScripts(p.Text())
		if n == 0 {
			return 0, nil
		}
		return n, p.setUTF8(out)
	}
	out, n := p.withoutScripts(data)
	switch {
	case n == 0:
		return 0, nil
	case !strings.HasPrefix(p.mediaType, "text/"):
		return n, p.SetContent(out)
	}
	p.setText(out)
	return n, nil
}

func (p *Part) withoutScripts(data []byte) ([]byte, int) {
	p.m.work(len(data))
	return withoutScripts(data)
}

// setUTF8 sets what was in another charset. Where no header says that it no longer is, the mark of UTF-8 does.
func (p *Part) setUTF8(text []byte) error {
	if !strings.HasPrefix(p.mediaType, "text/") {
		text = append([]byte("\uFEFF"), text...)
	}
	return p.SetContent(text)
}

// RemoveScripts does so in all HTML leaves, those in messages inside the message too, and says how many there were.
func (m *Message) RemoveScripts() (int, error) {
	total := 0
	for _, p := range m.Parts() {
		if !p.html() {
			continue
		}
		n, err := p.RemoveScripts()
		if err != nil {
			return total, err
		}
		total += n
	}
	return total, nil
}

// html says whether a mail reader would show the part as HTML.
func (p *Part) html() bool {
	switch p.mediaType {
	case "text/html", "application/xhtml+xml":
		return true
	}
	for _, name := range p.Names() {
		name = strings.ToLower(strings.TrimRight(name, " ."))
		for _, end := range []string{".htm", ".html", ".xhtml", ".shtml"} {
			if strings.HasSuffix(name, end) {
				return true
			}
		}
	}
	return false
}

// wideCharset says whether the letters of ASCII may stand for something else in a charset.
func wideCharset(charset string) bool {
	for _, prefix := range []string{"utf-16", "utf16", "utf-32", "utf32", "ucs-", "iso-10646", "iso-2022", "hz", "utf-7", "unicode"} {
		if strings.HasPrefix(charset, prefix) {
			return true
		}
	}
	return false
}

// withoutScripts looks for "<script" wherever it stands, in comments and attributes too: what one browser takes for
// text is a script to another.
func withoutScripts(data []byte) (out []byte, n int) {
	done, comment := 0, false
	for pos := 0; ; {
		i := nextTag(data, pos, "<script")
		if i < 0 {
			break
		}
		comment = inComment(data[done:i], comment)
		out = append(out, data[done:i]...)
		if comment {
			out = append(out, scriptRemovedInComment...)
		} else {
			out = append(out, scriptRemoved...)
		}
		n++
		end := nextTag(data, i+1, "</script")
		if end < 0 {
			return out, n
		}
		end += len("</script")
		if close := bytes.IndexByte(data[end:], '>'); close >= 0 {
			end += close + 1
		} else {
			end = len(data)
		}
		pos, done = end, end
	}
	if n == 0 {
		return data, 0
	}
	return append(out, data[done:]...), n
}

// nextTag is the next place of a tag, or -1: its name ends with what ends a name (HTML, tag name state).
func nextTag(data []byte, pos int, tag string) int {
	for {
		i := bytes.IndexByte(data[pos:], '<')
		if i < 0 {
			return -1
		}
		pos += i
		if hasFold(data[pos:], tag) {
			end := pos + len(tag)
			if end == len(data) || strings.IndexByte(" \t\r\n\f/>", data[end]) >= 0 {
				return pos
			}
		}
		pos++
	}
}

// inComment says whether a comment is open after data, if one was or was not before.
func inComment(data []byte, open bool) bool {
	opens, closes := bytes.LastIndex(data, []byte("<!--")), bytes.LastIndex(data, []byte("-->"))
	if opens < 0 && closes < 0 {
		return open
	}
	return opens > closes
}
