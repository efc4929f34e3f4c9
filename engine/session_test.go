package engine

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"luamilter/protocol"
)

// TestOneMessage is the way of one message through everything: the test to step through.
func TestOneMessage(t *testing.T) {
	r := newRig(t, nil, `
		function on_mail(sender)
			if sender:match("@spam%.example$") then
				return reject(550, "5.7.1", "not here")
			end
		end
		function on_eom()
			add_header("X-Filtered-By", "luamilter")
		end`)
	d := r.connect()
	a, err := d.Mail("<bob@spam.example>")
	d.want("reject 550 5.7.1 not here", a, err)
	d.Macros(protocol.CodeRcpt, "i", "4Q1")
	a = d.message("alice@example.org")
	d.want("continue", a, nil)
	if got, want := fmt.Sprint(a.Verdict.Changes), `[add_header X-Filtered-By: "luamilter"]`; got != want {
		t.Errorf("got changes %s, want %s", got, want)
	}
	d.Quit()
	lines := r.log.lines(t, "message")
	if len(lines) != 2 {
		t.Fatalf("got %d message lines, want 2: %v", len(lines), lines)
	}
	want := map[string]any{"client": "mx.example[192.0.2.1]", "sender": "alice@example.org", "recipients": "b@example.net",
		"verdict": "accept", "stage": "eom", "changes": `add_header X-Filtered-By: "luamilter"`, "callbacks": 2.0, "generation": 1.0}
	for k, v := range want {
		if lines[1][k] != v {
			t.Errorf("log %s: got %v, want %v", k, lines[1][k], v)
		}
	}
	if got, want := lines[0]["reply"], "550 5.7.1 not here"; got != want {
		t.Errorf("log reply: got %v, want %v", got, want)
	}
}

// tracer notes the order of the callbacks in the connection's log.
const tracer = `
	local log = require "log"
	local function note(name) log.info("called", { name = name }) end
	function on_mail() note("mail") return continue() end
	function on_rcpt(r) note("rcpt") if r:match("^reject") then return reject("no") end
		if r:match("^discard") then return discard() end end
	function on_header(n, v) note("header") if v == "accept" then return accept() end end
	function on_body() note("body") end
	function on_eom() note("eom") end
	function on_abort() note("abort") end
	function on_close() note("close") end`

func TestOrdersOfCallbacks(t *testing.T) {
	tests := []struct {
		name string
		play func(d *dialogue)
		want string
	}{
		{"a whole message", func(d *dialogue) { d.message("a@b"); d.Quit() }, "mail rcpt header body eom close"},
		{"ABORT after the end of message, as Postfix sends it", func(d *dialogue) { d.message("a@b"); d.Abort(); d.Abort(); d.Quit() },
			"mail rcpt header body eom close"},
		{"RSET before the end", func(d *dialogue) { d.ok(d.Mail("<a@b>")); d.Abort(); d.Abort(); d.Quit() }, "mail abort close"},
		{"a new MAIL without ABORT", func(d *dialogue) { d.ok(d.Mail("<a@b>")); d.ok(d.Mail("<c@d>")); d.Quit() }, "mail abort mail abort close"},
		{"HELO again in a message", func(d *dialogue) { d.ok(d.Mail("<a@b>")); d.ok(d.Helo("x")); d.Quit() }, "mail abort close"},
		{"a recipient is refused", func(d *dialogue) {
			d.ok(d.Mail("<a@b>"))
			a, err := d.Rcpt("<reject@b>")
			d.want("reject 550 5.7.1 no", a, err)
			d.ok(d.Rcpt("<b@b>"))
			d.Abort()
			d.Quit()
		}, "mail rcpt rcpt abort close"},
		{"the script ends the message itself: no abort", func(d *dialogue) {
			d.ok(d.Mail("<a@b>"))
			a, err := d.Rcpt("<discard@b>")
			d.want("discard", a, err)
			d.Abort()
			d.Quit()
		}, "mail rcpt close"},
		{"the script accepts in the middle: no abort, no eom", func(d *dialogue) {
			d.ok(d.Mail("<a@b>"))
			d.ok(d.Rcpt("<b@b>"))
			a, err := d.Header("X", "accept")
			d.want("accept", a, err)
			d.Abort()
			d.Quit()
		}, "mail rcpt header close"},
		{"the connection ends in the middle of a message", func(d *dialogue) { d.ok(d.Mail("<a@b>")); d.Close() }, "mail abort close"},
		{"QUIT_NC starts a new connection", func(d *dialogue) {
			d.ok(d.Mail("<a@b>"))
			d.QuitNC()
			d.ok(d.Connect("other", protocol.FamilyUnknown, 0, ""))
			d.message("a@b")
			d.Quit()
		}, "mail abort close mail rcpt header body eom close"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, nil, tracer)
			tt.play(r.connect())
			r.log.wait(t, `"name":"close"`, strings.Count(tt.want, "close"))
			var got []string
			for _, line := range r.log.lines(t, "called") {
				got = append(got, line["name"].(string))
			}
			if strings.Join(got, " ") != tt.want {
				t.Errorf("got %q, want %q", strings.Join(got, " "), tt.want)
			}
		})
	}
}

