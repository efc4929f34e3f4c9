package mta

import (
	"slices"
	"strings"
	"testing"

	"luamilter/protocol"
)

func TestParseMailSplitsAsPostfixDoes(t *testing.T) {
	for _, c := range []struct {
		name, in string
		fields   []string
		body     string
	}{
		{"fields, an empty line, a body", "A: 1\nB:2\n\nbody\n", []string{"A: 1", "B:2"}, "body\n"},
		{"lines that end with CRLF", "A: 1\r\n 2\r\n\r\nbody\r\n", []string{"A: 1\n 2"}, "body\n"},
		{"a folded field with a tab", "A: 1\n\t2\nB: 3\n\n", []string{"A: 1\n\t2", "B: 3"}, ""},
		{"white space before the colon", "A : 1\n\nx\n", []string{"A : 1"}, "x\n"},
		{"the From line of an mbox file", "From joe@example.org Mon Jun  1 10:00:00 2026\nA: 1\n\nx\n", []string{"A: 1"}, "x\n"},
		{"no end of the last line", "A: 1\n\nbody", []string{"A: 1"}, "body\n"},
		{"no body", "A: 1", []string{"A: 1"}, ""},
		{"a line that is no field begins the body", "A: 1\nnot a field\nB: 2\n", []string{"A: 1"}, "not a field\nB: 2\n"},
		{"no header at all", "\nbody\n", nil, "body\n"},
		{"white space at the very top begins the body", " A: 1\n", nil, " A: 1\n"},
		{"a name of 8-bit bytes is none", "\xc3\x84: 1\n", nil, "\xc3\x84: 1\n"},
		{"a colon without a name", ": 1\n", nil, ": 1\n"},
		{"nothing", "", nil, ""},
		{"lone CR stays as it is", "A: 1\r2\n\na\rb\n", []string{"A: 1\r2"}, "a\rb\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := ParseMail(c.in)
			if got := shownFields(&m); !slices.Equal(got, c.fields) {
				t.Errorf("fields: got %q, want %q", got, c.fields)
			}
			if m.Body != c.body {
				t.Errorf("body: got %q, want %q", m.Body, c.body)
			}
		})
	}
}

func shownFields(m *Mail) []string {
	var fields []string
	for h := range m.Shown {
		fields = append(fields, h.Name+h.Colon+h.Value)
	}
	return fields
}

func TestDefaultEnvelopeComesFromTheMail(t *testing.T) {
	for _, c := range []struct {
		name, in, sender string
		recipients       []string
	}{
		{"From and To", "From: Joe <joe@example.org>\nTo: a@example.net, Bob <b@example.net>\n",
			"joe@example.org", []string{"a@example.net", "b@example.net"}},
		{"Return-Path goes before From", "From: joe@example.org\nReturn-Path: <bounce@example.org>\n",
			"bounce@example.org", []string{"postmaster@localhost"}},
		{"the null sender in Return-Path", "Return-Path: <>\nFrom: joe@example.org\n", "", []string{"postmaster@localhost"}},
		{"nothing at all", "Subject: x\n", "", []string{"postmaster@localhost"}},
		{"a folded To", "To: a@example.net,\n\tb@example.net\n", "", []string{"a@example.net", "b@example.net"}},
		{"a comma in quotes", "From: \"Joe, the Plumber\" <joe@example.org>\n", "joe@example.org", []string{"postmaster@localhost"}},
		{"an address in a broken field", "From: Joe; <joe@example.org\nTo: (a@example.net\n",
			"joe@example.org", []string{"a@example.net"}},
		{"an unknown charset", "From: =?x-none?Q?J=F6?= <joe@example.org>\n", "joe@example.org", []string{"postmaster@localhost"}},
		{"NULs, which no SMTP command has", "Return-Path: <a\x00b@example.org>\nTo: c\x00@example.net\n",
			"ab@example.org", []string{"c@example.net"}},
		{"a group without addresses", "To: undisclosed-recipients:;\n", "", []string{"postmaster@localhost"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := ParseMail(c.in)
			if got := m.DefaultSender(); got != c.sender {
				t.Errorf("sender: got %q, want %q", got, c.sender)
			}
			if got := m.DefaultRecipients(); !slices.Equal(got, c.recipients) {
				t.Errorf("recipients: got %q, want %q", got, c.recipients)
			}
		})
	}
}

