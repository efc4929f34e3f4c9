package engine

import (
	"context"
	"fmt"
	"runtime"
	"strings"
	"testing"
	"time"

	"luamilter/protocol"
)

// names are those that scripts have logged by tracer's note.
func (r *rig) names() string {
	var got []string
	for _, line := range r.log.lines(r.t, "called") {
		got = append(got, line["name"].(string))
	}
	return strings.Join(got, " ")
}

const note = `
	local log = require "log"
	local function note(name) log.info("called", { name = name }) end
`

func TestChangesAreNotLostByAnEarlyAccept(t *testing.T) {
	for _, stage := range []string{"on_mail", "on_rcpt", "on_data", "on_header", "on_eoh", "on_body", "on_eom"} {
		t.Run(stage, func(t *testing.T) {
			r := newRig(t, nil, "function "+stage+"() quarantine('virus') return accept() end")
			d := r.connect()
			d.Mail("<a@b>")
			d.Rcpt("<b@b>")
			d.Data()
			d.Header("X", "y")
			d.EOH()
			d.Body("text")
			a, err := d.EOM()
			d.want("accept", a, err)
			if len(a.Verdict.Changes) != 1 || a.Verdict.Changes[0].Code != protocol.ReplyQuarantine {
				t.Errorf("got changes %v, want the quarantine", a.Verdict.Changes)
			}
		})
	}
	r := newRig(t, nil, `function on_mail() return accept() end`)
	d := r.connect()
	a, err := d.Mail("<a@b>")
	d.want("accept", a, err) // with nothing to say at the end, the MTA need not ask again
}

func TestAFailureInOnAbortOrOnCloseIsNoBusinessOfTheOtherScripts(t *testing.T) {
	r := newRig(t, nil,
		`function on_abort() error("first") end function on_close() error("first") end`,
		note+`function on_abort() note("abort") end function on_close() note("close") end`)
	d := r.connect()
	d.ok(d.Mail("<a@b>"))
	d.Abort()
	d.Quit()
	r.log.wait(t, `"name":"close"`, 1)
	if got, want := r.names(), "abort close"; got != want {
		t.Errorf("got %q of the second script, want %q", got, want)
	}
}

func TestAScriptBehindOneThatRejectsAtTheEndHearsOfAnAbort(t *testing.T) {
	r := newRig(t, nil,
		note+`function on_eom() note("first eom") return reject("no") end function on_abort() note("first abort") end`,
		note+`function on_eom() note("second eom") end function on_abort() note("second abort") end`)
	d := r.connect()
	d.want("reject 550 5.7.1 no", d.message("a@b"), nil)
	if got, want := r.names(), "first eom second abort"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestRecipientsThatTheMTARefusedAreForScriptsThatAsked(t *testing.T) {
	r := newRig(t, nil,
		note+`negotiate { rejected_recipients = true } function on_rcpt(r) note("first " .. r) end`,
		note+`function on_rcpt(r) note("second " .. r) return discard() end`)
	d := r.connect()
	d.ok(d.Mail("<a@b>"))
	d.Macros(protocol.CodeRcpt, "{rcpt_mailer}", "error")
	d.ok(d.Rcpt("<gone@b>"))
	if got, want := r.names(), "first gone@b"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestTheMTAsPatienceIsForAllScriptsTogether(t *testing.T) {
	const slow = `function on_mail() local t = os.clock() while os.clock() - t < 0.15 do end return nil end`
	r := newRig(t, func(c *Config) { c.CallbackTimeout = 250 * time.Millisecond }, slow, slow, slow)
	d := r.connect()
	a, err := d.Mail("<a@b>")
	d.want("tempfail 451 4.3.0 Message filter failed - try again later", a, err)
}

func TestTheCallbacksOfOneMessageTogetherHaveALimit(t *testing.T) {
	r := newRig(t, func(c *Config) { c.MessageTimeout = 200 * time.Millisecond }, `
		function on_header() local t = os.clock() while os.clock() - t < 0.05 do end end
		function on_eom() return nil end`)
	d := r.connect()
	d.ok(d.Mail("<a@b>"))
	for range 20 {
		d.ok(d.Header("X", "y"))
	}
	a, err := d.EOM()
	d.want("tempfail 451 4.3.0 Message filter failed - try again later", a, err)
	if got := r.log.lines(t, "script failed"); len(got) != 1 || !strings.Contains(got[0]["error"].(string), "--message-timeout together") {
		t.Errorf("got log %v, want one line that says so", got)
	}
}

func TestAScriptThatLoadsSlowlyRecoversFromItsFailures(t *testing.T) {
	r := newRig(t, func(c *Config) { c.States = 1; c.CallbackTimeout = 50 * time.Millisecond }, `
		local t = os.clock() while os.clock() - t < 0.3 do end
		function on_mail(s) if s == "bad@b" then error("once") end return nil end`)
	p := r.host.Generation().pools[0]
	d := r.connect()
	a, err := d.Mail("<bad@b>")
	d.want("tempfail 451 4.3.0 Message filter failed - try again later", a, err)
	a, err = d.Mail("<a@b>") // asks for another state, and does not wait longer than it may
	d.want("tempfail 451 4.3.0 Message filter failed - try again later", a, err)
	for idle, _ := p.counts(); idle == 0; idle, _ = p.counts() {
		runtime.Gosched()
	}
	d.ok(d.Mail("<a@b>"))
}

func TestAFloodOfRecipientsIsBounded(t *testing.T) {
	r := newRig(t, nil, `function on_rcpt() return continue() end function on_eom() add_header("X-N", #msg.recipients) end`)
	d := r.connect()
	d.ok(d.Mail("<a@b>"))
	refused := 0
	for n := range 20 {
		a, err := d.Rcpt(fmt.Sprintf("<%s%d@b>", strings.Repeat("x", 100_000), n))
		if err != nil {
			t.Fatal(err)
		}
		if a.Verdict.Kind == protocol.VerdictTempfail {
			refused++
		}
	}
	if refused != 10 {
		t.Errorf("got %d of 20 refused, want 10 with a limit of 1 MiB", refused)
	}
}

func TestAFailingOnUnknownWithoutReplyIsAnsweredLater(t *testing.T) {
	r := newRig(t, nil, `function on_unknown() error("boom") end function on_eom() return nil end`)
	d := r.connect()
	d.ok(d.Mail("<a@b>"))
	d.ok(d.Rcpt("<b@b>"))
	d.ok(d.Unknown("XFOO"))
	a, err := d.EOM()
	d.want("tempfail 451 4.3.0 Message filter failed - try again later", a, err)
	d.ok(d.message("a@b"), nil)
}

func TestAFailingOnConnectDoesNotOpenTheConnectionToAllMail(t *testing.T) {
	r := newRig(t, func(c *Config) { c.OnError = OnErrorAccept }, `
		function on_connect() error("boom") end
		function on_mail() return reject("looked at") end`)
	d := r.connect()
	a, err := d.Mail("<a@b>")
	d.want("reject 550 5.7.1 looked at", a, err)
}

func TestCuttingConnectionsInterruptsTheirScripts(t *testing.T) {
	r := newRig(t, func(c *Config) { c.CallbackTimeout = time.Minute }, note+`
		function on_mail() note("began") while true do end return nil end
		function on_close() note("close") end`)
	d := r.connect()
	go d.Client.Mail("<a@b>")
	r.log.wait(t, `"name":"began"`, 1)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := r.srv.Shutdown(ctx); err == nil {
		t.Error("got no error, want one that says how many connections were cut")
	}
	r.log.wait(t, `"name":"close"`, 1) // long before --callback-timeout
}
