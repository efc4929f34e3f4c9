package mime

import (
	"bytes"
	"math/rand/v2"
	"strings"
	"testing"
)

// view is what a reader sees of a leaf.
type view struct {
	mediaType string
	content   string
}

func views(m *Message) (list []view) {
	for _, p := range m.Parts() {
		list = append(list, view{p.Type(), string(p.Content())})
	}
	return list
}

// FuzzParse holds for all bytes: no panic, a message that nobody changed is written as it was read, and a reader of a
// changed one finds the change where it was made and nothing else changed.
func FuzzParse(f *testing.F) {
	for i := range uint64(20) {
		f.Add([]byte(randomMail(rand.New(rand.NewPCG(i, 7)))), byte(i), byte(i/3))
	}
	for _, c := range corpus(f) {
		f.Add(c.raw, byte(len(c.raw)), byte(len(c.name)))
	}
	for _, cut := range []string{ // what an edit once made two lines one of
		" ",
		"From ",
		" \n\r\n00000",
		"Content-Type:message/rfc822\nContent-Transfer-Encoding:Quoted-Printable",
		"Content-Type:multipart/0\n--00\nContent-Type:multipart  Boundary= b1=_.\n--b1=_.",
		"Content-Type:multipart/0\n--0\nContent-Type:message/rfc822\nContent-Transfer-Encoding:",
	} {
		for what := range byte(6) {
			f.Add([]byte(cut), byte(0), what)
		}
	}
	f.Fuzz(func(t *testing.T, raw []byte, which, what byte) {
		m := checkWhole(t, raw)
		for _, p := range m.Parts() {
			p.Names()
			p.Text()
			p.Header("Content-Type", 1)
		}
		m.Defects()
		for _, d := range m.found.list {
			// What is not taken apart may be after an edit, and the other way round; so may what is guessed.
			if strings.HasPrefix(d, "more than 1000") || strings.HasPrefix(d, defectNoBoundary) {
				return
			}
		}
		checkEdit(t, m, int(which), what)
	})
}

// checkEdit makes an edit or two and reads the result: a reader sees what the message says that it is now.
func checkEdit(t *testing.T, m *Message, which int, what byte) {
	raw := string(m.Raw())
	mark := m.Mark()
	want := views(m)
	parts := m.Parts()
	n := which % len(parts)
	var err error
	switch what % 6 {
	case 0:
		err = parts[n].Replace(Content{Type: "application/x-new", Filename: "n\u00e4me.bin", Data: []byte("new\x00content")})
		want[n] = view{"application/x-new", "new\x00content"}
	case 1:
		err = parts[n].SetContent([]byte("--n\u00e4w=\r\n.\r\nFrom x"))
		want[n].content = "--n\u00e4w=\r\n.\r\nFrom x"
	case 2:
		_, err = m.AddPart(Content{Type: "text/plain", Data: []byte("added")})
		want = views(m) // it may stand before parts that come after the end
	case 3:
		err = parts[n].Remove()
		want = views(m)
	case 4:
		err = m.AddFooter("f\u00fc\u00df", "")
		want = views(m)
	case 5:
		_, err = m.RemoveScripts()
		want = views(m)
	}
	if what >= 128 && err == nil {
		_, err = m.AddPart(Content{Type: "message/rfc822", Data: []byte("Subject: x\r\n\r\n" + "--b\r\n")})
		want = nil // its parts are seen only when it is read again
	}
	if err != nil {
		t.Fatalf("edit %d of part %d of %q: %v", what, n, raw, err)
	}
	again := Parse(bytes.Clone(m.Raw()))
	if got := views(again); want != nil && !same(got, want) {
		t.Errorf("edit %d of part %d of %q:\nsent %q\ngot  %q\nwant %q", what, n, raw, again.Raw(), got, want)
	}
	m.Restore(mark)
	if string(m.Raw()) != raw {
		t.Errorf("restored: got %q, want %q", m.Raw(), raw)
	}
}

func TestEveryEditOfEveryPart(t *testing.T) {
	var mails [][]byte
	for _, c := range corpus(t) {
		mails = append(mails, c.raw)
	}
	for seed := range uint64(100) {
		mails = append(mails, []byte(randomMail(rand.New(rand.NewPCG(seed, 4)))))
	}
	for _, raw := range mails {
		for n := range Parse(raw).Parts() {
			for what := range byte(6) {
				m := Parse(raw)
				checkEdit(t, m, n, what)
				checkEdit(t, m, n, what+128)
			}
		}
	}
}

func same(got, want []view) bool {
	if len(got) != len(want) {
		return false
	}
	for i := range got {
		g, w := got[i], want[i]
		g.content, w.content = unixLines(g.content), unixLines(w.content)
		if g != w {
			return false
		}
	}
	return true
}
