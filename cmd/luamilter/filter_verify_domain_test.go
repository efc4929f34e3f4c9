package main

import (
	"slices"
	"strings"
	"testing"
)

const ownDomains = "# ours\nexample.org\nexample.net OK\n\nxn--bcher-kva.example\n"

// TestVerifyDomainReadsFrom has the forms of From that decide whose domain stands in it.
func TestVerifyDomainReadsFrom(t *testing.T) {
	f := newFilter(t, "verify_domain", nil, "domains.txt", ownDomains)
	const passes = "accept, unchanged"
	for _, c := range []struct {
		name   string
		header string
		bad    string // the address that the refusal names; "" if it passes
	}{
		{"an address", "From: joe@example.org\n", ""},
		{"a name and an address", "From: Joe <joe@example.org>\n", ""},
		{"another domain", "From: Joe <joe@bank.example>\n", "joe@bank.example"},
		{"a domain below", "From: joe@a.b.example.org\n", ""},
		{"a domain above", "From: joe@org\n", "joe@org"},
		{"a domain that ends the same way", "From: joe@evil-example.org\n", "joe@evil-example.org"},
		{"a domain that begins the same way", "From: joe@example.org.evil.example\n", "joe@example.org.evil.example"},
		{"upper case, white space, a dot at the end", "FROM:  Joe < joe@EXAMPLE.Net. >\n", ""},
		{"a value in the list", "From: joe@example.net\n", ""},
		{"an international domain", "From: joe@Bücher.example\n", ""},
		{"a name in encoded words", "From: =?utf-8?q?J=C3=B6rg?= <joe@example.org>\n", ""},
		{"a name in encoded words, another domain", "From: =?utf-8?q?joe=40example.org?= <joe@bank.example>\n", "joe@bank.example"},
		{"all in encoded words", "From: =?utf-8?q?Joe_=3Cjoe=40bank.example=3E?=\n", "joe@bank.example"},
		{"an address in encoded words, beside ours", "From: joe@example.org, =?utf-8?q?joe=40bank.example?=\n", "joe@bank.example"},
		{"an address in two encoded words", "From: =?utf-8?q?joe=40bank?= =?utf-8?q?.example?=\n", "joe@bank.example"},
		{"a name in place of an address", "From: joe@bank.example <>\n", "joe@bank.example"},
		{"a name that looks like ours", "From: \"joe@example.org\" <joe@bank.example>\n", "joe@bank.example"},
		{"a comment that looks like ours", "From: joe@bank.example (joe@example.org)\n", "joe@bank.example"},
		{"a quoted local part with an at-sign", "From: \"joe@example.org\"@bank.example\n", `"joe@example.org"@bank.example`},
		{"a source route", "From: <@example.org:joe@bank.example>\n", "joe@bank.example"},
		{"an address literal", "From: joe@[192.0.2.1]\n", "joe@[192.0.2.1]"},
		{"several addresses, all ours", "From: joe@example.org, ann@example.net\n", ""},
		{"several addresses, the first is ours", "From: joe@example.org, ann@bank.example\n", "ann@bank.example"},
		{"several addresses, the last is ours", "From: ann@bank.example, joe@example.org\n", "ann@bank.example"},
		{"two fields", "From: joe@example.org\nFrom: ann@bank.example\n", "ann@bank.example"},
		{"a group", "From: staff: joe@example.org, ann@bank.example;\n", "ann@bank.example"},
		{"an empty group", "From: undisclosed:;\n", ""},
		{"folded", "From:\n Joe\n\t<joe@bank.example>\n", "joe@bank.example"},
		{"no bracket at the end", "From: Joe <joe@bank.example\n", "joe@bank.example"},
		{"the null address", "From: <>\n", ""},
		{"no domain", "From: joe\n", ""},
		{"no From", "Subject: x\n", ""},
		{"an empty From", "From:\n", ""},
		{"a Sender that is ours counts", "Sender: list@example.org\nFrom: ann@bank.example\n", ""},
		{"a Sender that is not ours counts", "From: joe@example.org\nSender: list@bank.example\n", "list@bank.example"},
		{"bytes that no reply may have", "From: <joe@b\x01\x7fnk.example>\n", "joe@b??nk.example"},
		{"an address behind 10,000 others", "From: " + strings.Repeat("a,", 10000) + "\n joe@bank.example\n", "(more?than?10000?addresses)"},
		{"a very long domain", "From: joe@" + strings.Repeat("a.", 30000) + "example.org\n", ("joe@" + strings.Repeat("a.", 150))[:255]},
	} {
		t.Run(c.name, func(t *testing.T) {
			want := passes
			if c.bad != "" {
				want = "reject at eoh: 554 5.7.0 Reject Queue-ID: REPLAY - RFC5322 from address: <" + c.bad + ">"
			}
			f.put(testMail{text: c.header + "To: b@example.net\n\ntext\n"}).wants(t, want)
		})
	}
}

