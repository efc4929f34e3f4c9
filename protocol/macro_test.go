package protocol

import (
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
)

// macrosAt runs a dialogue and gives the macros that each event saw.
func macrosAt(send ...string) map[string]string {
	seen := make(map[string]string)
	s := &testSession{hook: func(ev *Event) error {
		var list []string
		ev.Macros.All(func(stage, name, value string) bool {
			list = append(list, fmt.Sprintf("%s:%s=%s", stage, name, value))
			return true
		})
		seen[describe(ev)] = strings.Join(list, " ")
		return nil
	}}
	in := []string{frame(optneg(offerV6))}
	for _, f := range send {
		in = append(in, frame(f))
	}
	converse(s, slog.New(slog.DiscardHandler), in...)
	return seen
}

func TestMacrosHoldAsLongAsInLibmilter(t *testing.T) {
	tests := []struct {
		name string
		send []string
		at   string
		want string
	}{
		{"those of CONNECT hold for the connection", []string{"DCj\x00h\x00", fConnect, fHelo, fMail, "E", fMail, fRcpt}, "rcpt <b@example>", "connect:j=h"},
		{"those of HELO hold for the connection", []string{fConnect, "DH{tls}\x001\x00", fHelo, fMail, "E", fMail}, "mail <a@example> SIZE=5", "helo:{tls}=1"},
		{"a new HELO replaces them", []string{fConnect, "DHa\x001\x00", fHelo, "DHb\x002\x00", fHelo, fMail}, "mail <a@example> SIZE=5", "helo:b=2"},
		{"a new HELO without any drops them", []string{fConnect, "DHa\x001\x00", fHelo, fHelo, fMail}, "mail <a@example> SIZE=5", ""},
		{"those of MAIL hold for the message", []string{fConnect, "DMi\x00Q1\x00", fMail, fRcpt, "T", fBody, "E"}, "eom", "mail:i=Q1"},
		{"those of MAIL are there at ABORT", []string{fConnect, "DMi\x00Q1\x00", fMail, "A"}, "abort", "mail:i=Q1"},
		{"those of MAIL are there at an ABORT that is made up", []string{fConnect, "DMi\x00Q1\x00", fMail, "DMi\x00Q2\x00", fMail, "E"}, "abort", "mail:i=Q1"},
		{"those of the next MAIL come after it", []string{fConnect, "DMi\x00Q1\x00", fMail, "DMi\x00Q2\x00", fMail, "E"}, "eom", "mail:i=Q2"},
		{"those of MAIL end with the message", []string{fConnect, "DMi\x00Q1\x00", fMail, "E", fHelo}, "helo client.example", ""},
		{"a MAIL without macros has none of the one before", []string{fConnect, "DMi\x00Q1\x00", fMail, fMail, "E"}, "eom", ""},
		{"those of an RCPT hold for it", []string{fConnect, fMail, "DR{r}\x001\x00", fRcpt}, "rcpt <b@example>", "rcpt:{r}=1"},
		{"and not for the next", []string{fConnect, fMail, "DR{r}\x001\x00", fRcpt, fRcpt2}, "rcpt <c@example>", ""},
		{"those of DATA hold for the message", []string{fConnect, fMail, fRcpt, "DTi\x00Q\x00", "T", fBody, "E"}, "eom", "data:i=Q"},
		{"those of a header hold for it", []string{fConnect, fMail, "DLi\x00Q\x00", fHeader, "N"}, "header Subject: hi", "header:i=Q"},
		{"and not for what follows", []string{fConnect, fMail, "DLi\x00Q\x00", fHeader, "N"}, "eoh", ""},
		{"those of a chunk of the body hold for it", []string{fConnect, fMail, "DBi\x00Q\x00", fBody, "E"}, "eom", ""},
		{"those of an unknown command hold for it", []string{fConnect, "DUa\x001\x00", "UX\x00", fMail}, "mail <a@example> SIZE=5", ""},
		{"those of EOM are there", []string{fConnect, fMail, "DE{m}\x001\x00", "E"}, "eom", "eom:{m}=1"},
		{"a frame replaces the one before", []string{"DCa\x001\x00", "DCb\x002\x00", fConnect}, "connect client.example inet 192.0.2.1 25", "connect:b=2"},
		{"QUIT_NC drops all", []string{"DCj\x00h\x00", fConnect, "K", "Cother\x00U"}, "connect other unknown", ""},
		{"those that came after a verdict do not reach the next message", []string{fConnect, fMail, "DE{m}\x001\x00", "A", fMail, "E"}, "eom", ""},
		{"those of a command without a callback are ignored", []string{fConnect, "DAi\x00Q\x00", fMail}, "mail <a@example> SIZE=5", ""},
		{"without any pair there are none", []string{"DC", fConnect}, "connect client.example inet 192.0.2.1 25", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			seen := macrosAt(tt.send...)
			got, ok := seen[tt.at]
			if !ok {
				t.Fatalf("no event %s in %v", tt.at, seen)
			}
			want(t, "macros at "+tt.at, got, tt.want)
		})
	}
}

func TestNewestMacroWins(t *testing.T) {
	var m Macros
	m.Set(CodeConnect, "i", "connect", "{auth_authen}", "u", "j", "host")
	m.Set(CodeMail, "{i}", "mail", "odd")
	m.Set(CodeEOH, "i", "eoh")
	m.Set(CodeQuit, "i", "nothing")
	tests := []struct {
		name, value string
		ok          bool
	}{
		{"i", "eoh", true},
		{"{i}", "eoh", true},
		{"auth_authen", "u", true},
		{"{auth_authen}", "u", true},
		{"j", "host", true},
		{"odd", "", false},
		{"", "", false},
		{"{}", "", false},
	}
	for _, tt := range tests {
		value, ok := m.Get(tt.name)
		if value != tt.value || ok != tt.ok {
			t.Errorf("%q: got %q %v, want %q %v", tt.name, value, ok, tt.value, tt.ok)
		}
	}
	var first []string
	m.All(func(stage, name, value string) bool {
		first = append(first, stage+name+value)
		return len(first) < 2
	})
	if !slices.Equal(first, []string{"connecticonnect", "connect{auth_authen}u"}) {
		t.Errorf("All: got %q", first)
	}
}
