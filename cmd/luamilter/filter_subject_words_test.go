package main

import (
	"strings"
	"testing"
)

func TestSubjectWords(t *testing.T) {
	f := newFilter(t, "subject_words", map[string]string{
		"words": `{ "casino", "you have won", "prämie", "c++" }`, "parts": `{ "v1agra" }`, "exact": `{ "$$$", "XXX" }`,
		"reply": `"no, thank you"`, "internal": `{ "10.0.0.0/8" }`,
	})
	const (
		passes  = "accept, unchanged"
		refused = "reject at eoh: 550 5.7.1 no, thank you"
	)
	for _, c := range []struct{ name, header, want string }{
		{"a word", "Subject: our casino is open\n", refused},
		{"a word alone", "subject: Casino\n", refused},
		{"a word at the end", "Subject: the CASINO!\n", refused},
		{"inside of another word", "Subject: casinos, Cassino\n", passes},
		{"beside a letter that is not ASCII", "Subject: écasino\n", passes},
		{"with underscores", "Subject: _casino_\n", refused},
		{"a phrase", "Subject: now YOU\n have\twon\n", refused},
		{"a phrase in pieces", "Subject: you may have won\n", passes},
		{"a phrase with other spaces", "Subject: =?utf-8?q?you=C2=A0=C2=A0have=E2=80=8B_won?=\n", refused},
		{"letters that are not ASCII, in upper case", "Subject: =?iso-8859-1?q?PR=C4MIE?=\n", refused},
		{"a word of a pattern's characters", "Subject: learn C++ now\n", refused},
		{"it is no pattern", "Subject: learn ccc now\n", passes},
		{"a part", "Subject: superV1AGRAnow\n", refused},
		{"an exact one", "Subject: make $$$ fast\n", refused},
		{"an exact one in another case", "Subject: xxx\n", passes},
		{"an encoded one", "Subject: =?utf-8?b?Y2FzaW5v?=\n", refused},
		{"an encoded one in two halves", "Subject: =?utf-8?q?cas?= =?utf-8?q?ino?=\n", refused},
		{"characters that nobody sees", "Subject: =?utf-8?q?ca=C2=ADsi=E2=80=8Bn=EF=BB=BFo?=\n", refused},
		{"the second Subject", "Subject: hello\nSubject: casino\n", refused},
		{"another field", "X-Subject: casino\nFrom: casino@example.org\n", passes},
		{"no Subject", "To: b@example.net\n", passes},
		{"an empty Subject", "Subject:\n", passes},
		{"a Subject of broken bytes", "Subject: \xff\xfe=?utf-8?b?\xff\xff?= =?x?y?z?=\n", passes},
		{"behind a lot of text", "Subject: " + strings.Repeat("casin ", 10000) + "casino\n", refused},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := testMail{text: c.header + "\ncasino\n"}
			f.put(m).wants(t, c.want)
			m.ip = "10.0.0.5"
			f.put(m).wants(t, "accept at mail, unchanged")
			m.ip, m.macros = "", []string{"{auth_authen}", "joe"}
			f.put(m).wants(t, "accept at mail, unchanged")
		})
	}
	f.wantLog("found=V1AGRA")
}

func TestSubjectWordsMayLeaveListsEmpty(t *testing.T) {
	f := newFilter(t, "subject_words", map[string]string{"words": "{}", "parts": "{}"})
	f.put(testMail{text: "Subject: casino\n\ntext\n"}).wants(t, "accept, unchanged")
	f.put(testMail{text: "Subject: buy!!!\n\ntext\n"}).wants(t, "reject at eoh: 550 5.7.1 the subject of your mail looks like spam")
}

func TestSubjectWordsRefusesSettings(t *testing.T) {
	wantBadSettings(t, "subject_words", []badSetting{
		{"an empty word", "words", `{ "casino", "" }`, "words[2] is no text"},
		{"a number", "exact", "{ 5 }", "exact[1] is no text"},
	})
	got := filterError(t, "subject_words", map[string]string{"words": "{}", "parts": "{}", "exact": "{}"})
	if !strings.Contains(got, "words, parts and exact are all empty") {
		t.Errorf("got %q", got)
	}
}
