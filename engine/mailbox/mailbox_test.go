package mailbox

import (
	"errors"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"testing/iotest"
)

// readAll reads a stream to its end.
func readAll(stream io.Reader, limit int64) []Mail {
	var mails []Mail
	source := Source{Path: "-", Size: -1}
	source.Mails(stream, limit, func(m Mail) bool {
		mails = append(mails, m)
		return true
	})
	return mails
}

func texts(mails []Mail) []string {
	var list []string
	for _, m := range mails {
		if m.Err != nil {
			m.Data = "error: " + m.Err.Error()
		}
		list = append(list, m.Name+" "+m.Data)
	}
	return list
}

func TestMailsOfAStream(t *testing.T) {
	const from = "From joe@example.org Mon Jun  1 10:00:00 2026\n"
	long := strings.Repeat("x", 3*bufferSize)
	for _, c := range []struct {
		name, in string
		want     []string
	}{
		{"a mail", "A: 1\n\nx\n\nFrom here on\n>From\n", []string{"- A: 1\n\nx\n\nFrom here on\n>From\n"}},
		{"nothing is a mail without anything", "", []string{"- "}},
		{"an mbox with one mail has no numbers", from + "A: 1\n\nx\n", []string{"- A: 1\n\nx\n"}},
		{"the empty line before the next mail is not the mail's", from + "A: 1\n\nx\n\n" + from + "B: 1\n\ny\n\n",
			[]string{"-#1 A: 1\n\nx\n", "-#2 B: 1\n\ny\n"}},
		{"of several empty lines one", from + "A: 1\n\n\n\n" + from + "B: 1\n", []string{"-#1 A: 1\n\n\n", "-#2 B: 1\n"}},
		{"CRLF", "From x Mon Jun  1\r\nA: 1\r\n\r\nx\r\n\r\nFrom y Tue Jun  2\r\n>From z\r\n", []string{"-#1 A: 1\r\n\r\nx\r\n", "-#2 From z\r\n"}},
		{"no empty line before it: part of the mail", from + "A: 1\n" + from + "B: 1\n", []string{"- A: 1\n" + from + "B: 1\n"}},
		{"quotes", from + "A: 1\n\n>From a\n>>From b\n >From c\n>Fromage\n>\n", []string{"- A: 1\n\nFrom a\n>From b\n >From c\n>Fromage\n>\n"}},
		{"a line that is not dated as the first is", from + "A: 1\n\nFrom here on\n\nFrom Monday to Sunday\n", []string{"- A: 1\n\nFrom here on\n\nFrom Monday to Sunday\n"}},
		{"no line has a date", "From -\nA: 1\n\nFrom -\nB: 1\n", []string{"-#1 A: 1\n", "-#2 B: 1\n"}},
		{"another way to write a date", "From x@y Mon, 1 Jun 2026 10:00:00 +0000\nA: 1\n\nFrom x@z Tue, 2 Jun 2026 10:00:00 +0000\nB: 1\n", []string{"-#1 A: 1\n", "-#2 B: 1\n"}},
		{"no end of the last line", from + "A: 1\n\nx", []string{"- A: 1\n\nx"}},
		{"a mail without anything", from + "\n" + from + "A: 1\n", []string{"-#1 ", "-#2 A: 1\n"}},
		{"From at the very end", from + "A: 1\n\nFrom x Mon Jun 1", []string{"-#1 A: 1\n", "-#2 "}},
		{"lines longer than the buffer", from[:4] + " Mon Jun " + long + "\nA: " + long + "\n\n" + from[:len(from)-1] + long + "\nB: " + long + "From x\n",
			[]string{"-#1 A: " + long + "\n", "-#2 B: " + long + "From x\n"}},
		{"From within a long line", from + long[:bufferSize] + "From x Mon Jun 1\n", []string{"- " + long[:bufferSize] + "From x Mon Jun 1\n"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			for _, stream := range []io.Reader{strings.NewReader(c.in), iotest.OneByteReader(strings.NewReader(c.in))} {
				mails := readAll(stream, 0)
				if got := texts(mails); !slices.Equal(got, c.want) {
					t.Errorf("got %.300q, want %.300q", got, c.want)
				}
				if got := mails[len(mails)-1].Read; got != int64(len(c.in)) {
					t.Errorf("read: got %d of %d", got, len(c.in))
				}
			}
		})
	}
}

func TestAMailThatIsTooLargeIsTold(t *testing.T) {
	const limit = 2 * bufferSize
	large := strings.Repeat("0123456789\n", limit/11+1)
	fits := strings.Repeat("x", limit)
	for _, c := range []struct {
		name, in string
		large    []bool
	}{
		{"a mail", large, []bool{true}},
		{"one that just fits", fits, []bool{false}},
		{"one byte more", fits + "x", []bool{true}},
		{"in an mbox the others are read", "From -\nA: 1\n\nFrom -\n" + large + "\nFrom -\nB: 1\n", []bool{false, true, false}},
		{"the last of an mbox", "From -\nA: 1\n\nFrom -\n" + large, []bool{false, true}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []bool
			for _, m := range readAll(strings.NewReader(c.in), limit) {
				var tooLarge *TooLarge
				got = append(got, errors.As(m.Err, &tooLarge))
				if len(m.Data) > limit {
					t.Errorf("%d bytes were read", len(m.Data))
				}
			}
			if !slices.Equal(got, c.large) {
				t.Errorf("too large: got %v, want %v", got, c.large)
			}
		})
	}
}

