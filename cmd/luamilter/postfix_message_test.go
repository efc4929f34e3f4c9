package main_test

import (
	"encoding/json"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// partsMail is a mail with a text, an HTML part, an attachment that a filter takes out, and one that must stay as it is.
const partsMail = "From: =?utf-8?q?J=C3=B6rg?= <joerg@client.example>\r\n" +
	"To: ann@sink.example\r\n" +
	"Subject: =?utf-8?q?Gr=C3=BC=C3=9Fe?=\r\n" +
	"X-Spam: yes\r\n" +
	"X-Tight:no space\r\n" +
	"x-spam:\tvery\r\n much\r\n" +
	"MIME-Version: 1.0\r\n" +
	"Content-Type: multipart/mixed; boundary=outer\r\n" +
	"\r\n" +
	"preamble \r\n" +
	"--outer\r\n" +
	"Content-Type: multipart/alternative; boundary=inner\r\n" +
	"\r\n" +
	"--inner\r\n" +
	"Content-Type: text/plain; charset=iso-8859-1\r\n" +
	"Content-Transfer-Encoding: quoted-printable\r\n" +
	"\r\n" +
	"Sch=F6ne Gr=FC=DFe\r\n" +
	"--inner\r\n" +
	"Content-Type: text/html; charset=utf-8\r\n" +
	"Content-Transfer-Encoding: 8bit\r\n" +
	"\r\n" +
	"<html><body>Schöne Grüße</body></html>\r\n" +
	"--inner--\r\n" +
	"--outer\r\n" +
	"Content-Type: application/octet-stream; name=\"setup.exe\"\r\n" +
	"Content-Transfer-Encoding: base64\r\n" +
	"\r\n" +
	"TVqQAAMAAAAEAAAA\r\n" +
	"--outer\r\n" +
	untouchedPart +
	"\r\n--outer--\r\nepilogue\r\n"

// untouchedPart has what a writer of mails would not write so: all of it must arrive.
const untouchedPart = "content-TYPE:application/pdf;\r\n\tname=\"a b.pdf\" \r\n" +
	"X-Odd: =?iso-8859-1?q?=FC?=  \r\n" +
	"Content-Transfer-Encoding:   BASE64\r\n" +
	"\r\n" +
	"JVBERi0x\r\nLjQ=\r\n\r\n..\r\n"

// pythonMail is what Python's email package reads in a mail.
type pythonMail struct {
	Subject, From string
	Parts         []pythonPart
	Defects       []string
}

type pythonPart struct{ Type, Name, Text string }

const pythonReader = `
import email, email.policy, json, sys
mail = email.message_from_bytes(sys.stdin.buffer.read(), policy=email.policy.default)
parts = [p for p in mail.walk() if not p.is_multipart()]
text = lambda p: p.get_content() if p.get_content_maintype() == "text" else p.get_payload(decode=True).decode("latin-1")
json.dump({"Subject": mail["Subject"], "From": mail["From"].addresses[0].display_name,
  "Defects": [str(d) for p in mail.walk() for d in p.defects],
  "Parts": [{"Type": p.get_content_type(), "Name": p.get_filename() or "", "Text": text(p)} for p in parts]}, sys.stdout)
`

func readWithPython(t *testing.T, mail string) (m pythonMail) {
	t.Helper()
	cmd := exec.Command(tool(t, "python3", "python3"), "-c", pythonReader)
	cmd.Stdin = strings.NewReader(mail)
	var stderr strings.Builder
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("python3: %v\n%s", err, &stderr)
	}
	if err := json.Unmarshal(out, &m); err != nil {
		t.Fatal(err)
	}
	return m
}

// testMessage has on_message read and edit mails, on a service that says what stands behind the colon of a field or
// one that does not, with bodies in memory and in a file.
func (p *postfix) testMessage(t *testing.T, service string, args ...string) {
	p.milter(t, service, append(args, "--script", filterPath(t, "message.lua"))...)
	c := newSMTP(t, p.smtpd[service])
	sent := 0
	send := func(what, mail string) *delivery {
		t.Helper()
		sent++
		to := fmt.Sprintf("%s%d-%s%s@sink.example", what, sent, service, strings.Join(args, ""))
		c.mustSend(what+"@client.example", to, mail)
		return p.sink.wait(t, to)
	}
	exact := !strings.HasSuffix(service, "_v2")
	_, sentBody, _ := strings.Cut(partsMail, "\r\n\r\n")

	none := send("none", partsMail)
	wantBody(t, none, sentBody)
	read := send("read", partsMail)
	wantBody(t, read, sentBody)
	wantHeader(t, read, "X-Read", "Grüße|Jörg|setup.exe=12,a b.pdf=8|bytes in base64 that do not belong there (part 3)")

	changed := send("change", partsMail)
	wantHeader(t, changed, "X-Spam")
	wantHeader(t, changed, "X-Tight", "changed")
	wantHeader(t, changed, "X-Looked-At", "by luamilter")
	if names := changed.fieldNames(); names[len(names)-1] != "X-Looked-At" || slices.Index(names, "Subject") > slices.Index(names, "X-Tight") {
		t.Errorf("fields are %q, want the order as it was and the new one last", names)
	}
	if exact && !strings.Contains(none.data, "\r\nX-Tight:no space\r\n") {
		t.Errorf("no field without space in %q", none.data)
	}
	if !strings.Contains(changed.data, "\r\n--outer\r\n"+untouchedPart+"\r\n--outer--\r\nepilogue\r\n") {
		t.Errorf("the untouched part is not as it was in\n%s", changed.data)
	}
	got := readWithPython(t, changed.data)
	want := pythonMail{Subject: "[extern] Grüße", From: "Jörg", Parts: []pythonPart{
		{"text/plain", "", "Schöne Grüße\n-- \ngeprüft"},
		{"text/html", "", "<html><body>Schöne Grüße<p>geprüft</p></body></html>"},
		{"text/plain", "WARNÜNG.TXT", "Entfernt: setup.exe (größer)"},
		{"application/pdf", "a b.pdf", "%PDF-1.4"},
	}}
	for i := range got.Parts {
		if strings.HasPrefix(got.Parts[i].Type, "text/") {
			got.Parts[i].Text = strings.TrimRight(strings.ReplaceAll(got.Parts[i].Text, "\r\n", "\n"), "\n")
		}
	}
	if got.Subject != want.Subject || got.From != want.From || !slices.Equal(got.Parts, want.Parts) || len(got.Defects) > 0 {
		t.Errorf("Python reads\n%+v\nwant\n%+v", got, want)
	}

	added := readWithPython(t, send("add", testMail).data)
	if n := len(added.Parts); n != 2 || added.Parts[1].Name != "note.txt" || strings.TrimSpace(added.Parts[1].Text) != "a note" {
		t.Errorf("Python reads %+v, want a part that was added", added)
	}
	if got := send("empty", testMail).body(); got != "" {
		t.Errorf("got body %q, want none", got)
	}

	long := partsMail + strings.Repeat(strings.Repeat("x", 70)+"\r\n", 60000) // 4.3 MB of epilogue, in many packets
	_, longBody, _ := strings.Cut(long, "--outer--")
	d := send("change", strings.Replace(long, "setup.exe", "other.exe", 1))
	if _, rest, _ := strings.Cut(d.data, "--outer--"); rest != longBody {
		t.Errorf("got %d bytes behind the last part, want %d as they were", len(rest), len(longBody))
	}
}
