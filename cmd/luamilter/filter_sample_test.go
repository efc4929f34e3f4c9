package main

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

func TestSampleHeader(t *testing.T) {
	r := newFilter(t, "sample", nil)
	const spam = "reject at header: 550 5.7.1 the subject looks like spam"
	for _, c := range []struct{ name, field, want string }{
		{"a charset", "Subject: =?big5?B?pKSk5Q==?=", "reject at header: 550 5.7.1 the subject is in a charset that nobody reads here"},
		{"a charset that begins so", "Subject: =?Big5-HKSCS?B?pKSk5Q==?=", "reject at header: 550 5.7.1 the subject is in a charset that nobody reads here"},
		{"another charset", "subject:=?ISO-2022-jp?B?GyRC?= x", "reject at header: 550 5.7.1 the subject is in a charset that nobody reads here"},
		{"a charset that is read", "Subject: =?utf-8?B?R3LDvMOfZQ==?=", "accept, unchanged"},
		{"the name of a charset", "Subject: big5", "accept, unchanged"},
		{"dollars", "Subject: make $$$ fast", spam},
		{"large letters", "Subject: this is FREE", spam},
		{"small letters", "Subject: this is free", "accept, unchanged"},
		{"encoded", "Subject: =?utf-8?Q?F=52EE?=", spam},
		{"letters of base64 that mean nothing", "Subject: =?utf-8?B?FREE?=", "accept, unchanged"},
		{"in any letters", "Subject: ViAgRa", spam},
		{"folded", "Subject: a\n XXX", spam},
		{"an advertisement", "Subject:  ADV: buy", "reject at header: 550 5.7.1 the subject says that it is advertising"},
		{"adv in the middle", "Subject: Re: adv: buy", "accept, unchanged"},
		{"a short Message-ID", "Message-Id: <>", "reject at header: 550 5.7.1 the Message-ID is too short"},
		{"an empty Message-ID", "Message-Id:", "reject at header: 550 5.7.1 the Message-ID is too short"},
		{"a Message-ID", "Message-Id: <1@x>", "accept, unchanged"},
		{"a bulk mailer", "X-Mailer: Mail Bomber", "reject at header: 550 5.7.1 no bulk mail"},
		{"a word in a mailer", "X-Mailer: the OptIn machine", "reject at header: 550 5.7.1 no bulk mail"},
		{"a mailer", "X-Mailer: Calypso 3", "accept, unchanged"},
		{"another field", "X-Subject: FREE $$$", "accept, unchanged"},
		{"broken bytes", "Subject: =?big\xff?Q?\xff?= \x80", "accept, unchanged"},
	} {
		t.Run(c.name, func(t *testing.T) {
			r.put(testMail{text: "From: x@example.org\n" + c.field + "\n\ntext\n"}).wants(t, c.want)
		})
	}
}

func TestSampleSender(t *testing.T) {
	r := newFilter(t, "sample", nil)
	for from, want := range map[string]string{
		"<MAILER-DAEMON@example.org>": "discard at mail", "mailer-daemon@x": "discard at mail",
		"<>": "accept, unchanged", "x-mailer-daemon@x": "accept, unchanged", "mailerXdaemon@x": "accept, unchanged",
	} {
		r.put(testMail{from: from, text: "From: x@example.org\n\ntext\n"}).wants(t, want)
	}
}

func TestSampleAttachments(t *testing.T) {
	r := newFilter(t, "sample", nil)
	for _, v := range vectors() {
		t.Run(v.name, func(t *testing.T) {
			got := r.put(testMail{text: v.text})
			if v.file == "" {
				got.wants(t, "accept, unchanged")
				return
			}
			wantReplaced(t, got, v)
			if !strings.Contains(got.Text(), "could be a virus: "+v.file+"\n") {
				t.Errorf("the warning does not name %s: %s", v.file, got.Text())
			}
		})
	}
	got := r.put(testMail{text: "From: x@example.org\nContent-Type: text/html\n\n<p>a<script>b</script>c</p>\n"})
	if got.wants(t, "accept, changed"); strings.Contains(got.Body, "script>") {
		t.Errorf("the script is still there: %s", got.Body)
	}
}

