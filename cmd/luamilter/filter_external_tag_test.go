package main

import (
	"mime"
	"slices"
	"strings"
	"testing"
)

func TestExternalTag(t *testing.T) {
	plain := newFilter(t, "external_tag", map[string]string{"internal": `{ "10.0.0.0/8", "*.corp.example" }`})
	accent := newFilter(t, "external_tag", map[string]string{"tag": `"[ÄUSSEN]"`})
	for _, c := range []struct {
		name   string
		filter *filterRig
		mail   testMail
		want   []string // the Subject fields, decoded
	}{
		{"a plain one", plain, testMail{text: "Subject: invoice\n\ntext\n"}, []string{"[EXT] invoice"}},
		{"without space", plain, testMail{text: "SUBJECT:invoice\n\ntext\n"}, []string{"[EXT] invoice"}},
		{"none", plain, testMail{text: "From: a@example.org\n\ntext\n"}, []string{"[EXT]"}},
		{"an empty one", plain, testMail{text: "Subject:\n\ntext\n"}, []string{"[EXT] "}},
		{"an encoded one", plain, testMail{text: "Subject: =?iso-8859-1?q?Gr=FC=DFe?=\n\ntext\n"}, []string{"[EXT] Grüße"}},
		{"a folded one", plain, testMail{text: "Subject: one\n two\n\ntext\n"}, []string{"[EXT] one two"}},
		{"an answer", plain, testMail{text: "Subject: Re: AW: [EXT] invoice\n\ntext\n"}, []string{"Re: AW: [EXT] invoice"}},
		{"the tag where nobody sees it", plain, testMail{text: "Subject: invoice " + strings.Repeat("x", 80) + "[EXT]\n\ntext\n"},
			[]string{"[EXT] invoice " + strings.Repeat("x", 80) + "[EXT]"}},
		{"several", plain, testMail{text: "Subject: one\nTo: x@y.example\nSubject: [EXT] two\nsubject: three\n\ntext\n"},
			[]string{"[EXT] one", "[EXT] two", "[EXT] three"}},
		{"control characters", plain, testMail{text: "Subject: a\rb\x01\n\ntext\n"}, []string{"[EXT] a\rb\x01"}},
		{"control characters that are encoded", plain, testMail{text: "Subject: =?utf-8?q?a=0D=0ABcc:_x?=\n\ntext\n"},
			[]string{"[EXT] a\r\nBcc: x"}},
		{"8-bit text", plain, testMail{text: "Subject: Gr\xfc\xdfe\n\ntext\n"}, []string{"[EXT] Grüße"}},
		{"a tag that is not ASCII", accent, testMail{text: "Subject: invoice\n\ntext\n"}, []string{"[ÄUSSEN] invoice"}},
		{"a tag that is not ASCII alone", accent, testMail{text: "To: x@y.example\n\ntext\n"}, []string{"[ÄUSSEN]"}},
		{"a user who has logged in", plain, testMail{macros: []string{"{auth_authen}", "joe"}, text: "Subject: x\n\ntext\n"}, []string{"x"}},
		{"an internal client", plain, testMail{ip: "10.1.2.3", text: "Subject: x\n\ntext\n"}, []string{"x"}},
		{"an internal client by name", plain, testMail{hostname: "pc.corp.example", text: "Subject: x\n\ntext\n"}, []string{"x"}},
		{"a name that ends the same way", plain, testMail{hostname: "evilcorp.example", text: "Subject: x\n\ntext\n"}, []string{"[EXT] x"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := c.filter.put(c.mail)
			var subjects []string
			for _, value := range got.fields("Subject") {
				if strings.ContainsAny(value, "\r") && strings.Contains(value, "[EXT]") {
					t.Errorf("sent: %q", value)
				}
				decoded, err := new(mime.WordDecoder).DecodeHeader(strings.ReplaceAll(value, "\n ", " "))
				if err != nil {
					t.Error(err)
				}
				subjects = append(subjects, decoded)
			}
			if !slices.Equal(subjects, c.want) {
				t.Errorf("got %q, want %q", subjects, c.want)
			}
			if got.Body != "text\n" {
				t.Errorf("body: got %q", got.Body)
			}
		})
	}
}

// TestExternalTagOfAHugeSubject: padding does not keep the tag away.
func TestExternalTagOfAHugeSubject(t *testing.T) {
	f := newFilter(t, "external_tag", nil)
	for name, subject := range map[string]string{
		"ASCII":         strings.Repeat("x", 90000),
		"UTF-8":         "x" + strings.Repeat("ü", 45000),
		"bytes":         strings.Repeat("\xfc", 90000),
		"continuations": strings.Repeat("\x80", 90000),
		"encoded":       strings.Repeat("=?utf-8?q?=F0=9F=98=80?= ", 3500),
	} {
		t.Run(name, func(t *testing.T) {
			got := f.put(testMail{text: "Subject: " + subject + "\n\ntext\n"})
			got.wants(t, "accept, changed")
			if s := got.fields("Subject"); len(s) != 1 || !strings.HasPrefix(s[0], "[EXT]") {
				t.Errorf("got %.80q", s)
			}
		})
	}
}

func TestExternalTagRefusesSettings(t *testing.T) {
	wantBadSettings(t, "external_tag", []badSetting{
		{"an empty tag", "tag", `""`, "tag must be"},
		{"a tag of two lines", "tag", `"a\nb"`, "tag must be"},
		{"a tag that is no text", "tag", "5", "tag must be"},
		{"a tag in another charset", "tag", `"[\196USSEN]"`, "tag is not UTF-8"},
		{"a broken range", "internal", `{ "10.0.0.1/8" }`, `"10.0.0.1/8"`},
	})
}
