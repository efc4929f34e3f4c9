package mime

import (
	"bytes"
	"encoding/base64"
	"math/rand/v2"
	"strings"
	"testing"
)

// mail5MiB has a text, its HTML, and three attachments in base64.
func mail5MiB() []byte {
	r := rand.New(rand.NewPCG(5, 5))
	var b bytes.Buffer
	b.WriteString(strings.ReplaceAll(sampleMail[:strings.Index(sampleMail, "--b--")], "\n", "\r\n"))
	for range 3 {
		data := make([]byte, 5<<20/3/4*3/78*76)
		for i := range data {
			data[i] = byte(r.Uint32())
		}
		b.WriteString("--b\r\nContent-Type: application/pdf\r\nContent-Disposition: attachment; filename=\"a b.pdf\"\r\n" +
			"Content-Transfer-Encoding: base64\r\n\r\n")
		b.Write(encodeBase64(data, "\r\n"))
		b.WriteString("\r\n")
	}
	b.WriteString("--b--\r\n")
	return b.Bytes()
}

// BenchmarkParse5MiB reads structure and names, and decodes all parts: to be held against BenchmarkCopyAndDecode.
func BenchmarkParse5MiB(b *testing.B) {
	raw := mail5MiB()
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		m := Parse(raw)
		total := 0
		for _, p := range m.Parts() {
			total += len(p.Names()) + len(p.Content())
		}
		if total < 3<<20 {
			b.Fatal(total)
		}
	}
}

// BenchmarkCopyAndDecode copies the same mail and decodes its attachments, whose places it knows.
func BenchmarkCopyAndDecode(b *testing.B) {
	raw := mail5MiB()
	var places [][2]int
	for _, p := range Parse(raw).Parts() {
		if p.Type() == "application/pdf" {
			start := bytes.Index(raw, p.body)
			places = append(places, [2]int{start, start + len(p.body)})
		}
	}
	b.SetBytes(int64(len(raw)))
	b.ReportAllocs()
	for b.Loop() {
		mail := bytes.Clone(raw)
		for _, place := range places {
			data := make([]byte, base64.StdEncoding.DecodedLen(place[1]-place[0]))
			if _, err := base64.StdEncoding.Decode(data, mail[place[0]:place[1]]); err != nil {
				b.Fatal(err)
			}
		}
	}
}

func BenchmarkUntouched5MiB(b *testing.B) {
	raw := mail5MiB()
	b.ReportAllocs()
	for b.Loop() {
		m := Parse(raw)
		if _, ok := m.Header("Subject", 1); !ok || m.Changes().Body != nil {
			b.Fatal("no subject, or a change")
		}
	}
}
