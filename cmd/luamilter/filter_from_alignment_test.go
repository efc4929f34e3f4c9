package main

import (
	"strings"
	"testing"
)

func TestFromAlignment(t *testing.T) {
	relaxed := newFilter(t, "from_alignment", nil)
	strict := newFilter(t, "from_alignment", map[string]string{"strict": "true"})
	listed := newFilter(t, "from_alignment", map[string]string{"also_from": `{ "Bücher.example" }`})
	const (
		passes   = "accept, unchanged"
		notAsked = "accept at mail, unchanged"
		refused  = "reject at eoh: 550 5.7.1 "
		bank     = refused + "From domain bank.example does not match MAIL FROM domain example.org"
	)
	for _, c := range []struct {
		name   string
		filter *filterRig
		sender string
		header string
		want   string
	}{
		{"the same domain", relaxed, "joe@example.org", "From: Joe <joe@example.org>\n", passes},
		{"case and a dot at the end are nothing", strict, "joe@Example.ORG", "from: joe@eXample.org.\n", passes},
		{"another domain", relaxed, "joe@example.org", "From: ceo@bank.example\n", bank},
		{"another that ends the same way", relaxed, "joe@example.org", "From: joe@evil-example.org\n",
			refused + "From domain evil-example.org does not match MAIL FROM domain example.org"},
		{"one below it, relaxed", relaxed, "joe@example.org", "From: joe@news.example.org\n", passes},
		{"one beside it, relaxed", relaxed, "joe@a.example.org", "From: joe@b.example.org\n", passes},
		{"one below it, strict", strict, "joe@example.org", "From: joe@news.example.org\n",
			refused + "From domain news.example.org does not match MAIL FROM domain example.org"},
		{"two below a public suffix", relaxed, "joe@one.co.uk", "From: joe@two.co.uk\n",
			refused + "From domain two.co.uk does not match MAIL FROM domain one.co.uk"},
		{"an international name and its ASCII form", strict, "joe@xn--bcher-kva.example", "From: joe@bücher.example\n", passes},
		{"a domain that may always be used", listed, "joe@example.org", "From: joe@xn--bcher-kva.example\n", passes},
		{"its neighbour may not", listed, "joe@example.org", "From: joe@a.xn--bcher-kva.example\n",
			refused + "From domain a.xn--bcher-kva.example does not match MAIL FROM domain example.org"},
		{"bounces", relaxed, "<>", "From: ceo@bank.example\n", notAsked},

		{"a name that has our domain", relaxed, "joe@example.org", `From: "joe@example.org" <ceo@bank.example>` + "\n", bank},
		{"a comment that has our domain", relaxed, "joe@example.org", "From: ceo@bank.example (joe@example.org)\n", bank},
		{"a source route by our domain", relaxed, "joe@example.org", "From: <@example.org:ceo@bank.example>\n", bank},
		{"folded", relaxed, "joe@example.org", "From:\n Joe\n\t<ceo@bank.example>\n", bank},
		{"two addresses", relaxed, "joe@example.org", "From: joe@example.org, ceo@bank.example\n",
			refused + "From needs one address, this one has 2"},
		{"two without a comma", relaxed, "joe@example.org", "From: <joe@example.org> <ceo@bank.example>\n",
			refused + "From needs one address, this one has 2"},
		{"two fields", relaxed, "joe@example.org", "From: joe@example.org\nFROM: ceo@bank.example\n",
			refused + "a mail needs one From field, this one has 2"},
		{"no field", relaxed, "joe@example.org", "Subject: From: joe@example.org\n",
			refused + "a mail needs one From field, this one has none"},
		{"an empty field", relaxed, "joe@example.org", "From:\n", refused + "From needs one address, this one has none"},
		{"a group", relaxed, "joe@example.org", "From: staff: joe@example.org;\n",
			refused + "From must not have a group of addresses"},
		{"an empty group", relaxed, "joe@example.org", "From: undisclosed:;\n",
			refused + "From needs one address, this one has none"},
		{"an encoded address", relaxed, "joe@example.org", "From: =?utf-8?q?ceo=40bank.example?=\n",
			refused + "From <=?utf-8?q?ceo=40bank.example?=> and MAIL FROM <joe@example.org> need a domain each"},
		{"an address in an encoded word without being encoded", relaxed, "joe@example.org",
			"From: =?utf-8?q?<ceo@bank.example>?= <joe@example.org>\n", refused + "From has a bracket in an encoded word"},
		{"a comma in an encoded word without being encoded", relaxed, "joe@example.org",
			"From: =?utf-8?q?Doe,_Joe?= <joe@example.org>\n", passes},
		{"no domain in MAIL FROM", relaxed, "joe", "From: joe\n",
			refused + "From <joe> and MAIL FROM <joe> need a domain each"},
		{"an at-sign in a quoted local part of MAIL FROM", relaxed, `"x@bank.example"@example.org`, "From: ceo@bank.example\n", bank},
		{"bytes that no reply may have", relaxed, "joe@example.org", "From: <ceo@b\x01\xff\x7fnk.example>\n",
			refused + "From domain b????nk.example does not match MAIL FROM domain example.org"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := testMail{from: c.sender, macros: []string{"{auth_authen}", "joe"}, text: c.header + "To: b@example.net\n\ntext\n"}
			c.filter.put(m).wants(t, c.want)
			m.macros = nil
			c.filter.put(m).wants(t, notAsked)
		})
	}
}

func TestFromAlignmentOfAHugeFrom(t *testing.T) {
	f := newFilter(t, "from_alignment", nil)
	text := "From: " + strings.Repeat("a@example.org, ", 4000) + "\n <ceo@bank.example>\n\ntext\n"
	f.put(testMail{from: "joe@example.org", macros: []string{"{auth_authen}", "joe"}, text: text}).
		wants(t, "reject at eoh: 550 5.7.1 From needs one address, this one has 4001")
}

func TestFromAlignmentRefusesSettings(t *testing.T) {
	wantBadSettings(t, "from_alignment", []badSetting{
		{"strict is a word", "strict", `"yes"`, "strict must be true or false"},
		{"also_from is a text", "also_from", `"x.example"`, "also_from must be a list of domains"},
		{"also_from has what is no domain", "also_from", `{ "a b" }`, `also_from: "a b"`},
	})
}
