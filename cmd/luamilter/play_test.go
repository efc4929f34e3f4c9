package main

import (
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"strings"
	"testing"
	"time"

	"luamilter/protocol"
)

// heard notes what reaches a filter.
type heard struct {
	events []string
	macros map[string]string
}

func (h *heard) NewSession(protocol.Peer, protocol.Session) protocol.Session { return h }
func (h *heard) Negotiate(protocol.Offer) protocol.Options                   { return protocol.Options{} }
func (h *heard) Negotiated(protocol.Options)                                 {}
func (h *heard) Handle(_ context.Context, ev *protocol.Event) (protocol.Verdict, error) {
	switch ev.Code {
	case protocol.CodeHeader:
		h.events = append(h.events, fmt.Sprintf("%s: %d bytes", ev.Name, len(ev.Value)))
	case protocol.CodeEOM:
		for _, name := range []string{"i", "j", "{auth_authen}", "{mail_addr}"} {
			h.macros[name], _ = ev.Macros.Get(name)
		}
	default:
		h.events = append(h.events, ev.Code.String())
	}
	return protocol.Verdict{}, nil
}

func playTo(t *testing.T, mail string, macros ...string) *heard {
	t.Helper()
	filter := &heard{macros: map[string]string{}}
	dial, stop := serveInside(&protocol.Server{
		Handler: filter, Log: slog.New(slog.DiscardHandler), MaxConnections: 1, IdleTimeout: time.Minute,
	})
	conn, err := dial()
	if err != nil {
		t.Fatal(err)
	}
	m := parseEmail(mail)
	m.sender, m.recipients = "joe@example.org", []recipient{{address: "ann@example.net"}}
	p := &player{mta: protocol.NewClient(conn), macros: macros, from: smtpClient{netip.MustParseAddr("192.0.2.1"), "mx"}, mail: &m}
	p.mta.SetTimeout(time.Minute)
	if _, err := p.play(); err != nil {
		t.Error(err)
	}
	conn.Close()
	if err := stop(); err != nil {
		t.Error(err)
	}
	return filter
}

func TestPlaySendsWhatAnMTASends(t *testing.T) {
	got := playTo(t, "A: 1\nNul: ab\x00cd\nLong: "+strings.Repeat("x", 2*headerSizeLimit)+"\n\nbody\n").events
	// The first space of the value counts against Postfix's limit.
	want := []string{"connect", "helo", "mail", "rcpt", "data", "A: 1 bytes", "Nul: 2 bytes", "Long: 102399 bytes",
		"eoh", "body", "close"}
	if strings.Join(got, ", ") != strings.Join(want, ", ") {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestPlayPrefersTheMacrosItIsGiven(t *testing.T) {
	for _, c := range []struct {
		name  string
		given []string
		want  map[string]string
	}{
		{"the defaults", nil, map[string]string{"i": "REPLAY", "j": "localhost", "{auth_authen}": "", "{mail_addr}": "joe@example.org"}},
		{"one that has no default is added", []string{"{auth_authen}", "joe"}, map[string]string{"i": "REPLAY", "{auth_authen}": "joe"}},
		{"one that has a default replaces it", []string{"i", "4ABC", "j", "mx"}, map[string]string{"i": "4ABC", "j": "mx"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := playTo(t, "A: 1\n\nbody\n", c.given...).macros
			for name, want := range c.want {
				if got[name] != want {
					t.Errorf("%s: got %q, want %q", name, got[name], want)
				}
			}
		})
	}
}