func TestOnlyAcceptedRecipientsAreRecipients(t *testing.T) {
	r := newRig(t, nil, `
		negotiate { rejected_recipients = true }
		function on_rcpt(r) if r == "no@b" then return tempfail("later") end end
		function on_eom() add_header("X-To", table.concat(msg.recipients, ",")) end`)
	d := r.connect()
	d.ok(d.Mail("<a@b>"))
	d.ok(d.Rcpt("<one@b>"))
	a, err := d.Rcpt("<no@b>")
	d.want("tempfail 451 4.7.1 later", a, err)
	d.Macros(protocol.CodeRcpt, "{rcpt_mailer}", "error", "{rcpt_host}", "5.1.1", "{rcpt_addr}", "unknown user")
	d.ok(d.Rcpt("<refused-by-mta@b>"))
	d.ok(d.Rcpt("<two@b>"))
	a, err = d.EOM()
	d.ok(a, err)
	if got, want := fmt.Sprint(a.Verdict.Changes), `[add_header X-To: "one@b,two@b"]`; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestNothingLeaksFromMessageToMessage(t *testing.T) {
	r := newRig(t, nil, `
		function on_connect() conn.messages = 0 end
		function on_mail()
			assert(msg.mark == nil and #msg.recipients == 0 and msg.id == nil, "leaked")
			msg.mark = true
			conn.messages = conn.messages + 1
			add_header("X-N", conn.messages)
		end
		function on_eom() assert(msg.mark and macro("{rcpt_addr}") == nil) end`)
	d := r.connect()
	for n := 1; n <= 3; n++ {
		d.ok(d.Mail("<x@y>"))
		d.Abort()
		a := d.message("a@b")
		if got, want := fmt.Sprint(a.Verdict.Changes), fmt.Sprintf(`[add_header X-N: "%d"]`, 2*n); got != want {
			t.Errorf("message %d: got %s %s, want %s", n, a.Verdict.Kind, got, want)
		}
	}
}

func TestSeveralScripts(t *testing.T) {
	r := newRig(t, nil, `
		name = "first"
		function on_mail(s) msg.x = name if s == "one@b" then return accept() end end
		function on_eom() assert(msg.x == "first") add_header("X-First", "1") end
		function on_abort() print("first: abort") end`, `
		name = "second"
		function on_mail(s) assert(msg.x == nil) if s == "bad@b" then return reject("second says no") end end
		function on_eom() add_header("X-Second", "1") end`)
	d := r.connect()
	for _, tt := range []struct{ sender, want string }{
		{"both@b", `[add_header X-First: "1" add_header X-Second: "1"]`},
		{"one@b", `[add_header X-Second: "1"]`},
	} {
		if got := fmt.Sprint(d.message(tt.sender).Verdict.Changes); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.sender, got, tt.want)
		}
	}
	a, err := d.Mail("<bad@b>")
	d.want("reject 550 5.7.1 second says no", a, err)
	if got := len(r.log.lines(t, "first: abort")); got != 1 {
		t.Errorf("got %d aborts of the first script, want 1: another script ended its message", got)
	}
}

func TestAcceptOfTheConnectionByAllScripts(t *testing.T) {
	r := newRig(t, nil,
		`function on_connect() return accept() end function on_mail() error("not asked") end`,
		`function on_connect() end function on_helo() return accept() end`)
	d := r.negotiate(offerAll)
	d.ok(d.Connect("mx", protocol.FamilyInet, 1, "192.0.2.1"))
	a, err := d.Helo("x")
	d.want("accept", a, err)
}

func TestAFailingScript(t *testing.T) {
	tests := []struct {
		on   OnError
		want string
	}{
		{OnErrorTempfail, "tempfail 451 4.3.0 Message filter failed - try again later"},
		{OnErrorReject, "reject 554 5.3.0 Message filter failed"},
		{OnErrorAccept, "accept"},
		{OnErrorContinue, "continue"},
	}
	for _, tt := range tests {
		t.Run(string(tt.on)+" where it is answered", func(t *testing.T) {
			r := newRig(t, func(c *Config) { c.OnError = tt.on }, `
				function on_mail(s) if s == "bad@b" then error("boom") end return nil end
				function on_eom() add_header("X-A", "b") end`)
			d := r.connect()
			a, err := d.Mail("<bad@b>")
			d.want(tt.want, a, err)
			d.Abort()
			d.ok(d.message("good@b"), nil)
			lines := r.log.lines(t, "script failed")
			if len(lines) != 1 || !strings.Contains(lines[0]["error"].(string), "filter1.lua:2: boom") ||
				lines[0]["callback"] != "on_mail" || !strings.Contains(lines[0]["traceback"].(string), "filter1.lua:2") {
				t.Errorf("got log %v, want one line with file:line, callback and traceback", lines)
			}
		})
		t.Run(string(tt.on)+" where the MTA wants no reply", func(t *testing.T) {
			r := newRig(t, func(c *Config) { c.OnError = tt.on }, `
				function on_header(n, v) if v == "bad" then error("boom") end end
				function on_eom() return nil end`)
			d := r.connect()
			d.ok(d.Mail("<a@b>"))
			d.ok(d.Rcpt("<b@b>"))
			d.ok(d.Header("X", "bad"))
			d.ok(d.Header("Y", "good"))
			a, err := d.EOM()
			d.want(tt.want, a, err)
			d.ok(d.message("good@b"), nil)
		})
	}
}

