package engine

import (
	"regexp"
	"strings"
	"testing"
)

func TestMatches(t *testing.T) {
	e := &Entry{Kind: EntryMessage, ID: "4Q1xyz", Connection: "S5YYVM-2f", Client: "mx.example[192.0.2.1]", Helo: "helo.example",
		Sender: "Bob@spam.example", Recipients: []string{"a@example.org", "b@example.net"}, Verdict: "reject", Stage: "mail",
		Reply: "550 5.7.1 not here", Line: "/etc/luamilter/filter.lua:12"}
	for text, want := range map[string]bool{
		"sender=*@spam.example": true, "sender=bob@SPAM.example": true, "sender=<bob@spam.example>": true, "sender=spam.example": false,
		"sender=": false, "sender=*": true, "sender!=*@spam.example": false, "sender!=x": true,
		"recipient=b@*": true, "recipient=c@*": false, "recipient!=c@*": true, "recipient!=b@*": false,
		"verdict=reject": true, "verdict=REJECT": true, "verdict=rej": false, "stage=mail": true, "reply=550*": true,
		"line=filter.lua:12": true, "line=filter.lua": true, "line=luamilter/filter.lua:12": true, "line=/etc/luamilter/filter.lua": true,
		"line=filter.lua:1": false, "line=lua:12": false, "line=filter.lua:*": true,
		"client=mx.example": true, "client=192.0.2.*": true, "client=mx.example[192.0.2.1]": true, "client=mx": false,
		"helo=helo*": true, "id=4q1*": true, "id=S5YYVM-2f": true, "id=x": false, "kind=message": true,
	} {
		if got := mustParse(t, text).Match(e); got != want {
			t.Errorf("%s: got %v, want %v", text, got, want)
		}
	}
	if !mustParse(t, "verdict=reject", "stage=mail").Match(e) || mustParse(t, "verdict=reject", "stage=eom").Match(e) {
		t.Error("several have to match all")
	}
	if mustParse(t, "line=*").Match(&Entry{}) {
		t.Error("no line matches a line")
	}
}

func TestWrongMatches(t *testing.T) {
	for text, want := range map[string]string{
		"":           `"" is not KEY=PATTERN, such as`,
		"sender":     `"sender" is not KEY=PATTERN`,
		"=x":         `there is no "" to match; there are client, helo`,
		"colour=red": `there is no "colour" to match`,
		"Sender=x":   `there is no "Sender" to match`,
		"sender=" + strings.Repeat("x", mostPattern+1): "the pattern of sender is of 257 bytes, at most 256",
	} {
		if _, err := ParseMatches([]string{text}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%.40s: got %v, want %q", text, err, want)
		}
	}
	if _, err := ParseMatches(make([]string, mostMatches+1)); err == nil {
		t.Error("got no error for too many")
	}
}

// FuzzMatch compares with package regexp.
func FuzzMatch(f *testing.F) {
	f.Add("sender=*@spam.example", "bob@spam.example")
	f.Add("line=filter.lua:12", "/etc/filter.lua:12")
	f.Add("client!=*a*b**", "aab")
	f.Add("recipient=<a*>", "a")
	f.Fuzz(func(t *testing.T, condition, text string) {
		e := &Entry{Sender: text, Recipients: []string{text}, Client: text, Line: text}
		if m, err := ParseMatches([]string{condition}); err == nil {
			m.Match(e)
		} else if m != nil {
			t.Errorf("got %v and %v", m, err)
		}
		if len(condition) > 50 || len(text) > 500 {
			return
		}
		var parts []string
		for part := range strings.SplitSeq(condition, "*") {
			parts = append(parts, regexp.QuoteMeta(part))
		}
		want, err := regexp.Compile(`(?s)\A` + strings.Join(parts, ".*") + `\z`)
		if err != nil || strings.ToValidUTF8(text, "") != text || strings.ToValidUTF8(condition, "") != condition {
			return // regexp takes UTF-8 only
		}
		if got := matchPattern(condition, text); got != want.MatchString(text) {
			t.Errorf("%q and %q: got %v", condition, text, got)
		}
	})
}
