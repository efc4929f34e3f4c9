package mime

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// received takes a mail apart as an MTA does: header fields folded with LF, and the body.
func received(raw []byte) *Message {
	p := Parse(raw)
	return New(p.Fields(), p.body)
}

// applied is what an MTA makes of a mail and the changes, as a mail.
func applied(t *testing.T, raw []byte, c Changes) []byte {
	t.Helper()
	p := Parse(raw)
	fields, body := p.Fields(), p.body
	for _, op := range c.Header {
		place, seen := -1, 0
		for i, f := range fields {
			if strings.EqualFold(f.Name, op.Name) {
				if seen++; seen == op.Index {
					place = i
				}
			}
		}
		switch {
		case op.Kind == HeaderAdd:
			fields = append(fields, Field{op.Name, op.Value})
		case place < 0:
			t.Fatalf("no field %d of name %s in %v", op.Index, op.Name, fields)
		case op.Kind == HeaderChange:
			fields[place].Raw = op.Value
		default:
			fields = slices.Delete(fields, place, place+1) // renumbers, as Postfix does
		}
	}
	if c.Body != nil {
		body = bytes.Join(c.Body, nil)
	}
	return New(fields, body).Raw()
}

func TestEditsKeepEverythingElse(t *testing.T) {
	remove := func(n int) func(m *Message) error { return func(m *Message) error { return m.Parts()[n].Remove() } }
	tests := []struct {
		name    string
		mail    string
		edit    func(m *Message) error
		touched []int // leaves as they were
		want    string
		header  int // changes of the header
	}{
		{"replace", "nested", func(m *Message) error {
			return m.Parts()[1].Replace(Content{Filename: "WARNING.TXT", Data: []byte("gone\n")})
		}, []int{1}, "<p>x</p>|gone\r\n|PK", 0},
		{"remove from a multipart of two", "nested", remove(1), []int{1}, "<p>x</p>|PK", 0},
		{"remove the first", "nested", remove(0), []int{0}, "\x00\x01\x02|PK", 0},
		{"remove the last", "nested", remove(2), []int{2}, "<p>x</p>|\x00\x01\x02", 0},
		{"remove one after the end", "after_end", remove(1), []int{1}, "one", 0},
		{"remove one before the end", "after_end", remove(0), []int{0}, "two", 0},
		{"remove where no end is", "no_end", remove(1), []int{1}, "one", 0},
		{"remove an empty part", "empty_parts", remove(0), []int{0}, "|", 0},
		{"remove in an attached message", "message", remove(2), []int{2}, "see below|inner text", 0},
		{"replace in an encoded message", "packed_message", func(m *Message) error {
			return m.Parts()[0].Replace(Content{Data: []byte("gone")})
		}, []int{0}, "gone", 0},
		{"replace in an encoded multipart", "packed_multipart", func(m *Message) error {
			return m.Parts()[0].Replace(Content{Data: []byte("gone")})
		}, []int{0}, "gone", 0},
		{"replace an attached message", "message", func(m *Message) error {
			return m.Attachments()[0].Replace(Content{Data: []byte("gone")})
		}, []int{1, 2}, "see below|gone", 0},
		{"set the content", "alternative", func(m *Message) error { return m.Parts()[0].SetContent([]byte("n\u00e9\n")) }, []int{0}, "n\u00e9\r\n|<p>Gr\xff\xe4e</p>", 0},
		{"add a part", "nested", func(m *Message) error {
			_, err := m.AddPart(Content{Type: "text/x", Data: []byte("new")})
			return err
		}, nil, "<p>x</p>|\x00\x01\x02|PK|new", 0},
		{"add a part where no end is", "no_end", func(m *Message) error {
			_, err := m.AddPart(Content{Data: []byte("new")})
			return err
		}, nil, "one|two\r\n|new", 0},
		{"add a part to an alternative", "alternative", func(m *Message) error {
			_, err := m.AddPart(Content{Data: []byte("new")})
			return err
		}, nil, "Gr\u00fc\u00dfe aus K\u00f6ln|<p>Gr\xff\xe4e</p>|new", 1},
		{"a single part replaced", "base64_junk", func(m *Message) error {
			return m.Parts()[0].Replace(Content{Type: "text/html", Data: []byte("<p>new")})
		}, []int{0}, "<p>new", 3},
		{"a single part removed", "encoding_odd", remove(0), []int{0}, "", 2},
		{"everything removed", "alternative", func(m *Message) error {
			for _, p := range m.Parts() {
				if err := p.Remove(); err != nil {
					return err
				}
			}
			return nil
		}, []int{0, 1}, "", 1},
	}
	samples := map[string][]byte{}
	for _, c := range corpus(t) {
		samples[c.name] = c.raw
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			raw := samples[tt.mail]
			m := received(raw)
			var kept []string
			for i, p := range m.Parts() {
				if !slices.Contains(tt.touched, i) {
					kept = append(kept, string(p.Raw()))
				}
			}
			if err := tt.edit(m); err != nil {
				t.Fatal(err)
			}
			c := m.Changes()
			if len(c.Header) != tt.header || c.Body == nil && tt.name != "a single part removed" {
				t.Errorf("got changes %+v, want %d of the header and a body", c, tt.header)
			}
			again := Parse(applied(t, raw, c))
			var got []string
			for _, p := range again.Parts() {
				got = append(got, string(p.Content()))
			}
			if strings.Join(got, "|") != tt.want {
				t.Errorf("got %q, want %q in %q", got, tt.want, again.Raw())
			}
			rest := string(again.Raw())
			for _, k := range kept {
				_, after, ok := strings.Cut(rest, k)
				if !ok {
					t.Errorf("%q is not in %q, or not in its place", k, again.Raw())
				}
				rest = after
			}
			if string(again.Body()) != string(m.Body()) {
				t.Errorf("got body %q, want %q", again.Body(), m.Body())
			}
		})
	}
}

