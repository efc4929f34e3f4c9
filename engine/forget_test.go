package engine

import (
	"fmt"
	"strings"
	"testing"

	"luamilter/protocol"
)

// asked is a Handler whose Sessions note what they answer to BodyReturned, or hide that they could.
type asked struct {
	host  *Host
	hides bool
	trace string // a letter for each chunk: r for one that was returned, k for one that may be kept
}

func (a *asked) NewSession(peer protocol.Peer, previous protocol.Session) protocol.Session {
	s := a.host.NewSession(peer, nil)
	if a.hides {
		return struct{ protocol.Session }{s}
	}
	return &askedSession{s, a}
}

type askedSession struct {
	protocol.Session
	asked *asked
}

func (s *askedSession) BodyReturned() bool {
	returned := s.Session.(protocol.BodyReturner).BodyReturned()
	s.asked.trace += map[bool]string{true: "r", false: "k"}[returned]
	return returned
}

// chunkedBody has so many full chunks, none like another.
func chunkedBody(chunks int) string {
	var b strings.Builder
	for i := 0; b.Len() < chunks*65535; i++ {
		fmt.Fprintf(&b, "line %d of the body\r\n", i)
	}
	return b.String()[:chunks*65535]
}

// judgeBodies sends two messages, and gives what became of them, with what the sessions answered.
func judgeBodies(t *testing.T, hides bool, scripts []string) (outcome, trace string) {
	r := newRig(t, func(c *Config) { c.SpoolSize = 200 << 10 }, scripts...)
	a := &asked{host: r.host, hides: hides}
	r.srv = &protocol.Server{Handler: a, Log: r.cfg.Log}
	l := newPipeListener()
	go r.srv.Serve(l)
	t.Cleanup(func() { r.srv.Shutdown(t.Context()) })
	r.dial = l.dial
	d := r.connect()
	for range 2 {
		a.trace += " "
		d.ok(d.Mail("<a@example.org>"))
		d.ok(d.Rcpt("<b@example.net>"))
		d.ok(d.Header("Subject", "hello"))
		d.ok(d.EOH())
		if _, err := d.Body(chunkedBody(6)); err != nil {
			t.Fatal(err)
		}
		answer, err := d.EOM()
		if err != nil {
			t.Fatal(err)
		}
		outcome += fmt.Sprintf("%v %v\n", answer.Verdict.Kind, answer.Verdict.Changes)
	}
	return outcome, a.trace
}

func TestChunksAreReturnedWhereNobodyKeepsThem(t *testing.T) {
	const (
		forgets = `
			function on_body(c)
			  msg.parts = (msg.parts or "") .. c:sub(1, 30):gsub("%c", "|") .. c:match("line (%d+)") .. ";"
			end
			function on_eom() add_header("X-Parts", msg.parts) end`
		keeps = `
			local crypto = require("crypto")
			function on_body(c) local all = msg.all or {} all[#all + 1] = c msg.all = all end
			function on_eom()
			  local s = table.concat(msg.all)
			  add_header("X-All", #s .. " " .. crypto.hex(crypto.sha256(s)))
			end`
		whole = `
			local crypto = require("crypto")
			function on_message(m) add_header("X-Whole", #m.body .. " " .. crypto.hex(crypto.sha256(m.body))) end`
		once = `
			function on_body(c) msg.first = c:match("%d+") return accept() end
			function on_eom() end`
	)
	tests := []struct {
		name    string
		scripts []string
		want    string // the trace of one message
	}{
		{"a script that reads each chunk", []string{forgets}, "rrrrrr"},
		{"a script that keeps them", []string{keeps}, "kkkkkk"},
		{"one that reads and one that keeps", []string{forgets, keeps}, "kkkkkk"},
		{"one that keeps and one that reads", []string{keeps, forgets}, "kkkkkk"},
		{"a script that wants the whole message, of which the spool keeps the first chunk", []string{whole}, "krrrrr"},
		{"that and one that reads each chunk", []string{forgets, whole}, "krrrrr"},
		{"that and one that keeps them", []string{whole, keeps}, "kkkkkk"},
		{"a script that accepts at the first chunk", []string{once}, "r"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, trace := judgeBodies(t, false, tt.scripts)
			if want := " " + tt.want + " " + tt.want; trace != want {
				t.Errorf("the session answered %q, want %q", trace, want)
			}
			if strings.Contains(got, "tempfail") {
				t.Errorf("a script failed: %s", got)
			}
			if want, _ := judgeBodies(t, true, tt.scripts); got != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

func TestReloadedScriptThatKeepsChunksIsHeeded(t *testing.T) {
	r := newRig(t, nil, `function on_body(c) c:find("x") end`)
	s := r.host.NewSession(protocol.Peer{ID: "1"}, nil).(*session)
	s.Negotiated(s.Negotiate(offerAll))
	if !s.BodyReturned() {
		t.Error("a script that forgets keeps chunks")
	}
	r.host.Swap(r.load(`function on_body(c) msg.x = c end`))
	s.begin(&protocol.Event{Code: protocol.CodeMail, Mailbox: "<>"})
	if s.BodyReturned() {
		t.Error("the script that keeps chunks is taken for the one before")
	}
	s.forget()
}