func TestAStreamThatBreaks(t *testing.T) {
	for _, in := range []string{"A: 1\n", "From -\nA: 1\n", "From -"} {
		broken := io.MultiReader(strings.NewReader(in), iotest.ErrReader(errors.New("pulled out")))
		mails := readAll(broken, 0)
		if len(mails) != 1 || mails[0].Err == nil || mails[0].Err.Error() != "read mail -: pulled out" {
			t.Errorf("%q: got %q", in, texts(mails))
		}
	}
}

// TestFind looks at a folder of each kind, written in short: a name that ends with / is a folder.
func TestFind(t *testing.T) {
	root := t.TempDir()
	for _, name := range []string{
		"mail.eml", "plain/b.eml", "plain/a.EML", "plain/notes.txt", "plain/sub.eml/",
		"md/cur/2:2,S", "md/cur/.hidden", "md/new/1", "md/tmp/3", "md/.Sent/cur/4", "md/.Sent/new/", "md/.Sent/tmp/", "md/.Empty/", "md/sub/cur/5",
		"empty/", "half/cur/", "half/x.eml",
	} {
		path := root + "/" + name
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if strings.HasSuffix(name, "/") {
			continue
		}
		if err := os.WriteFile(path, []byte("A: 1\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("b.eml", filepath.Join(root, "plain", "link.eml")); err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink("nothing", filepath.Join(root, "plain", "lost.eml")); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(filepath.Join(root, "md", "new", "fifo"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		name string
		want []string
	}{
		{"mail.eml", []string{"mail.eml"}},
		{"plain", []string{"plain/a.EML", "plain/b.eml", "plain/link.eml", "read mail plain/lost.eml: no such file or directory"}},
		{"md", []string{"md/cur/2:2,S", "md/new/1", "md/.Sent/cur/4"}},
		{"half", []string{"half/x.eml"}},
		{"empty", []string{"read mail empty: neither a Maildir (a folder with cur and new) nor a folder with .eml files"}},
		{"missing", []string{"read mail missing: no such file or directory"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			var got []string
			for _, s := range Find([]string{filepath.Join(root, c.name)}) {
				text := s.Path
				if s.Err != nil {
					text = s.Err.Error()
				} else if s.Size != 5 {
					t.Errorf("%s: size %d", s.Path, s.Size)
				}
				got = append(got, strings.ReplaceAll(text, root+"/", ""))
			}
			if !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestAFileThatIsTooLargeIsNotRead(t *testing.T) {
	path := filepath.Join(t.TempDir(), "large.eml")
	if err := os.WriteFile(path, []byte("A: 1\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, 1<<40); err != nil {
		t.Fatal(err)
	}
	sources := Find([]string{path})
	sources[0].Mails(nil, 1<<20, func(m Mail) bool {
		var tooLarge *TooLarge
		if !errors.As(m.Err, &tooLarge) || m.Read != 1<<40 {
			t.Errorf("got %v, %d bytes", m.Err, m.Read)
		}
		return true
	})
}

// FuzzMbox reads back what is written as an mboxrd, and reads anything within bounds.
func FuzzMbox(f *testing.F) {
	f.Add("A: 1\n\nFrom here\n>From there\n", "\n\n")
	f.Add("From x\n\n\nFrom y Mon Jun 1\n", ">>>From")
	f.Add("\r\n\r\nFrom -\r\n", "x")
	f.Fuzz(func(t *testing.T, a, b string) {
		size := 0
		for _, m := range readAll(strings.NewReader("From "+a), int64(len(b))) {
			if size += len(m.Data); m.Err == nil && len(b) > 0 && len(m.Data) > len(b) {
				t.Errorf("a mail of %d bytes, the limit is %d", len(m.Data), len(b))
			}
		}
		if size > len(a) {
			t.Errorf("%d bytes of mails in %d", size, len(a))
		}
		var box strings.Builder
		var want []string
		for _, mail := range []string{a, b} {
			mail += "\n"
			want = append(want, mail)
			box.WriteString("From joe@example.org Mon Jun  1 10:00:00 2026\n")
			for line := range strings.Lines(mail) {
				if strings.HasPrefix(strings.TrimLeft(line, ">"), "From ") {
					line = ">" + line
				}
				box.WriteString(line)
			}
			box.WriteString("\n")
		}
		var got []string
		for _, m := range readAll(strings.NewReader(box.String()), 0) {
			got = append(got, m.Data)
		}
		if !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}
