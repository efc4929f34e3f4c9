package mime

import (
	"fmt"
	"testing"
)

func TestRebase(t *testing.T) {
	fields := []Field{{"Subject", " one"}, {"X", " 1"}, {"Content-Type", " text/html"}, {"X", " 2"}}
	tests := []struct {
		name string
		edit func(m *Message)
		want string
		text string
	}{
		{"nothing else was edited", func(m *Message) {}, "[]", "new"},
		{"edits of the header stay", func(m *Message) {
			m.SetHeader("Subject", "two")
			m.DeleteHeader("X", 1)
			m.AddHeader("Y", "3")
		}, "[{0 Subject 1  two} {1 X 1 } {2 Y 0  3}]", "new"},
		{"edits of the old body are gone, with their fields", func(m *Message) {
			m.AddPart(Content{Data: []byte("more")})
			m.SetHeader("Subject", "two")
		}, "[{0 Subject 1  two}]", "new"},
		{"a field of the body that was deleted is there again", func(m *Message) { m.DeleteHeader("Content-Type", 1) }, "[]", "new"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			m := New(fields, []byte("<p>old"))
			m.Defects()
			tt.edit(m)
			m.Rebase([]byte("new"))
			c := m.Changes()
			if got := fmt.Sprint(c.Header); got != tt.want || c.Body != nil {
				t.Errorf("got changes %s and body %q, want %s and none", got, c.Body, tt.want)
			}
			if got := m.HTMLPart().Text(); string(got) != tt.text {
				t.Errorf("got text %q, want %q", got, tt.text)
			}
			if err := m.AddFooter("", "<i>foot</i>"); err != nil {
				t.Fatal(err)
			}
			if got := string(joined(m.Changes().Body)); got == "" || got[:3] != "new" {
				t.Errorf("got body %q after an edit, want the new one with a footer", got)
			}
		})
	}
}