// TestSampleChangesTheHeader has the mail that is nothing but a file: its type stands in the header of the mail.
func TestSampleChangesTheHeader(t *testing.T) {
	got := newFilter(t, "sample", nil).put(testMail{text: "From: x@example.org\nSubject: fax\nMIME-Version: 1.0\n" +
		part("Content-Type: application/octet-stream; name=\"FAX20.exe\"", "Content-Disposition: attachment; filename=\"FAX20.exe\"")})
	got.wants(t, "accept, changed")
	for name, want := range map[string]string{
		"Content-Type": "text/plain; charset=us-ascii", "Content-Disposition": "attachment; filename=WARNING.TXT",
		"Subject": "fax", "MIME-Version": "1.0",
	} {
		if fields := got.fields(name); !slices.Equal(fields, []string{want}) {
			t.Errorf("%s: got %q, want %q", name, fields, want)
		}
	}
	if fields := got.fields("Content-Transfer-Encoding"); slices.Contains(fields, "base64") {
		t.Errorf("Content-Transfer-Encoding: got %q, want none of a file", fields)
	}
}

func TestSampleSettings(t *testing.T) {
	wantBadSettings(t, "sample", []badSetting{
		{"no list", "charsets", `"big5"`, "charsets: a list expected"},
		{"an empty word", "subject_words", `{ "x", "" }`, "subject_words: entry 2: a text expected"},
		{"a number", "mailers", `{ 5 }`, "mailers: entry 1: a text expected"},
		{"extensions", "extensions", `{ 7 }`, `extensions: entry 1 (7) is not like "exe"`},
	})
}

func TestTemplate(t *testing.T) {
	r := newFilter(t, "template", map[string]string{"spy": `"spy@example.com"`})
	got := r.put(testMail{text: attached(part("Content-Type: image/png; name=\"a b.png\""))})
	got.wants(t, "accept, changed")
	if got, want := got.envelope(), "a@example.org -> b@example.net spy@example.com"; got != want {
		t.Errorf("envelope: got %q, want %q", got, want)
	}
	for _, line := range []string{
		"msg=connect", "msg=helo", "msg=mail", "msg=rcpt", `name="a b.png"`, "type=image/png", `subject="a mail"`, "headers=4",
	} {
		r.wantLog(line)
	}
	// The end of the connection is not waited for by the one who ends it.
	for end := time.Now().Add(patience); !strings.Contains(r.log.String(), "msg=close") && time.Now().Before(end); {
		time.Sleep(time.Millisecond)
	}
	r.wantLog("msg=close")

	// As shipped it sends nobody a copy.
	newFilter(t, "template", nil).put(testMail{text: "From: x@example.org\n\ntext\n"}).wants(t, "accept, unchanged")
	wantBadSettings(t, "template", []badSetting{
		{"no address", "spy", `"spy"`, `spy: an address expected, or ""`},
		{"two addresses", "spy", `"a@b.example>, <c@d.example"`, `spy: an address expected, or ""`},
		{"nil", "spy", `nil`, `spy: an address expected, or ""`},
	})
}

func TestTemplateHelo(t *testing.T) {
	r := newFilter(t, "template", nil)
	for name, want := range map[string]string{
		"localhost": "reject at helo: 550-5.7.1 HELO with the full name of your host\n    550 5.7.1 it has a dot",
		"mx.test":   "accept, unchanged",
	} {
		if got := replayed(t, r, "--helo", name); got != want {
			t.Errorf("HELO %s: got %q, want %q", name, got, want)
		}
	}
}

// TestTemplateConnections has ten connections at once, whose fields of msg and conn are not mixed up.
func TestTemplateConnections(t *testing.T) {
	r := newFilter(t, "template", nil)
	var wg sync.WaitGroup
	for i := range 10 {
		wg.Go(func() {
			fields := strings.Repeat("X-Field: x\n", i)
			r.put(testMail{text: fmt.Sprintf("Subject: mail %d\n%s\ntext\n", i, fields)}).wants(t, "accept, unchanged")
		})
	}
	wg.Wait()
	for i := range 10 {
		r.wantLog(fmt.Sprintf("headers=%d subject=\"mail %d\"", i+1, i))
	}
}