func TestVerifyDomainModes(t *testing.T) {
	const ours, theirs = "From: joe@example.org\n\ntext\n", "From: ann@bank.example\n\ntext\n"
	const passes = "accept, unchanged"
	refused := func(address string) string {
		return "reject at eoh: 554 5.7.0 Reject Queue-ID: REPLAY - RFC5322 from address: <" + address + ">"
	}
	for _, c := range []struct {
		name     string
		settings map[string]string
		sender   string
		text     string
		want     string
	}{
		{"opposite refuses ours", map[string]string{"opposite": "true"}, "", ours, refused("joe@example.org")},
		{"opposite lets others in", map[string]string{"opposite": "true"}, "", theirs, passes},
		{"opposite, one of two", map[string]string{"opposite": "true"}, "",
			"From: ann@bank.example, joe@example.org\n\ntext\n", refused("joe@example.org")},
		{"opposite, a domain below ours that is longer than domains are", map[string]string{"opposite": "true"}, "",
			"From: joe@" + strings.Repeat("a.", 150) + "example.org\n\ntext\n", refused(("joe@" + strings.Repeat("a.", 150))[:255])},
		{"opposite, more than one dot at the end", map[string]string{"opposite": "true"}, "",
			"From: joe@example.org..\n\ntext\n", refused("joe@example.org..")},
		{"by address, listed", map[string]string{"by_address": "true", "domains": `"people.txt"`}, "",
			"From: <JOE@example.org>\n\ntext\n", passes},
		{"by address, another of that domain", map[string]string{"by_address": "true", "domains": `"people.txt"`}, "",
			"From: ann@example.org\n\ntext\n", refused("ann@example.org")},
		{"alignment alone", map[string]string{"domains": "nil", "sender_alignment": "true"}, "x@bank.example", theirs, passes},
		{"alignment alone, another domain", map[string]string{"domains": "nil", "sender_alignment": "true"}, "x@example.org", theirs,
			"reject at eoh: 554 5.7.0 Reject: Domain in From: header ann@bank.example does not match envelope sender x@example.org"},
		{"alignment by address", map[string]string{"domains": "nil", "sender_alignment": "true", "by_address": "true"},
			"x@bank.example", theirs,
			"reject at eoh: 554 5.7.0 Reject: Email address in From: header ann@bank.example does not match envelope sender x@bank.example"},
		{"alignment of a bounce", map[string]string{"domains": "nil", "sender_alignment": "true"}, "<>", theirs, passes},
		{"alignment with what is no address", map[string]string{"domains": "nil", "sender_alignment": "true"},
			"x@bank.example,y@bank.example", theirs, "reject at eoh: 554 5.7.0 Reject: Domain in From: header " +
				"ann@bank.example does not match envelope sender x@bank.example,y@bank.example"},
		{"alignment and the list", map[string]string{"sender_alignment": "true"}, "x@bank.example", theirs, refused("ann@bank.example")},
		{"accept", map[string]string{"action": `"accept"`}, "", theirs, passes},
		{"test", map[string]string{"test": "true"}, "", theirs, passes},
		{"test of fix", map[string]string{"test": "true", "fix": "true"}, "", theirs, passes},
		{"quarantine", map[string]string{"action": `"quarantine"`}, "", theirs,
			"accept, in quarantine: Reject Queue-ID: REPLAY - RFC5322 from address: <ann@bank.example>"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := newFilter(t, "verify_domain", c.settings, "domains.txt", ownDomains, "people.txt", "joe@example.org\n")
			f.put(testMail{from: c.sender, text: c.text}).wants(t, c.want)
			if strings.Contains(c.name, "accept") || strings.Contains(c.name, "test") {
				f.wantLog(`msg="verify domain"`)
				f.wantLog("from=ann@bank.example")
			}
		})
	}
}

