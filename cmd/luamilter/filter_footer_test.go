package main

import (
	"slices"
	"strings"
	"testing"
)

func TestFooter(t *testing.T) {
	r := newFilter(t, "footer", map[string]string{"text": `"-- \nExample Ltd\n"`, "outgoing": `{ "10.0.0.0/8", "::1" }`})
	const plain = "From: x@example.org\n\nhello\n"
	user := []string{"{auth_authen}", "joe"}
	for _, c := range []struct {
		name    string
		mail    testMail
		want    string // the body; "" if the mail stays as it is
		verdict string // and then
	}{
		{"of a user", testMail{macros: user, text: plain}, "hello\n-- \nExample Ltd\n", ""},
		{"of an internal client", testMail{ip: "10.1.2.3", text: plain}, "hello\n-- \nExample Ltd\n", ""},
		{"of an internal client with IPv6", testMail{ip: "::1", text: plain}, "hello\n-- \nExample Ltd\n", ""},
		{"of somebody else", testMail{ip: "192.0.2.7", text: plain}, "", "accept at mail, unchanged"},
		{"a bounce", testMail{macros: user, from: "<>", text: plain}, "", "accept at mail, unchanged"},
		{"one that has a footer", testMail{macros: user, text: "X-footer-Added: yes\n" + plain}, "", "accept, unchanged"},
		{"no text", testMail{macros: user, text: "From: x@example.org\n\n"}, "-- \nExample Ltd\n", ""},
		{"HTML", testMail{macros: user, text: "From: x@example.org\nContent-Type: text/html\n\n<body><p>a</BODY>\n"},
			"<body><p>a<p>-- <br>\nExample Ltd</p>\n</BODY>\n", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := r.put(c.mail)
			if c.want == "" {
				got.wants(t, c.verdict)
				return
			}
			got.wants(t, "accept, changed")
			if got.Body != c.want {
				t.Errorf("got body %q, want %q", got.Body, c.want)
			}
			if fields := got.fields("X-Footer-Added"); !slices.Equal(fields, []string{"yes"}) {
				t.Errorf("got marker %q, want one", fields)
			}
			again := c.mail
			again.text = got.Text()
			r.put(again).wants(t, "accept, unchanged")
		})
	}
}

// TestFooterKeepsSignatures has a signed mail, whose parts stay as they are.
func TestFooterKeepsSignatures(t *testing.T) {
	signed := "Content-Type: text/plain\n\n" + kept
	text := "From: x@example.org\nMIME-Version: 1.0\nContent-Type: multipart/signed; micalg=pgp-sha256; boundary=b1\n\n--b1\n" +
		signed + "\n--b1\nContent-Type: application/pgp-signature\n\nsignature\n--b1--\n"
	got := newFilter(t, "footer", map[string]string{"marker": `""`}).put(testMail{ip: "127.0.0.1", text: text})
	got.wants(t, "accept, changed")
	if !strings.Contains(got.Text(), "--b1\n"+signed+"\n--b1\n") || !strings.Contains(got.Text(), "Example Ltd") {
		t.Errorf("got %s, want the signed part unchanged, and a footer", got.Text())
	}
	if fields := got.fields("Content-Type"); len(fields) != 1 || !strings.HasPrefix(fields[0], "multipart/mixed") {
		t.Errorf("Content-Type: got %q, want multipart/mixed", fields)
	}
	if fields := got.fields("X-Footer-Added"); fields != nil {
		t.Errorf("got marker %q, want none", fields)
	}
}

func TestFooterInHTML(t *testing.T) {
	alternative := attached("Content-Type: text/html; charset=utf-8\n\n<p>text</p>")
	got := newFilter(t, "footer", map[string]string{"text": `"Grüße\n"`, "html": `"<hr>Gr&uuml;&szlig;e"`}).put(
		testMail{ip: "127.0.0.1", text: alternative})
	got.wants(t, "accept, changed")
	for _, want := range []string{"Gr=C3=BC=C3=9Fe", "<p>text</p><hr>Gr&uuml;&szlig;e"} {
		if !strings.Contains(got.Text(), want) {
			t.Errorf("no %q in %s", want, got.Text())
		}
	}
}

func TestFooterSettings(t *testing.T) {
	wantBadSettings(t, "footer", []badSetting{
		{"no footer", "text", `""`, "text: a footer expected"},
		{"no HTML", "html", `nil`, "html: a text expected"},
		{"a broken range", "outgoing", `{ "10.0.0.0/33" }`, "10.0.0.0/33"},
		{"no list", "outgoing", `"10.0.0.0/8"`, "outgoing: a list expected"},
		{"no field name", "marker", `"X Footer"`, "marker: a field name expected"},
	})
}
