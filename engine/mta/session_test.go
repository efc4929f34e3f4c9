package mta

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"luamilter/protocol"
)

// heard is a milter that notes what it is told, and answers as the test wants.
type heard struct {
	events  []string
	wants   protocol.Options
	answers map[string]protocol.Verdict // by event, as it is noted
	notes   []string                    // the macros to note at EOM
	macros  map[string]string
}

func (h *heard) NewSession(protocol.Peer, protocol.Session) protocol.Session { return h }
func (h *heard) Negotiate(protocol.Offer) protocol.Options                   { return h.wants }
func (h *heard) Negotiated(protocol.Options)                                 {}
func (h *heard) Handle(_ context.Context, ev *protocol.Event) (protocol.Verdict, error) {
	note := ev.Code.String()
	switch ev.Code {
	case protocol.CodeHelo:
		note += " " + ev.Name
	case protocol.CodeMail, protocol.CodeRcpt:
		note += " " + ev.Mailbox
		if mailer, _ := ev.Macros.Get("rcpt_mailer"); mailer == "error" {
			text, _ := ev.Macros.Get("rcpt_addr")
			note += " " + text
		}
	case protocol.CodeHeader:
		note = fmt.Sprintf("%s: %d bytes", ev.Name, len(ev.Value))
	case protocol.CodeBody:
		note = fmt.Sprintf("body %d", len(ev.Body))
	case protocol.CodeEOM:
		for _, name := range h.notes {
			h.macros[name], _ = ev.Macros.Get(name)
		}
	}
	h.events = append(h.events, note)
	return h.answers[note], nil
}

// serve runs the milter until the end of the test, and gives a client of it.
func (h *heard) serve(t *testing.T) (client *protocol.Client, stop func()) {
	t.Helper()
	h.macros = map[string]string{}
	dial, end := ServeInside(&protocol.Server{Handler: h, Log: slog.New(slog.DiscardHandler), IdleTimeout: time.Minute})
	conn, err := dial()
	if err != nil {
		t.Fatal(err)
	}
	client = protocol.NewClient(conn)
	client.SetTimeout(time.Minute)
	return client, func() {
		t.Helper()
		client.Close()
		if err := end(); err != nil {
			t.Error(err)
		}
	}
}

// testMail has a sender and two recipients.
func testMail(text string) *Mail {
	m := ParseMail(text)
	m.Sender, m.Recipients = "joe@example.org", []Recipient{{Address: "ann@example.net"}, {Address: "bob@example.net"}}
	return &m
}

// play opens a session, has the test use it, and gives what the milter was told.
func (h *heard) play(t *testing.T, from Connection, use func(s *Session) error) []string {
	t.Helper()
	client, stop := h.serve(t)
	session, err := Open(client, from)
	if err != nil {
		t.Fatal(err)
	}
	if err := use(session); err != nil {
		t.Error(err)
	}
	if err := session.Quit(); err != nil {
		t.Error(err)
	}
	stop()
	return h.events
}

func wantEvents(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}

func send(m *Mail) func(*Session) error {
	return func(s *Session) error { _, err := s.Send(m); return err }
}

func TestASessionSendsWhatAnMTASends(t *testing.T) {
	m := testMail("A: 1\nNul: ab\x00cd\nLong: " + strings.Repeat("x", 2*headerSizeLimit) + "\n\n" + strings.Repeat("body\n", 20000))
	// The first space of the value counts against Postfix's limit.
	wantEvents(t, new(heard).play(t, Connection{Helo: "mx"}, send(m)),
		"connect", "helo mx", "mail <joe@example.org>", "rcpt <ann@example.net>", "rcpt <bob@example.net>", "data",
		"A: 1 bytes", "Nul: 2 bytes", "Long: 102399 bytes", "eoh", "body 65535", "body 54465", "eom", "close")
}

func TestASessionHasSeveralMails(t *testing.T) {
	h := &heard{answers: map[string]protocol.Verdict{"A: 1 bytes": {Kind: protocol.VerdictReject}}}
	events := h.play(t, Connection{}, func(s *Session) error {
		for _, m := range []*Mail{testMail("A: 1\n\n"), testMail("B: 1\n\n")} {
			if _, err := s.Send(m); err != nil {
				return err
			}
		}
		if err := s.Helo("again"); err != nil {
			return err
		}
		_, err := s.Unknown("WAT")
		return err
	})
	wantEvents(t, events, "connect", "helo localhost",
		"mail <joe@example.org>", "rcpt <ann@example.net>", "rcpt <bob@example.net>", "data", "A: 1 bytes",
		"mail <joe@example.org>", "rcpt <ann@example.net>", "rcpt <bob@example.net>", "data", "B: 1 bytes", "eoh", "eom",
		"helo again", "unknown", "close")
}