func TestApplyHeaders(t *testing.T) {
	insert := func(index uint32, name string) protocol.Change {
		return protocol.Change{Code: protocol.ReplyInsertHeader, Index: index, Name: name, Value: "new"}
	}
	change := func(n uint32, name, value string) protocol.Change {
		return protocol.Change{Code: protocol.ReplyChangeHeader, Index: n, Name: name, Value: value}
	}
	for _, c := range []struct {
		name    string
		changes []protocol.Change
		want    []string
	}{
		{"an added one is the last", []protocol.Change{{Code: protocol.ReplyAddHeader, Name: "X", Value: "new"}},
			[]string{"A: 1", "B: 2", "A: 3", "X: new"}},
		{"one that wants no space gets none", []protocol.Change{{Code: protocol.ReplyAddHeader, Name: "X", Value: "new", NoSpace: true}},
			[]string{"A: 1", "B: 2", "A: 3", "X:new"}},
		{"0 is above the MTA's own, 1 below", []protocol.Change{insert(1, "X"), insert(0, "Y")},
			[]string{"Y: new", "X: new", "A: 1", "B: 2", "A: 3"}},
		{"2 is below the first that the filter saw", []protocol.Change{insert(2, "X")},
			[]string{"A: 1", "X: new", "B: 2", "A: 3"}},
		{"an index past the end is the end", []protocol.Change{insert(1000, "X")}, []string{"A: 1", "B: 2", "A: 3", "X: new"}},
		{"the largest index too", []protocol.Change{insert(1<<32-1, "X")}, []string{"A: 1", "B: 2", "A: 3", "X: new"}},
		{"the n-th of a name is changed, in any case", []protocol.Change{change(2, "a", "new")}, []string{"A: 1", "B: 2", "a: new"}},
		{"an empty value deletes", []protocol.Change{change(1, "A", "")}, []string{"B: 2", "A: 3"}},
		{"all of a name, highest first", []protocol.Change{change(2, "A", ""), change(1, "A", "")}, []string{"B: 2"}},
		{"one that is not there is added", []protocol.Change{change(3, "A", "new")}, []string{"A: 1", "B: 2", "A: 3", "A: new"}},
		{"deleting one that is not there does nothing", []protocol.Change{change(3, "A", "")}, []string{"A: 1", "B: 2", "A: 3"}},
		{"the MTA's own Received is out of reach", []protocol.Change{change(1, "Received", "")}, []string{"A: 1", "B: 2", "A: 3"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			before := ParseMail("A: 1\nB: 2\nA: 3\n\nbody\n")
			after := before.Clone()
			after.Apply(c.changes)
			if got := shownFields(&after); !slices.Equal(got, c.want) {
				t.Errorf("got %q, want %q", got, c.want)
			}
			if got, want := shownFields(&before), []string{"A: 1", "B: 2", "A: 3"}; !slices.Equal(got, want) {
				t.Errorf("the original has become %q", got)
			}
		})
	}
}

func TestApplyBody(t *testing.T) {
	body := func(s string) protocol.Change { return protocol.Change{Code: protocol.ReplyReplaceBody, Value: s} }
	for _, c := range []struct {
		name    string
		changes []protocol.Change
		want    string
	}{
		{"none leaves it", nil, "old\n"},
		{"lines end with LF, the last one too", []protocol.Change{body("a\r\nb")}, "a\nb\n"},
		{"pieces are put together", []protocol.Change{body("a\r"), body("\nb\n")}, "a\nb\n"},
		{"an empty one empties it", []protocol.Change{body("")}, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := ParseMail("A: 1\n\nold\n")
			m.Apply(c.changes)
			if m.Body != c.want {
				t.Errorf("got %q, want %q", m.Body, c.want)
			}
		})
	}
}

// FuzzParseMail holds a mail to what it was when it is written and read again.
func FuzzParseMail(f *testing.F) {
	f.Add("A: 1\n 2\nB : 3\n\nbody\n")
	f.Add("From joe\nA:\n\t\n:\n")
	f.Add(" x\r\n\r\n")
	f.Fuzz(func(t *testing.T, data string) {
		m := ParseMail(data)
		text := m.Text()
		if strings.Contains(data, "\r") || strings.HasPrefix(text, "From ") {
			return // each reading takes away one CR, and the line of an mbox
		}
		again := ParseMail(text)
		if !slices.Equal(again.Fields, m.Fields) || again.Body != m.Body {
			t.Errorf("%q: got %q, %q", data, shownFields(&again), again.Body)
		}
		if want := strings.TrimSuffix(data, "\n"); !strings.HasPrefix(data, "From ") && len(text) > len(want)+2 {
			t.Errorf("%q has become %q", data, text)
		}
	})
}

func TestAFieldOfManyLinesIsReadInTime(t *testing.T) {
	const lines = 1 << 20 // with a copy for each it would be a matter of hours
	m := ParseMail("A: 1\n" + strings.Repeat(" x\n", lines))
	if got := strings.Count(m.Fields[1].Value, "\n"); got != lines {
		t.Errorf("got %d lines, want %d", got, lines)
	}
}
