package engine

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"luamilter/protocol"
)

// multipart is a mail with an attachment, as it goes over SMTP.
const multipart = "From: =?utf-8?q?J=C3=B6rg?= <joerg@example.org>\r\n" +
	"To: ann@example.net\r\n" +
	"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n" +
	"X-Spam: 1\r\n" +
	"X-Tight:no space\r\n" +
	"x-spam:  two\r\n" +
	"MIME-Version: 1.0\r\n" +
	"Content-Type: multipart/mixed;\r\n\tboundary=\"b1\"\r\n" +
	"\r\n" + multipartBody

const multipartBody = "preamble \r\n" +
	"--b1\r\n" +
	"Content-Type: text/plain; charset=utf-8\r\n" +
	"Content-Transfer-Encoding: quoted-printable\r\n" +
	"\r\n" +
	"Sch=C3=B6ne Gr=\r\n=C3=BC=C3=9Fe\r\n" +
	"--b1 \r\n" +
	attachment +
	"\r\n--b1--\r\nepilogue"

const attachment = "content-type: application/octet-stream; name=\"setup.exe\"\r\n" +
	"Content-Transfer-Encoding: base64\r\n" +
	"\r\n" +
	"TVqQAAMAAAAEAAAA\r\n"

// send sends a message up to its end, the body in chunks of so many bytes.
func (d *dialogue) send(mail string, chunk int) {
	d.t.Helper()
	d.ok(d.Mail("<a@example.org>"))
	d.ok(d.Rcpt("<b@example.net>"))
	d.ok(d.Data())
	head, body, _ := strings.Cut(mail, "\r\n\r\n")
	head = strings.NewReplacer("\r\n\t", "\n\t", "\r\n ", "\n ").Replace(head)
	for field := range strings.SplitSeq(head, "\r\n") {
		name, value, _ := strings.Cut(field, ":")
		d.ok(d.HeaderRaw(name, value))
	}
	d.ok(d.EOH())
	for body != "" {
		n := min(chunk, len(body))
		d.ok(d.Body(body[:n]))
		body = body[n:]
	}
}

// deliver sends a whole message and gives the answer at its end.
func (d *dialogue) deliver(mail string) protocol.Answer {
	d.t.Helper()
	d.send(mail, 65535)
	a, err := d.EOM()
	if err != nil {
		d.t.Fatalf("eom: %v", err)
	}
	return a
}

// changes are those of an answer, and the new body if there is one.
func changes(a protocol.Answer) (list, body string) {
	for _, c := range a.Verdict.Changes {
		if c.NoSpace {
			list += "tight "
		}
		list += c.String() + "\n"
		if c.Code == protocol.ReplyReplaceBody {
			body = c.Value
		}
	}
	return list, body
}

// wantChanges compares what change_* calls the milter made.
func wantChanges(t *testing.T, a protocol.Answer, verdict, want string) {
	t.Helper()
	list, _ := changes(a)
	if got := a.Verdict.Kind.String() + "\n" + list; got != verdict+"\n"+want {
		t.Errorf("got %s\nwant %s\n%s", got, verdict, want)
	}
}

// bigMail is a mail of two parts, whose second has about so many bytes.
func bigMail(size int) string {
	lines := strings.Repeat(strings.Repeat("x", 76)+"\r\n", size/78)
	return "Subject: big\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n\r\nsmall\r\n--b\r\n" +
		"Content-Type: text/plain; name=big.txt\r\n\r\n" + lines + "--b--\r\n"
}

// spools counts the open files and the mappings of this process that are spools.
func spools(t *testing.T) int {
	t.Helper()
	n := 0
	fds, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Skip("no /proc")
	}
	for _, fd := range fds {
		if name, err := os.Readlink(filepath.Join("/proc/self/fd", fd.Name())); err == nil && strings.Contains(name, "/luamilter-") {
			n++
		}
	}
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		t.Fatal(err)
	}
	return n + strings.Count(string(maps), "/luamilter-")
}

// failures are what the log says of failing scripts.
func (r *rig) failures() (list []string) {
	for _, line := range r.log.lines(r.t, "script failed") {
		list = append(list, fmt.Sprintf("%v %v %v: %v", line["callback"], line["kind"], line["answer"], line["error"]))
	}
	return list
}

// wantFailure wants one failure in the log, with these texts in its line.
func (r *rig) wantFailure(texts ...string) {
	r.t.Helper()
	got := r.failures()
	if len(got) != 1 {
		r.t.Fatalf("got failures %q, want one", got)
	}
	for _, text := range texts {
		if !strings.Contains(got[0], text) {
			r.t.Errorf("got failure %q, want %q in it", got[0], text)
		}
	}
}

// inMemoryAndFile runs a test with bodies that are kept in memory, and with ones that are kept in a file.
func inMemoryAndFile(t *testing.T, run func(t *testing.T, change func(*Config))) {
	for name, size := range map[string]int64{"in memory": 1 << 20, "from the first byte in a file": 0, "in a file later": 100} {
		t.Run(name, func(t *testing.T) {
			run(t, func(c *Config) { c.SpoolSize = size })
		})
	}
}