func TestAClientMayGiveUpAtEachStage(t *testing.T) {
	all := []string{"mail <joe@example.org>", "rcpt <ann@example.net>", "rcpt <bob@example.net>", "data", "A: 1 bytes", "eoh", "body 3"}
	for stage, n := range map[protocol.Code]int{
		protocol.CodeMail: 1, protocol.CodeRcpt: 3, protocol.CodeData: 4, protocol.CodeHeader: 5, protocol.CodeEOH: 6, protocol.CodeBody: 7,
	} {
		t.Run(stage.String(), func(t *testing.T) {
			events := new(heard).play(t, Connection{NoHelo: true}, func(s *Session) error {
				out, err := s.SendUntil(testMail("A: 1\n\nx\n"), stage)
				if !out.Aborted || out.Stage != stage || out.Passed() {
					t.Errorf("outcome: got %+v", out)
				}
				return err
			})
			wantEvents(t, events, slices.Concat([]string{"connect"}, all[:n], []string{"abort", "close"})...)
		})
	}
}

func TestAVerdictOnTheConnectionHoldsForEachMail(t *testing.T) {
	for _, c := range []struct {
		name, event string
		want        []string
	}{
		{"at CONNECT", "connect", []string{"connect", "close"}},
		{"at HELO", "helo localhost", []string{"connect", "helo localhost", "close"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := &heard{answers: map[string]protocol.Verdict{c.event: {Kind: protocol.VerdictReject}}}
			events := h.play(t, Connection{}, func(s *Session) error {
				if _, ok := s.Standing(); !ok {
					t.Error("no verdict stands")
				}
				for range 2 {
					out, err := s.Send(testMail("A: 1\n\n"))
					if err != nil || out.Verdict.Kind != protocol.VerdictReject || c.event[:4] != out.Stage.String()[:4] {
						t.Errorf("got %+v, %v", out, err)
					}
				}
				return s.Helo("again")
			})
			wantEvents(t, events, c.want...)
		})
	}
}

func TestShutdownEndsTheSession(t *testing.T) {
	h := &heard{answers: map[string]protocol.Verdict{"data": {Kind: protocol.VerdictShutdown}}}
	h.play(t, Connection{}, func(s *Session) error {
		for range 2 {
			if out, err := s.Send(testMail("A: 1\n\n")); err != nil || out.Verdict.Kind != protocol.VerdictShutdown || out.Stage != protocol.CodeData {
				t.Errorf("got %+v, %v", out, err)
			}
		}
		return nil
	})
}

func TestRecipientsThatAreRefused(t *testing.T) {
	unknown := protocol.Reply{Code: 550, EnhancedCode: "5.1.1", Lines: []string{"User unknown"}}
	reject := map[string]protocol.Verdict{"rcpt <ann@example.net>": {Kind: protocol.VerdictReject}}
	for _, c := range []struct {
		name     string
		answers  map[string]protocol.Verdict
		steps    protocol.Step
		rejected []int // by the MTA
		events   []string
		left     int
		stage    protocol.Code
	}{
		{"none", nil, 0, nil, []string{"rcpt <ann@example.net>", "rcpt <bob@example.net>", "data", "eoh", "eom"}, 2, protocol.CodeEOM},
		{"one by the milter", reject, 0, nil, []string{"rcpt <ann@example.net>", "rcpt <bob@example.net>", "data", "eoh", "eom"}, 1, protocol.CodeEOM},
		{"one by the MTA, which the milter is not told", nil, 0, []int{1}, []string{"rcpt <ann@example.net>", "data", "eoh", "eom"}, 1, protocol.CodeEOM},
		{"one by the MTA, which the milter wants to know", nil, protocol.StepRcptRejected, []int{1},
			[]string{"rcpt <ann@example.net>", "rcpt <bob@example.net> User unknown", "data", "eoh", "eom"}, 1, protocol.CodeEOM},
		{"both by the MTA", nil, 0, []int{0, 1}, []string{"abort"}, 0, protocol.CodeRcpt},
		{"one by each", reject, 0, []int{1}, []string{"rcpt <ann@example.net>", "abort"}, 0, protocol.CodeRcpt},
	} {
		t.Run(c.name, func(t *testing.T) {
			m := testMail("\n")
			for _, i := range c.rejected {
				m.Recipients[i].Rejected = unknown
			}
			h := &heard{answers: c.answers, wants: protocol.Options{Steps: c.steps}}
			events := h.play(t, Connection{NoHelo: true}, func(s *Session) error {
				out, err := s.Send(m)
				if len(out.Left) != c.left || out.Stage != c.stage {
					t.Errorf("got %+v", out)
				}
				if after := out.Delivered(m); len(after.Recipients) != c.left || len(m.Recipients) != 2 {
					t.Errorf("recipients: delivered to %v of %v", after.Recipients, m.Recipients)
				}
				return err
			})
			wantEvents(t, events, slices.Concat([]string{"connect", "mail <joe@example.org>"}, c.events, []string{"close"})...)
		})
	}
}