func TestHeaderChanges(t *testing.T) {
	raw := crlf("A: 1\nB: 1\na: 2\nA: 3\nSubject: x\n\nbody\n")
	tests := []struct {
		name string
		edit func(m *Message) error
		want string
	}{
		{"nothing", func(m *Message) error { return nil }, "[]"},
		{"the same value", func(m *Message) error { return m.SetHeader("Subject", "x") }, "[]"},
		{"another value", func(m *Message) error { return m.SetHeader("subject", "y\u00e9") }, `[{0 Subject 1  =?utf-8?b?ecOp?=}]`},
		{"one of three", func(m *Message) error { return m.SetHeader("A", "n") }, "[{0 A 1  n} {1 A 3 } {1 a 2 }]"},
		{"delete all", func(m *Message) error { m.DeleteHeader("a", 0); return nil }, "[{1 A 3 } {1 a 2 } {1 A 1 }]"},
		{"delete the second twice", func(m *Message) error {
			m.DeleteHeader("a", 2)
			m.DeleteHeader("a", 2)
			return nil
		}, "[{1 A 3 } {1 a 2 }]"},
		{"an empty value deletes", func(m *Message) error { return m.SetHeader("B", "") }, "[{1 B 1 }]"},
		{"add", func(m *Message) error { return m.AddHeader("A", "4") }, "[{2 A 0  4}]"},
		{"add and delete again", func(m *Message) error {
			err := m.AddHeader("C", "4")
			m.DeleteHeader("C", 1)
			return err
		}, "[]"},
		{"names in addresses", func(m *Message) error { return m.SetHeader("To", "J\u00f6rg <a@example.org>, b@example.net") },
			"[{2 To 0  =?utf-8?b?SsO2cmc=?= <a@example.org>, b@example.net}]"},
	}
	for _, tt := range tests {
		checkHeaderChange(t, tt.name, raw, tt.edit, tt.want)
	}
}