func TestVerifyDomainFix(t *testing.T) {
	f := newFilter(t, "verify_domain", map[string]string{"fix": "true"}, "domains.txt", ownDomains)
	for _, c := range []struct {
		name, sender, header   string
		from, replyTo, senders []string
	}{
		{"nothing to fix", "joe@example.org", "From: Joe <joe@example.org>\n", []string{"Joe <joe@example.org>"}, nil, nil},
		{"From becomes MAIL FROM", "joe@example.org", "From: \"B, Ann\" <ann@bank.example>\n",
			[]string{"<joe@example.org>"}, []string{`"B, Ann" <ann@bank.example>`}, nil},
		{"a Reply-To stays", "joe@example.org", "From: ann@bank.example\nReply-To: x@y.example\n",
			[]string{"<joe@example.org>"}, []string{"x@y.example"}, nil},
		{"of several From one is left", "joe@example.org", "From: ann@bank.example\nFrom: joe@example.org\nFrom: eve@bank.example\n",
			[]string{"<joe@example.org>"}, []string{"ann@bank.example, joe@example.org, eve@bank.example"}, nil},
		{"a bad Sender goes", "joe@example.org", "Sender: ann@bank.example\nFrom: joe@example.org\n",
			[]string{"<joe@example.org>"}, []string{"joe@example.org"}, nil},
		{"a bounce stays as it is", "<>", "From: ann@bank.example\n", []string{"ann@bank.example"}, nil, nil},
		{"MAIL FROM without a domain stays out", "joe", "From: ann@bank.example\n", []string{"ann@bank.example"}, nil, nil},
		{"what can't be sent again", "joe@example.org", "From: x\r y <ann@bank.example>\n",
			[]string{"<joe@example.org>"}, []string{"x y <ann@bank.example>"}, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := f.put(testMail{from: c.sender, text: c.header + "\ntext\n"})
			for _, field := range []struct {
				name string
				want []string
			}{{"From", c.from}, {"Reply-To", c.replyTo}, {"Sender", c.senders}} {
				if values := got.fields(field.name); !slices.Equal(values, field.want) {
					t.Errorf("%s: got %q, want %q", field.name, values, field.want)
				}
			}
		})
	}
	f.wantLog(`msg="From can't be fixed"`)

	huge := f.put(testMail{from: "joe@example.org", text: "From: " + strings.Repeat("ann@bank.example, ", 5000) + "\n\ntext\n"})
	if got := strings.Count(strings.Join(huge.fields("Reply-To"), ""), "ann@bank.example"); got != 20 {
		t.Errorf("Reply-To of a huge From has %d addresses, want 20", got)
	}
}

func TestVerifyDomainRefusesSettings(t *testing.T) {
	wantBadSettings(t, "verify_domain", []badSetting{
		{"nothing to do", "domains", "nil", "nothing to verify"},
		{"no such file", "domains", `"none.txt"`, "none.txt"},
		{"opposite is a word", "opposite", `"yes"`, "opposite must be true or false"},
		{"an unknown action", "action", `"discard"`, "action must be"},
		{"fix and opposite", "fix", "true\nopposite = true", "fix and opposite exclude each other"},
	}, "domains.txt", ownDomains)
}
