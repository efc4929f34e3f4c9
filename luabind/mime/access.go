package mime

import (
	"strings"
	"time"

	"luamilter/luabind/address"
	"luamilter/luabind/header"
)

// decodeWork is what a byte of a header field that is decoded costs, next to one that is only looked at.
const decodeWork = 8

func (m *Message) decoded(f *field) (string, bool) {
	if f == nil {
		return "", false
	}
	m.work(decodeWork * len(f.value))
	text, _ := header.Decode(f.raw())
	return strings.TrimSpace(text), true
}

func rawField(f *field) (string, bool) {
	if f == nil {
		return "", false
	}
	return f.raw(), true
}

func exported(fields []field) (list []Field) {
	for i := range fields {
		if f := &fields[i]; len(f.name) > 0 {
			list = append(list, Field{Name: string(f.name), Raw: f.raw()})
		}
	}
	return list
}

// Fields is the message's header as it is now.
func (m *Message) Fields() []Field { return exported(m.fields) }

// Header is the decoded value of the n-th field of a name, from 1, in UTF-8 (RFC 2047), without white space around it.
func (m *Message) Header(name string, n int) (string, bool) {
	m.work(decodeWork * len(m.fields))
	return m.decoded(nth(m.fields, name, n))
}

// RawHeader is all that stands after the colon, with its first space, folded with LF.
func (m *Message) RawHeader(name string, n int) (string, bool) {
	m.work(decodeWork * len(m.fields))
	return rawField(nth(m.fields, name, n))
}

// Addresses are those of all fields of a name, which should be one: who reads only the first is easily fooled.
func (m *Message) Addresses(name string) (list []address.Address) {
	for i := range m.fields {
		if m.fields[i].is(name) {
			m.work(decodeWork * len(m.fields[i].value))
			more, _ := address.ParseList(m.fields[i].raw())
			list = append(list, more...)
		}
	}
	return list
}

// Date is that of the header field of this name.
func (m *Message) Date() (time.Time, bool) {
	f, _ := first(m.fields, "Date")
	if f == nil {
		return time.Time{}, false
	}
	t, err := header.ParseDate(strings.TrimSpace(f.raw()))
	return t, err == nil
}

// TextPart is the first text/plain leaf that is no attachment and does not stand in a message inside the message; nil
// if there is none. HTMLPart is the same for text/html.
func (m *Message) TextPart() *Part { return m.firstText("text/plain") }

// HTMLPart is the first text/html leaf, see TextPart.
func (m *Message) HTMLPart() *Part { return m.firstText("text/html") }

func (m *Message) firstText(mediaType string) *Part {
	for _, p := range m.Parts() {
		if p.mediaType == mediaType && !p.forwarded() && !p.attachment() {
			return p
		}
	}
	return nil
}

// forwarded says whether the part stands in a message inside the message.
func (p *Part) forwarded() bool {
	for q := p.parent; q != nil; q = q.parent {
		if q.kind == kindMessage {
			return true
		}
	}
	return false
}
