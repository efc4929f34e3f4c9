package mime

import (
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
)

// hostile are bodies, about size bytes long, that cost a careless parser more than time in proportion.
func hostile(size int) map[string]string {
	fill := func(s string) string { return strings.Repeat(s, size/len(s)+1) }
	const top = "Content-Type: multipart/mixed; boundary=b\n\n"
	nested, many := strings.Builder{}, strings.Builder{}
	for i := range 1000 {
		fmt.Fprintf(&nested, "Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i)
	}
	for range 10000 {
		many.WriteString("--b\n\nx\n")
	}
	deep := nested.String()
	return map[string]string{
		"10,000 parts":                       top + many.String(),
		"depth 1,000":                        deep + fill("x\n"),
		"depth 1,000 and lines of all":       deep + fill("--b1\n--b2\n--b999\n--b40\n"),
		"messages in messages":               fill("Content-Type: message/rfc822\n\n"),
		"delimiters":                         top + fill("--b\n"),
		"end delimiters":                     top + "--b\n\n" + fill("--b--\n"),
		"lines that begin with --":           top + fill("--\n"),
		"hyphens":                            top + fill("-"),
		"lines that begin with the boundary": top + fill("--bb\n"),
		"long lines that begin with --":      top + fill("--"+strings.Repeat("x", 900)+"\n"),
		"white space after the boundary":     top + "--b" + fill(" "),
		"CR only":                            "Content-Type: multipart/mixed; boundary=b\n\n" + fill("--b\rX: y\r\rz\r"),
		"CR only in a header":                top + "--b\n" + fill("a:\r"),
		"header fields":                      fill("a:b\n"),
		"a folded header":                    "Content-Type: text/plain;\n" + fill(" a=b;\n"),
		"header without colon":               top + "--b\n" + fill("x"),
		"fields of one name":                 fill("Content-Type: x\n") + "\n",
		"base64 of nothing":                  "Content-Transfer-Encoding: base64\n\n" + fill("="),
		"quoted-printable of nothing":        "Content-Transfer-Encoding: quoted-printable\n\n" + fill("="),
		"soft breaks":                        "Content-Transfer-Encoding: quoted-printable\n\n" + fill("= \t\n"),
		"uuencode that claims more":          "Content-Transfer-Encoding: x-uuencode\n\nbegin 644 x\n" + fill("M\n"),
		"uuencode that never begins":         "Content-Transfer-Encoding: x-uuencode\n\n" + fill("begin \n"),
		"scripts":                            "Content-Type: text/html\n\n" + fill("<script>"),
		"comments":                           "Content-Type: text/html\n\n" + fill("<!--<script></script>"),
		"end tags":                           "Content-Type: text/html\n\n" + fill("</bod"),
		"multiparts without boundary":        top + fill("--b\nContent-Type: multipart/mixed\n\n"+strings.Repeat("-\n", 500)),
	}
}

// workOf does all that can be done with a message and gives the bytes that were worked through.
func workOf(t testing.TB, raw string) (total int) {
	m := Parse([]byte(raw))
	m.SetMeter(func(n int) {
		if n < 0 {
			t.Errorf("work of %d bytes", n)
		}
		total += n
	}, nil)
	if n := len(m.Parts()); n > maxParts+1 {
		t.Errorf("got %d parts", n)
	}
	for i, p := range m.Parts() {
		if p.Depth() > maxDepth+1 {
			t.Errorf("got a part at depth %d", p.Depth())
		}
		p.Names()
		if i < 3 {
			p.Text()
		}
	}
	m.Defects()
	if _, err := m.RemoveScripts(); err != nil {
		t.Error(err)
	}
	if err := m.AddFooter("footer", "<p>footer"); err != nil {
		t.Error(err)
	}
	m.Changes()
	return total
}

func TestHostileMailsCostTimeInProportion(t *testing.T) {
	small, large := hostile(64<<10), hostile(512<<10)
	for name, raw := range small {
		t.Run(name, func(t *testing.T) {
			checkWhole(t, []byte(raw))
			a, b := workOf(t, raw), workOf(t, large[name])
			perByte := float64(len(large[name])) / float64(len(raw))
			if float64(b) > float64(a)*perByte*2+1<<20 {
				t.Errorf("%d bytes cost %d, %d bytes cost %d", len(raw), a, len(large[name]), b)
			}
		})
	}
}

func TestLimits(t *testing.T) {
	tests := []struct {
		mail, defect string
		leaves       int
	}{
		{"10,000 parts", defectTooMany, maxParts + 1},
		{"depth 1,000", defectTooDeep, 1},
		{"messages in messages", defectTooDeep, 1},
		{"header fields", defectLongHeader, 1},
		{"delimiters", defectTooMany, maxParts + 1},
	}
	for _, tt := range tests {
		m := Parse([]byte(hostile(64 << 10)[tt.mail]))
		if got := len(m.Parts()); got != tt.leaves {
			t.Errorf("%s: got %d leaves, want %d", tt.mail, got, tt.leaves)
		}
		if !slices.ContainsFunc(m.Defects(), func(d string) bool { return strings.HasPrefix(d, tt.defect) }) {
			t.Errorf("%s: got %q, want %q", tt.mail, m.Defects(), tt.defect)
		}
	}
}

func TestWorkThatPanics(t *testing.T) {
	m := Parse(crlf(sampleMail))
	want := outline(Parse(crlf(sampleMail)))
	for left := range 30 {
		n := left
		m.SetMeter(func(int) {
			if n--; n < 0 {
				panic("out of fuel")
			}
		}, nil)
		func() {
			mark := m.Mark()
			defer func() {
				if recover() != nil {
					m.Restore(mark)
				}
			}()
			for _, p := range m.Parts() {
				if err := p.SetContent([]byte("x")); err != nil {
					t.Error(err)
				}
			}
			m.Restore(mark)
		}()
		m.SetMeter(nil, nil)
		if got := outline(m); got != want {
			t.Fatalf("after %d steps: got %s, want %s", left, got, want)
		}
	}
}

// TestBodyIsNeverWrittenTo gives a body that can't be written to: trying ends the process.
func TestBodyIsNeverWrittenTo(t *testing.T) {
	for _, c := range corpus(t) {
		p := Parse(c.raw)
		if len(p.body) == 0 {
			continue
		}
		file, err := os.Create(filepath.Join(t.TempDir(), "body"))
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		if _, err := file.Write(p.body); err != nil {
			t.Fatal(err)
		}
		body, err := syscall.Mmap(int(file.Fd()), 0, len(p.body), syscall.PROT_READ, syscall.MAP_SHARED)
		if err != nil {
			t.Fatal(err)
		}
		m := New(p.Fields(), body)
		for _, p := range m.Parts() {
			p.Names()
			if err := p.SetContent(append(p.Content(), append(p.Text(), p.Raw()...)...)); err != nil {
				t.Fatal(err)
			}
		}
		if err := m.AddFooter("footer", ""); err != nil {
			t.Fatal(err)
		}
		m.Defects()
		m.Raw()
		m.Changes()
		if err := syscall.Munmap(body); err != nil {
			t.Fatal(err)
		}
	}
}

// TestPartsThatNobodySeesSayIt has a filter know of each part in which there may be others that it is not shown.
func TestPartsThatNobodySeesSayIt(t *testing.T) {
	const mixed = "Content-Type: multipart/mixed; boundary=b\n\n"
	file := "Content-Type: application/octet-stream; name=x.exe\n\nMZ\n"
	deep, end := "", ""
	for i := range maxDepth + 2 {
		deep += fmt.Sprintf("Content-Type: multipart/mixed; boundary=b%d\n\n--b%d\n", i, i)
		end = fmt.Sprintf("--b%d--\n", i) + end
	}
	packed := base64.StdEncoding.EncodeToString([]byte("--c\n" + file + "--c--\n"))
	long := strings.Repeat("b", maxBoundary+10)
	for _, c := range []struct{ name, text, want string }{
		{"too many parts", mixed + strings.Repeat("--b\n\nx\n", maxParts+5) + "--b\n" + file + "--b--\n", defectTooMany},
		{"too deep", deep + file + end, defectTooDeep},
		{"messages, too deep", strings.Repeat("Content-Type: message/rfc822\n\n", maxDepth+2) + file, defectTooDeep},
		{"too many parts, the last is packed", mixed + strings.Repeat("--b\n\nx\n", maxParts-1) +
			"--b\nContent-Type: multipart/mixed; boundary=c\nContent-Transfer-Encoding: base64\n\n" + packed + "\n--b--\n", defectTooMany},
		{"too deep, and packed", strings.Repeat("Content-Type: message/rfc822\n\n", maxDepth) +
			"Content-Type: multipart/mixed; boundary=c\nContent-Transfer-Encoding: base64\n\n" + packed, defectTooDeep},
		{"a long header", mixed + "--b\n" + strings.Repeat("X: y\n", maxFields) + file + "--b--\n", defectLongHeader},
		{"a long boundary", "Content-Type: multipart/mixed; boundary=" + long + "\n\n--" + long + "\n" + file + "--" + long + "--\n", defectLongBoundary},
	} {
		t.Run(c.name, func(t *testing.T) {
			parts := Parse([]byte(c.text)).Parts()
			last := parts[len(parts)-1]
			if got := last.Defects(); !slices.Contains(got, c.want) {
				t.Fatalf("defects of the last part: got %q, want %q in them", got, c.want)
			}
			if err := last.Replace(Content{Data: []byte("gone")}); err != nil {
				t.Fatal(err)
			}
			if got := last.Defects(); slices.Contains(got, c.want) {
				t.Errorf("defects of what was put in its place: %q", got)
			}
		})
	}
}
