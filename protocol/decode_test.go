package protocol

import (
	"strings"
	"testing"
)

func TestEventsAreTheseBytes(t *testing.T) {
	tests := []struct {
		name         string
		leadingSpace bool
		wire         string // command and data
		event        Event
	}{
		{"connect over IPv4", false, "Cmail.example\x004\x30\x39192.0.2.1\x00",
			Event{Code: CodeConnect, Hostname: "mail.example", Family: FamilyInet, Port: 12345, Address: "192.0.2.1"}},
		{"connect over IPv6", false, "C[2001:db8::1]\x006\x00\x192001:db8::1\x00",
			Event{Code: CodeConnect, Hostname: "[2001:db8::1]", Family: FamilyInet6, Port: 25, Address: "2001:db8::1"}},
		{"connect over a unix socket", false, "Clocalhost\x00L\x00\x00/run/smtp\x00",
			Event{Code: CodeConnect, Hostname: "localhost", Family: FamilyUnix, Address: "/run/smtp"}},
		{"connect of an unknown family", false, "Clocalhost\x00U",
			Event{Code: CodeConnect, Hostname: "localhost", Family: FamilyUnknown}},
		{"helo", false, "Hmx.example\x00", Event{Code: CodeHelo, Name: "mx.example"}},
		{"an empty helo", false, "H\x00", Event{Code: CodeHelo}},
		{"mail without parameters", false, "M<>\x00", Event{Code: CodeMail, Mailbox: "<>"}},
		{"mail with parameters", false, "M<a@b>\x00SIZE=10\x00BODY=8BITMIME\x00",
			Event{Code: CodeMail, Mailbox: "<a@b>", Params: []string{"SIZE=10", "BODY=8BITMIME"}}},
		{"mail of the null sender by Postfix sendmail", false, "M\x00", Event{Code: CodeMail}},
		{"rcpt", false, "Ra@b\x00NOTIFY=NEVER\x00",
			Event{Code: CodeRcpt, Mailbox: "a@b", Params: []string{"NOTIFY=NEVER"}}},
		{"data", false, "T", Event{Code: CodeData}},
		{"header", false, "LSubject\x00a\n\tb\x00", Event{Code: CodeHeader, Name: "Subject", Value: "a\n\tb"}},
		{"header with its space", true, "LSubject\x00  a\x00", Event{Code: CodeHeader, Name: "Subject", Value: " a"}},
		{"header known to have no space", true, "LSubject\x00a\x00",
			Event{Code: CodeHeader, Name: "Subject", Value: "a", NoSpace: true}},
		{"eoh", false, "N", Event{Code: CodeEOH}},
		{"body", false, "Ba\x00b\r\n", Event{Code: CodeBody, Body: "a\x00b\r\n"}},
		{"an empty body chunk", false, "B", Event{Code: CodeBody}},
		{"eom", false, "E", Event{Code: CodeEOM}},
		{"eom with the last chunk", false, "Ex", Event{Code: CodeEOM, Body: "x"}},
		{"unknown", false, "UVRFY a\x00", Event{Code: CodeUnknown, Value: "VRFY a"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var ev Event
			if err := decodeEvent(&ev, Code(tt.wire[0]), tt.wire[1:], tt.leadingSpace); err != nil {
				t.Fatal(err)
			}
			want(t, "decoded", ev, tt.event)
			wire, err := appendEvent(nil, &ev, tt.leadingSpace)
			if err != nil {
				t.Fatal(err)
			}
			want(t, "encoded", string(wire), frame(tt.wire))
		})
	}
}

func TestConnectAddressesArePlain(t *testing.T) {
	tests := []struct {
		name    string
		wire    string
		family  Family
		address string
		port    uint16
	}{
		{"the prefix of Sendmail", "6\x00\x19IPv6:2001:db8::1\x00", FamilyInet6, "2001:db8::1", 25},
		{"brackets", "6\x00\x19[2001:db8::1]\x00", FamilyInet6, "2001:db8::1", 25},
		{"brackets and prefix", "6\x00\x19[IPv6:2001:db8::1]\x00", FamilyInet6, "2001:db8::1", 25},
		{"brackets around IPv4", "4\x00\x19[192.0.2.1]\x00", FamilyInet, "192.0.2.1", 25},
		{"a zone", "6\x00\x19fe80::1%eth0\x00", FamilyInet6, "fe80::1%eth0", 25},
		{"no address", "4\x00\x19\x00", FamilyUnknown, "", 0},
		{"no number", "4\x00\x19localhost\x00", FamilyUnknown, "", 0},
		{"IPv6 as IPv4", "4\x00\x192001:db8::1\x00", FamilyUnknown, "", 0},
		{"IPv4 as IPv6", "6\x00\x19192.0.2.1\x00", FamilyUnknown, "", 0},
		{"an unknown family with a port all the same", "U\x00\x19x\x00", FamilyUnknown, "", 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var ev Event
			if err := decodeEvent(&ev, CodeConnect, "h\x00"+tt.wire, false); err != nil {
				t.Fatal(err)
			}
			want(t, "event", ev, Event{Code: CodeConnect, Hostname: "h", Family: tt.family, Address: tt.address, Port: tt.port})
		})
	}
}

func TestWhatTheWireCannotHoldIsNotEncoded(t *testing.T) {
	tests := []struct {
		name  string
		event Event
		want  string
	}{
		{"NUL in helo", Event{Code: CodeHelo, Name: "a\x00b"}, `encode helo: NUL in "a\x00b"`},
		{"NUL in a parameter", Event{Code: CodeMail, Params: []string{"\x00"}}, `encode mail: NUL in "\x00"`},
		{"a chunk of 64 KiB and one", Event{Code: CodeBody, Body: strings.Repeat("x", maxBodyFrame)}, "encode body: 65538 bytes, the most is 65537"},
		{"a header above all", Event{Code: CodeHeader, Name: "A", Value: strings.Repeat("x", maxFrame)}, "encode header: 262148 bytes, the most is 262144"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			out, err := appendEvent([]byte("before"), &tt.event, false)
			if err == nil || err.Error() != tt.want {
				t.Errorf("got %v, want %s", err, tt.want)
			}
			want(t, "buffer", string(out), "before")
		})
	}
}

func TestCodesHaveTheirNames(t *testing.T) {
	for b := range 256 {
		c := Code(b)
		known := commands[b].from != 0 || c == CodeClose
		if got := !strings.HasPrefix(c.String(), "command 0x"); got != known {
			t.Errorf("%v: named %v, known %v", c, got, known)
		}
	}
	want(t, "reply", ReplyTempfail.String()+" "+ReplyCode('z').String(), "tempfail reply 0x7a")
	want(t, "family", FamilyInet6.String()+" "+Family('X').String(), "inet6 family 0x58")
	want(t, "verdict", VerdictShutdown.String()+" "+VerdictKind(9).String(), "shutdown verdict 9")
	want(t, "stage", StageEOH.String()+" "+Stage(7).String(), "eoh stage 7")
}