func TestAcceptAtRcptKeepsTheRecipientsThatFollow(t *testing.T) {
	h := &heard{answers: map[string]protocol.Verdict{"rcpt <ann@example.net>": {Kind: protocol.VerdictAccept}}}
	h.play(t, Connection{}, func(s *Session) error {
		m := testMail("A: 1\n\n")
		out, err := s.Send(m)
		if after := out.Delivered(m); !out.Passed() || len(after.Recipients) != 2 {
			t.Errorf("got %+v", out)
		}
		return err
	})
}

func TestAMailWithoutRecipientsIsAnError(t *testing.T) {
	new(heard).play(t, Connection{}, func(s *Session) error {
		if _, err := s.Send(new(Mail)); err == nil {
			t.Error("it was sent")
		}
		return nil
	})
}

func TestAnOldMTASendsWhatItKnows(t *testing.T) {
	events := new(heard).play(t, Connection{Offer: protocol.Offer{Version: 2, Actions: protocol.ActionsV2, Steps: protocol.StepsV2}},
		func(s *Session) error {
			if _, err := s.Unknown("WAT"); err != nil {
				return err
			}
			return send(testMail("A: 1\n\n"))(s)
		})
	wantEvents(t, events, "connect", "helo localhost", "mail <joe@example.org>", "rcpt <ann@example.net>", "rcpt <bob@example.net>",
		"A: 1 bytes", "eoh", "eom", "close")
}

func TestMacros(t *testing.T) {
	eom := func(pairs ...string) map[protocol.Code][]string {
		return map[protocol.Code][]string{protocol.CodeEOM: pairs}
	}
	for _, c := range []struct {
		name   string
		given  Macros
		wanted map[protocol.Stage][]string
		want   map[string]string
	}{
		{"the defaults", Macros{}, nil, map[string]string{"i": "REPLAY", "j": "localhost", "{auth_authen}": "", "{mail_addr}": "joe@example.org"}},
		{"one that has no default is added", Macros{Always: []string{"{auth_authen}", "joe"}}, nil, map[string]string{"i": "REPLAY", "{auth_authen}": "joe"}},
		{"one that has a default replaces it", Macros{Always: []string{"i", "4ABC", "j", "mx"}}, nil, map[string]string{"i": "4ABC", "j": "mx"}},
		{"one of a command goes before", Macros{Always: []string{"i", "4ABC"}, At: eom("i", "5DEF")}, nil, map[string]string{"i": "5DEF"}},
		{"braces make no difference", Macros{Always: []string{"mail_addr", "x"}}, nil, map[string]string{"{mail_addr}": "x"}},
		{"none at all", Macros{Silent: true}, nil, map[string]string{"i": "", "j": "", "{mail_addr}": ""}},
		{"only what the milter wants there", Macros{Always: []string{"a", "1", "b", "2"}},
			map[protocol.Stage][]string{protocol.StageConnect: {"a"}, protocol.StageHelo: {}, protocol.StageMail: {"mail_addr"},
				protocol.StageRcpt: {}, protocol.StageData: {}, protocol.StageEOH: {}, protocol.StageEOM: {}},
			map[string]string{"a": "1", "b": "", "i": "", "{mail_addr}": "joe@example.org"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			h := &heard{wants: protocol.Options{Macros: c.wanted}}
			for name := range c.want {
				h.notes = append(h.notes, name)
			}
			h.play(t, Connection{Macros: c.given}, send(testMail("A: 1\n\nbody\n")))
			for name, want := range c.want {
				if got := h.macros[name]; got != want {
					t.Errorf("%s: got %q, want %q", name, got, want)
				}
			}
		})
	}
}

func TestTheObserverSeesEachCommand(t *testing.T) {
	var got []string
	h := &heard{
		wants:   protocol.Options{Steps: protocol.StepNoHelo, Macros: map[protocol.Stage][]string{protocol.StageMail: {"mail_addr"}}},
		answers: map[string]protocol.Verdict{"rcpt <bob@example.net>": {Kind: protocol.VerdictTempfail}},
	}
	h.play(t, Connection{Macros: Macros{Silent: true, At: map[protocol.Code][]string{protocol.CodeMail: {"x", "1", "{mail_addr}", "y"}}},
		Observe: func(e Exchange) {
			got = append(got, fmt.Sprintf("%v %v %v", e.Event.Code, e.Macros, e.Answer.Verdict.Kind))
		}}, send(testMail("A: 1\n\nx\n")))
	wantEvents(t, got, "optneg [] continue", "connect [] continue", "mail [{mail_addr} y] continue", "rcpt [] continue", "rcpt [] tempfail",
		"data [] continue", "header [] continue", "eoh [] continue", "body [] continue", "eom [] continue", "quit [] continue")
}
