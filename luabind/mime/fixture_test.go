package mime

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
)

// crlf makes a mail of lines that are written with LF.
func crlf(s string) []byte { return []byte(strings.ReplaceAll(s, "\n", "\r\n")) }

// outline shows the leaves of a message, one on a line.
func outline(m *Message) string {
	var b strings.Builder
	for _, p := range m.Parts() {
		fmt.Fprintf(&b, "%d %s %q %q\n", p.Depth(), p.Type(), p.Names(), p.Content())
	}
	return b.String()
}

// written is the body as writing it piece by piece gives it. To a header without an empty line one would be added, so
// a message with such a container is left alone.
func written(m *Message) string {
	bare := false
	var force func(p *Part)
	force = func(p *Part) {
		if !p.leaf() && !p.packed {
			p.grown = true
			bare = bare || !p.top && len(p.sep) == 0
		}
		for _, kid := range p.kids {
			force(kid)
		}
	}
	mark := m.Mark()
	defer m.Restore(mark)
	if force(m.parsed()); bare {
		return string(m.body)
	}
	return string(joined(m.bodyPieces()))
}

// checkWhole checks what holds for every message, however broken: it is written as it was read.
func checkWhole(t testing.TB, raw []byte) *Message {
	t.Helper()
	m := Parse(raw)
	m.parsed()
	if got := string(m.Raw()); got != string(raw) {
		t.Fatalf("got %q, want it as it was read: %q", got, raw)
	}
	if got := written(m); got != string(m.body) {
		t.Fatalf("piece by piece: got %q, want %q", got, m.body)
	}
	if c := m.Changes(); c.Header != nil || c.Body != nil {
		t.Fatalf("got changes %+v of a message that nobody changed", c)
	}
	return m
}

// randomMail is a mail, well made or not, from pieces that matter to a parser.
func randomMail(r *rand.Rand) string {
	eol := []string{"\r\n", "\r\n", "\r\n", "\n"}[r.IntN(4)]
	var b strings.Builder
	for _, line := range []string{"From: a@example.org", "To: b@example.net", "Subject: random", "MIME-Version: 1.0"} {
		b.WriteString(line + eol)
	}
	randomPart(r, &b, eol, 0)
	return b.String()
}

func randomPart(r *rand.Rand, b *strings.Builder, eol string, depth int) {
	kind := r.IntN(10)
	switch {
	case kind < 4 && depth < 4:
		boundary := fmt.Sprintf("b%d%s", depth, []string{"", "x", " y", "=_."}[r.IntN(4)])
		fmt.Fprintf(b, "Content-Type: multipart/%s; boundary=\"%s\"%s%s", []string{"mixed", "alternative", "related"}[r.IntN(3)], boundary, eol, eol)
		if r.IntN(3) == 0 {
			b.WriteString("preamble" + eol)
		}
		for range 1 + r.IntN(3) {
			b.WriteString("--" + boundary + strings.Repeat(" ", r.IntN(2)) + eol)
			randomPart(r, b, eol, depth+1)
			b.WriteString(eol)
		}
		if r.IntN(8) > 0 {
			b.WriteString("--" + boundary + "--" + eol)
			if r.IntN(4) == 0 {
				b.WriteString("epilogue" + eol)
			}
		}
	case kind == 4 && depth < 4:
		b.WriteString("Content-Type: message/rfc822" + eol + eol + "Subject: inner" + eol)
		randomPart(r, b, eol, depth+1)
	default:
		randomLeaf(r, b, eol)
	}
}

func randomLeaf(r *rand.Rand, b *strings.Builder, eol string) {
	types := []string{"text/plain; charset=utf-8", "text/html; charset=\"iso-8859-1\"", "application/octet-stream; name=\"a b.exe\"",
		"TEXT/PLAIN", "image/png;" + eol + "\tname=x.png", "text/plain; format=flowed; charset=KOI8-R", "text/x; charset=iso-8859-2"}
	kind := types[r.IntN(len(types))]
	b.WriteString("Content-Type: " + kind + eol)
	if r.IntN(2) == 0 {
		names := []string{"filename=x.txt", "filename=\"y z.pdf\"", "filename='q'.doc", "filename=\"a;b.zip\"", "FileName=\"a\\\"b\"",
			"filename*=utf-8''K%C3%B6ln.exe", "filename*0*=iso-8859-1'de'K%F6; filename*1=\"ln 1.\"; filename*2=exe",
			"filename=\"=?utf-8?Q?K=C3=B6ln?=\"", "filename=\"=?iso-8859-1?B?S/ZsbnM=?=\""}
		b.WriteString("Content-Disposition: attachment;" + eol + " " + names[r.IntN(len(names))] + eol)
	}
	data := make([]byte, r.IntN(200))
	for i := range data {
		data[i] = " abcdefghijklmnopqrstuvwxyz=-\n"[r.IntN(30)]
		if r.IntN(4) == 0 && (strings.Contains(kind, "8859") || strings.Contains(kind, "KOI8")) {
			data[i] = byte(0xa0 + r.IntN(0x60))
		}
	}
	switch r.IntN(4) {
	case 0:
		b.WriteString("Content-Transfer-Encoding: base64" + eol + eol)
		b.Write(encodeBase64(data, eol))
	case 1:
		b.WriteString("Content-Transfer-Encoding: Quoted-Printable" + eol + eol)
		b.Write(encodeQuoted(data, eol))
	default:
		b.WriteString(eol + strings.ReplaceAll(strings.ReplaceAll(string(data), "--", "-"), "\n", eol))
	}
}
