package mime

import (
	"slices"
	"strconv"
	"strings"

	"luamilter/luabind/address"
	"luamilter/luabind/header"
)

// What may be wrong with a message. Where it concerns one part, the text goes on with its place: " (part 2.1)".
const (
	defectNoSeparator   = "no empty line between header and body"
	defectNoField       = "a header line that is no field"
	defectLongHeader    = "more than 1000 header fields or 256 KiB of them: the rest is not read"
	defectTooMany       = "more than 1000 parts: the rest is not taken apart"
	defectTooDeep       = "parts nested deeper than 50: the rest is not taken apart"
	defectNoBoundary    = "a multipart without boundary parameter"
	defectNoParts       = "a multipart in which its boundary does not stand"
	defectNoEnd         = "a multipart without end boundary"
	defectAfterEnd      = "parts after the end boundary"
	defectSameBoundary  = "a boundary that an outer multipart has too"
	defectLongDelimiter = "a line that begins with the boundary and goes on"
	defectLongBoundary  = "a boundary that is too long"
	defectPacked        = "a transfer encoding around parts"
	defectFields        = "several fields of the name "
	defectType          = "a Content-Type that is not of the form type/subtype"
	defectEncoding      = "an unknown transfer encoding: "
	defectCharset       = "an unknown charset: "
	defectUndeclared    = "8-bit data that is declared 7-bit"
	defectNoUTF8        = "text that is not valid in its charset"
	defectBase64Junk    = "bytes in base64 that do not belong there"
	defectBase64Short   = "base64 that ends early"
	defectBase64More    = "data after the padding of base64"
	defectQuoted        = "a broken escape in quoted-printable"
	defectUU            = "broken uuencode"
	defectNames         = "file names that disagree"
	defectNamePath      = "a file name with a path: "
	defectNameControl   = "a file name with control characters: "
	defectPartial       = "a fragment of a message (message/partial), which can't be looked into"
	defectExternal      = "a part whose content is elsewhere (message/external-body)"
	defectNUL           = "NUL bytes"
	defectBareCR        = "CR that no LF follows"
	defectMixedEnds     = "line ends of both kinds, CRLF and LF"
)

// maxDefects bounds the list.
const maxDefects = 200

// defects is a list without repetitions.
type defects struct{ list []string }

// add notes what is wrong; path is the place of the part, "" for the message.
func (d *defects) add(what, path string) {
	if path != "" {
		what += " (part " + path + ")"
	}
	if len(d.list) < maxDefects && !slices.Contains(d.list, what) {
		d.list = append(d.list, what)
	}
}

func (d defects) clone() defects { return defects{slices.Clone(d.list)} }

// path is the place of a part: "2.1" is the first part of the second; "" is the message itself. What was put around the
// message does not count.
func (p *Part) path() string {
	if p.parent == nil || p.parent.outer {
		return ""
	}
	place := strconv.Itoa(slices.Index(p.parent.kids, p) + 1)
	if above := p.parent.path(); above != "" {
		return above + "." + place
	}
	return place
}

// Defects lists all that is wrong with the message, after a look at every part; the order is that of the parts. The
// list says what came, not what edits made of it.
func (m *Message) Defects() []string {
	m.parsed()
	d := m.found.clone()
	m.headerDefects(&d)
	m.work(3 * len(m.body))
	lineDefects(m.body, func(what string) { d.add(what, "") })
	for _, p := range m.Parts() {
		if !p.replaced {
			p.defects(&d)
		}
	}
	return d.list
}

// Defects lists what is wrong with this part.
func (p *Part) Defects() []string {
	var d defects
	p.describeDefects(&d)
	if p.unread != "" {
		d.add(p.unread, "")
	}
	p.defects(&d)
	for i := range d.list {
		d.list[i] = strings.TrimSuffix(d.list[i], " (part "+p.path()+")")
	}
	return d.list
}

// describeDefects reads the header once more for what is wrong with it, and keeps what it said.
func (p *Part) describeDefects(d *defects) {
	probe := Part{m: p.m, parent: p.parent}
	probe.describe(p.header(), func(what string) { d.add(what, "") })
}

// defects adds what is wrong with the names and the content of a leaf.
func (p *Part) defects(d *defects) {
	path := p.path()
	note := func(what string) { d.add(what, path) }
	names := p.Names()
	if len(names) > 1 {
		note(defectNames)
	}
	for _, name := range names {
		if strings.ContainsAny(name, `/\`) {
			note(defectNamePath + strconv.Quote(shortened(name)))
		}
		if strings.ContainsFunc(name, func(r rune) bool {
			return r < ' ' || r >= 0x7f && r < 0xa0 || r >= 0x202a && r <= 0x202e || r >= 0x2066 && r <= 0x2069
		}) {
			note(defectNameControl + strconv.Quote(shortened(name)))
		}
	}
	p.contentDefects(note)
}

func shortened(s string) string {
	const most = 100
	if len(s) > most {
		return s[:most] + "..."
	}
	return s
}

// onceOnly are the fields that RFC 5322 section 3.6 allows once.
var onceOnly = []string{"From", "Sender", "Reply-To", "To", "Cc", "Bcc", "Message-ID", "Subject", "Date", "MIME-Version"}

func (m *Message) headerDefects(d *defects) {
	for _, name := range onceOnly {
		f, n := first(m.given, name)
		if n > 1 {
			d.add(defectFields+name, "")
		}
		if f == nil {
			continue
		}
		m.work(len(f.value))
		var wrong []string
		switch name {
		case "From", "Sender", "Reply-To", "To", "Cc", "Bcc":
			_, wrong = address.ParseList(f.raw())
		case "Subject":
			_, wrong = header.Decode(f.raw())
		case "Date":
			if _, err := header.ParseDate(strings.TrimSpace(f.raw())); err != nil {
				wrong = []string{err.Error()}
			}
		}
		for _, w := range wrong {
			d.add(name+": "+w, "")
		}
	}
}
