package main

import (
	"strings"
	"testing"
)

func TestBlockCharsets(t *testing.T) {
	f := newFilter(t, "block_charsets", map[string]string{
		"blocked": `{ "big5*", "GB2312", "iso-2022-*" }`, "internal": `{ "10.0.0.0/8" }`,
	})
	const passes = "accept, unchanged"
	refused := func(charset string) string {
		return "reject at eoh: 550 5.7.1 nobody here reads mail in the character set " + charset
	}
	for _, c := range []struct{ name, header, want string }{
		{"in Subject", "Subject: =?big5?B?p0+mbw==?=\n", refused("big5")},
		{"in upper case", "SUBJECT: =?BIG5?b?p0+mbw==?=\n", refused("BIG5")},
		{"behind other text", "Subject: Hello =?gb2312?Q?=C4=E3?=\n", refused("gb2312")},
		{"behind another charset", "Subject: =?utf-8?q?x?= =?gb2312?Q?=C4=E3?=\n", refused("gb2312")},
		{"in a later line", "Subject: one\n =?gb2312?Q?=C4=E3?=\n", refused("gb2312")},
		{"in From", "From: =?iso-2022-jp?B?GyRCGyhC?= <a@example.org>\n", refused("iso-2022-jp")},
		{"with a language", "Subject: =?big5*zh-tw?B?p0+mbw==?=\n", refused("big5")},
		{"a longer name", "Subject: =?big5-hkscs?B?p0+mbw==?=\n", refused("big5-hkscs")},
		{"with spaces, as some read it", "Subject: =? gb2312 ? Q ?=C4=E3?=\n", refused("gb2312")},
		{"of the message", "Content-Type: text/plain; charset=\"GB2312\"\n", refused("GB2312")},
		{"of the message, in a folded field", "Content-Type: text/plain;\n\tcharset=big5\n", refused("big5")},
		{"of the message, given twice", "Content-Type: text/plain; charset=utf-8; charset=big5\n", refused("big5")},
		{"of the message, as RFC 2231", "Content-Type: text/plain; charset*=us-ascii''big5\n", refused("big5")},
		{"the longest name", "Subject: =?big5" + strings.Repeat("\x01", 100) + "?B?p0+mbw==?=\n", refused("big5" + strings.Repeat("?", 36))},

		{"UTF-8", "Subject: =?utf-8?B?5L2g5aW9?=\nContent-Type: text/plain; charset=utf-8\n", passes},
		{"a longer name without *", "Subject: =?gb23120?Q?x?=\n", passes},
		{"a name that ends the same way", "Subject: =?xbig5?Q?x?=\n", passes},
		{"no encoded word", "Subject: how to read big5 or =?big5?X?x?= or big5?B?x?=\n", passes},
		{"in another field", "X-Old: =?big5?B?p0+mbw==?=\n", passes},
		{"another parameter", "Content-Type: text/plain; name=big5\n", passes},
		{"nothing", "To: b@example.net\n", passes},
		{"a Subject of beginnings", "Subject: " + strings.Repeat("=?", 40000) + "\n", passes},
		{"a Subject of names", "Subject: " + strings.Repeat("=?x*y?q", 10000) + "\n", passes},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := testMail{text: c.header + "\ntext\n"}
			f.put(m).wants(t, c.want)
			m.ip = "10.0.0.5"
			f.put(m).wants(t, "accept at mail, unchanged")
			m.ip, m.macros = "", []string{"{auth_authen}", "joe"}
			f.put(m).wants(t, "accept at mail, unchanged")
		})
	}
}

func TestBlockCharsetsRefusesSettings(t *testing.T) {
	wantBadSettings(t, "block_charsets", []badSetting{
		{"an empty list", "blocked", "{}", "blocked is empty"},
		{"anything", "blocked", `{ "big5", "*" }`, "blocked[2] is no charset"},
		{"a field that is no text", "fields", "{ 5 }", "fields[1] is no name"},
		{"a number", "blocked", "{ 5 }", "blocked[1] is no charset"},
	})
}