func checkHeaderChange(t *testing.T, name string, raw []byte, edit func(m *Message) error, want string) {
	t.Helper()
	m := received(raw)
	if err := edit(m); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	c := m.Changes()
	if got := fmt.Sprint(c.Header); got != want || c.Body != nil {
		t.Errorf("%s: got %s and body %q, want %s", name, got, c.Body, want)
	}
	if got := applied(t, raw, c); string(got) != string(m.Raw()) {
		t.Errorf("%s: an MTA makes %q of it, want %q", name, got, m.Raw())
	}
}

func TestAWrongHeader(t *testing.T) {
	for _, tt := range []struct{ name, value string }{
		{"", "x"}, {"A:", "x"}, {"A B", "x"}, {"\u00e4", "x"}, {"A", "x\r\nB: y"}, {"A", "x\ry"}, {"A", "x\x00"}, {"A", "x\n"}, {"A", strings.Repeat("x ", 40000)},
	} {
		m := Parse(nil)
		if err := m.SetHeader(tt.name, tt.value); err == nil {
			t.Errorf("%q: %.20q: got no error", tt.name, tt.value)
		}
		if err := m.AddHeader(tt.name, tt.value); err == nil || len(m.Fields()) > 0 {
			t.Errorf("%q: %.20q: got %v, want an error and no field", tt.name, tt.value, err)
		}
	}
}

func TestABodyThatBecomesTheSame(t *testing.T) {
	m := received(crlf("Subject: x\n\nbody\n"))
	p := m.Parts()[0]
	if err := p.SetContent([]byte("other")); err != nil {
		t.Fatal(err)
	}
	if m.Changes().Body == nil {
		t.Error("got no body, want the other")
	}
	if err := p.SetContent([]byte("body\n")); err != nil {
		t.Fatal(err)
	}
	if c := m.Changes(); c.Body != nil || c.Header != nil {
		t.Errorf("got %+v, want no change", c)
	}
	if err := p.SetContent(nil); err != nil {
		t.Fatal(err)
	}
	if c := m.Changes(); c.Body == nil || len(c.Body) != 0 {
		t.Errorf("got %#v, want an empty body", c.Body)
	}
}

func TestMarkAndRestore(t *testing.T) {
	for _, c := range corpus(t) {
		m := Parse(c.raw)
		early := m.Mark()
		m.Parts()
		mark := m.Mark()
		for range 2 {
			for i, p := range m.Parts() {
				if p.attached() && i%2 == 0 {
					if err := p.Remove(); err != nil {
						t.Fatal(err)
					}
				}
			}
			if err := m.AddFooter("footer", ""); err != nil {
				t.Fatal(err)
			}
			if err := m.SetHeader("Subject", "changed"); err != nil {
				t.Fatal(err)
			}
			if string(m.Raw()) == string(c.raw) {
				t.Errorf("%s: nothing was changed", c.name)
			}
			m.Restore(mark)
			if string(m.Raw()) != string(c.raw) || m.Changes().Body != nil {
				t.Errorf("%s: got %q, want it as it was", c.name, m.Raw())
			}
			mark = early
		}
	}
}

func TestAPartInAMessageOfItsOwn(t *testing.T) {
	m := Parse(crlf(sampleMail))
	raw := m.Raw()
	p, err := m.AddPart(Content{Type: "message/rfc822", Filename: "original.eml", Data: raw})
	if err != nil {
		t.Fatal(err)
	}
	if string(p.Content()) != string(raw) {
		t.Errorf("got %q, want the message as it was", p.Content())
	}
	again := Parse(bytes.Clone(m.Raw()))
	if got := again.Attachments(); len(got) != 3 || got[1].Type() != "message/rfc822" || string(got[1].Content()) != string(raw) {
		t.Errorf("got %s, want the attachment, the message, and its attachment", outline(again))
	}
	if err := again.Parts()[0].Replace(Content{Type: "message/rfc822", Data: m.Raw()}); err == nil {
		t.Error("got no error for a message that holds the boundary around it")
	}
}
