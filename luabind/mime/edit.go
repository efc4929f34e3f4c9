package mime

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"luamilter/luabind/header"
)

// Content is what a part is made of.
type Content struct {
	Type        string // "text/plain" if empty; parameters but charset and name are kept
	Filename    string // UTF-8, "" for none
	Disposition string // "attachment" if empty and there is a file name
	Data        []byte // text in UTF-8 for text/*, else bytes
}

var errGone = errors.New("the part is no longer in the message")

// Replace puts another content in place of the part, whatever it was: its Content-* fields are replaced, its other
// fields stay. Of a message of one part these are fields of the message's own header.
func (p *Part) Replace(c Content) error {
	if !p.attached() {
		return errGone
	}
	fields, body, err := p.m.build(c, p.boundaries(), p.eol)
	if err != nil {
		return err
	}
	p.become(fields, body)
	return nil
}

// Remove takes the part out of its multipart. If it is the last one there, the multipart goes too; a message, which
// must have something, becomes an empty text.
func (p *Part) Remove() error {
	if !p.attached() {
		return errGone
	}
	if p.parent == nil || p.parent.kind == kindMessage {
		p.become(nil, nil)
		return nil
	}
	for _, other := range p.parent.kids {
		if other != p && !other.removed {
			p.removed = true
			p.m.edits++
			return nil
		}
	}
	return p.parent.Remove()
}

// SetContent gives a leaf another content and keeps the rest of its header. For text/* it is text in UTF-8: it goes
// out in us-ascii or utf-8, and as quoted-printable or base64, whichever is shorter, where it can't stand as it is.
func (p *Part) SetContent(data []byte) error {
	switch {
	case !p.attached():
		return errGone
	case !p.leaf():
		return fmt.Errorf("a part of type %s has no content of its own", p.mediaType)
	case strings.HasPrefix(p.mediaType, "text/"):
		charset := p.Charset()
		text, _ := header.ToUTF8("utf-8", data)
		ascii := isASCII(text)
		if charset != "utf-8" && charset != "utf8" && !(ascii && charset == "us-ascii") {
			if ascii {
				charset = "us-ascii"
			} else {
				charset = "utf-8"
			}
			p.setCharset(charset)
		}
		p.setText(text)
	default:
		p.setData(data)
	}
	return nil
}

// setText sets the content of a text part, which is in its charset already.
func (p *Part) setText(text []byte) {
	body, encoding := p.m.encodeText(text, p.encoding, p.boundaries(), p.eol)
	p.setBody(body, encoding)
}

func (p *Part) setData(data []byte) {
	if strings.HasPrefix(p.mediaType, "multipart/") || strings.HasPrefix(p.mediaType, "message/") {
		encoding := p.encoding // these can't have another (RFC 2045 section 6.4)
		if !p.identity() || !isASCII(data) && encoding != "binary" {
			encoding = "8bit"
		}
		p.setBody(data, encoding)
		return
	}
	if p.identity() && isASCII(data) && fits(data, p.boundaries()) {
		p.setBody(data, p.encoding)
		return
	}
	p.m.work(2 * len(data))
	p.setBody(encodeBase64(data, p.eol), "base64")
}

// setBody sets the encoded body of a leaf.
func (p *Part) setBody(body []byte, encoding string) {
	p.m.edits++
	if encoding != p.encoding {
		p.setField("Content-Transfer-Encoding", encoding)
		p.encoding = encoding
	}
	p.newBody, p.replaced = body, true
}

func (p *Part) setCharset(charset string) {
	params := slices.Clone(p.params)
	i := slices.IndexFunc(params, func(q header.Param) bool { return q.Name == "charset" })
	if i < 0 {
		params = append(params, header.Param{Name: "charset", Value: charset})
	} else {
		params[i].Value = charset
	}
	p.params = params
	p.setField("Content-Type", header.FormatParams(p.mediaType, params))
}

// setField sets a field of the part's header. The value is fit for a header already.
func (p *Part) setField(name, value string) {
	p.m.edits++
	value = header.Fold(name, value)
	if p.top {
		p.m.setField(name, value)
		p.m.needVersion()
		return
	}
	p.ownHead()
	p.fields = withField(p.fields, made(name, value))
}

// needVersion adds the field without which Content-* fields mean nothing (RFC 2045 section 4).
func (m *Message) needVersion() {
	if f, _ := first(m.fields, "MIME-Version"); f == nil {
		m.setField("MIME-Version", "1.0")
	}
}

// ownHead makes the part write its fields one by one.
func (p *Part) ownHead() {
	if !p.newHead && !p.top {
		h := splitHead(p.head)
		p.fields, p.beyond, p.newHead = h.fields, h.rest, true
	}
}

// become makes the part a leaf with these Content-* fields and this encoded body.
func (p *Part) become(fields []field, body []byte) {
	p.m.edits++
	p.ownHead()
	kept := slices.DeleteFunc(slices.Clone(p.header()), func(f field) bool { return isContent(&f) && !among(fields, &f) })
	for _, f := range fields {
		kept = withField(kept, f)
	}
	if p.top {
		p.m.fields = kept
		if len(fields) > 0 {
			p.m.needVersion()
		}
	} else {
		p.fields = kept
	}
	p.kids, p.pre, p.tail, p.packed, p.grown, p.unread = nil, nil, nil, false, false, ""
	p.newBody, p.replaced = body, true
	p.describe(fields, func(string) {})
	p.kind, p.boundary = kindLeaf, ""
	p.m.number(p)
}

func isContent(f *field) bool {
	const prefix = "content-"
	return len(f.name) > len(prefix) && strings.EqualFold(string(f.name[:len(prefix)]), prefix)
}

func among(fields []field, f *field) bool {
	found, _ := first(fields, string(f.name))
	return found != nil
}

// boundaries are those of all multiparts around the part.
func (p *Part) boundaries() (list []string) {
	for q := p.parent; q != nil; q = q.parent {
		if q.boundary != "" {
			list = append(list, q.boundary)
		}
	}
	return list
}