func TestWhatIsKeptBeyondTheLimitGetsOnOversize(t *testing.T) {
	r := newRig(t, func(c *Config) { c.OnOversize = OnErrorReject }, `
		function on_body(c) msg.all = (msg.all or "") .. c end
		function on_eom() return nil end`)
	d := r.connect()
	d.ok(d.Mail("<a@b>"))
	d.ok(d.Rcpt("<b@b>"))
	for range 20 {
		d.ok(d.Body(strings.Repeat("x", 65535)))
	}
	a, err := d.EOM()
	d.want("reject 554 5.3.0 Message filter failed", a, err)
	if got := r.log.lines(t, "script failed")[0]["kind"]; got != "oversize" {
		t.Errorf("got kind %v, want oversize", got)
	}
}

func TestAnMTAThatOffersLess(t *testing.T) {
	r := newRig(t, nil, `
		function on_body() return skip() end
		function on_eom() delete_header("X-A") end`)
	d := r.negotiate(protocol.Offer{Version: 2, Actions: protocol.ActionsV2, Steps: protocol.StepsV2})
	d.ok(d.Connect("mx", protocol.FamilyInet, 1, "192.0.2.1"))
	d.ok(d.Helo("x"))
	d.ok(d.Mail("<a@b>"))
	d.ok(d.Rcpt("<b@b>"))
	d.ok(d.Header("X-A", "1"))
	d.ok(d.Header("x-a", "2"))
	d.ok(d.EOH())
	d.ok(d.Body("one")) // skip is not known to this MTA
	d.ok(d.Body("two"))
	a, err := d.EOM()
	d.ok(a, err)
	if got, want := len(a.Verdict.Changes), 2; got != want {
		t.Errorf("got %d changes %v, want %d", got, a.Verdict.Changes, want)
	}
}

func TestManyConnectionsOverFewStatesSeeTheirOwn(t *testing.T) {
	r := newRig(t, func(c *Config) { c.States = 4; c.CallbackTimeout = time.Minute }, `
		function on_connect(host) conn.list = { host } end
		function on_mail(s) msg.list = { s } msg.set = { [s] = { n = 0 } } end
		function on_header(n, v) table.insert(msg.list, v) msg.set[msg.sender].n = msg.set[msg.sender].n + 1 end
		function on_eom()
			assert(conn.list[1] == conn.hostname)
			assert(msg.set[msg.sender].n == #msg.list - 1)
			add_header("X-List", table.concat(msg.list, " "))
		end`)
	var all sync.WaitGroup
	for c := range 64 {
		d := r.negotiate(offerAll)
		all.Go(func() {
			if _, err := d.Connect(fmt.Sprintf("host%d", c), protocol.FamilyInet, 1, "192.0.2.1"); err != nil {
				t.Error(err)
				return
			}
			for n := range 5 {
				sender := fmt.Sprintf("c%dn%d@b", c, n)
				want := sender
				d.Mail("<" + sender + ">")
				d.Rcpt("<b@b>")
				for h := range 5 {
					value := fmt.Sprintf("%s-%d", sender, h)
					want += " " + value
					d.Header("X", value)
				}
				a, err := d.EOM()
				if err != nil || len(a.Verdict.Changes) != 1 || a.Verdict.Changes[0].Value != want {
					t.Errorf("got %v %v, want the header %q", a.Verdict, err, want)
				}
			}
			d.Quit()
		})
	}
	all.Wait()
	if lines := r.log.lines(t, "script failed"); len(lines) > 0 {
		t.Errorf("got %d failures, the first %v", len(lines), lines[0])
	}
}

func TestClientsInTheLog(t *testing.T) {
	tests := []struct{ hostname, address, want string }{
		{"mx.example", "192.0.2.1", "mx.example[192.0.2.1]"},
		{"[192.0.2.1]", "192.0.2.1", "unknown[192.0.2.1]"},
		{"", "", "unknown[unknown]"},
		{strings.Repeat("x", 300), "2001:db8::1", strings.Repeat("x", 256) + "...(300 bytes)[2001:db8::1]"},
	}
	for _, tt := range tests {
		s := session{}
		s.conn.Hostname, s.conn.Address = tt.hostname, tt.address
		if got := s.client(); got != tt.want {
			t.Errorf("%q %q: got %q, want %q", tt.hostname, tt.address, got, tt.want)
		}
	}
}
