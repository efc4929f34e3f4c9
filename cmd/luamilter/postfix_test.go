package main_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

// TestPostfix sends mail through a real Postfix that asks luamilter, and looks at what its client and the next hop see.
func TestPostfix(t *testing.T) {
	p := startPostfix(t, map[string]string{
		"verdicts": "", "changes": "", "sessions": "", "message": "", "load": "", "failures": "", "refuses_tcp": "",
		// no SMFIC_DATA, no SMFIC_UNKNOWN, no step without reply, no skip
		"sessions_tcp_v2": "-o milter_protocol=2", "message_tcp_v2": "-o milter_protocol=2",
		// one recipient is unknown
		"strict": "-o { smtpd_recipient_restrictions = check_recipient_access inline:{unknown@sink.example=REJECT} permit_mynetworks }",
		// the time without a sign of life from on_eom after which the milter counts as dead
		"impatient": "-o milter_content_timeout=7s",
	})
	// Postfix asks this one also about mail that another milter discards at MAIL or RCPT: cleanup(8) is then not
	// told of the milters of smtpd(8) and takes the mail for one of its own.
	p.milter(t, nonSMTPD, "--script", filterPath(t, "nonsmtp.lua"))
	t.Run("verdicts", p.testVerdicts)
	t.Run("changes", p.testChanges)
	t.Run("quarantine", p.testQuarantine)
	t.Run("sessions", func(t *testing.T) { p.testSessions(t, "sessions") })
	t.Run("sessions with version 2", func(t *testing.T) { p.testSessions(t, "sessions_tcp_v2") })
	t.Run("what a script asks for", p.testNegotiated)
	t.Run("whole messages", func(t *testing.T) { p.testMessage(t, "message") })
	t.Run("fields of one name", func(t *testing.T) { p.testFields(t) })
	t.Run("whole messages in files", func(t *testing.T) { p.testMessage(t, "message", "--spool-size", "0") })
	t.Run("whole messages with version 2", func(t *testing.T) { p.testMessage(t, "message_tcp_v2") })
	t.Run("tail and explain", p.testExplain)
	t.Run("parallel sessions", p.testLoad)
	t.Run("mail from sendmail", p.testSendmail)
	t.Run("failing scripts", p.testFailures)
	t.Run("slow script", p.testSlow)
	t.Run("killed milter", p.testKilled)
	t.Run("terminated milter", p.testTerminated)
}

// stages are the places of a verdict, and the command whose reply carries it.
var stages = []struct{ name, command string }{
	{"mail", "MAIL"}, {"rcpt", "RCPT"}, {"data", "DATA"},
	{"header", "dot"}, {"eoh", "dot"}, {"body", "dot"}, {"eom", "dot"},
}

// fullRun is what verdicts.lua has seen of a mail on which no verdict fell.
const fullRun = "mail rcpt data header eoh body eom"

// verdictsSeen says what the SMTP client gets for each verdict of verdicts.lua; no reply means that the mail is taken.
var verdictsSeen = []struct {
	verdict, reply string
	closes         bool // the MTA ends the session
	delivered      bool
}{
	{verdict: "reject", reply: "551 5.7.9 rejected by the filter"},
	{verdict: "rejectbare", reply: "550 5.7.1 Command rejected"},
	{verdict: "rejectcode", reply: "552 5.7.1 too much"},
	{verdict: "rejecttext", reply: "550 5.7.1 go away"},
	{verdict: "lines", reply: "554 5.7.0 first line\n5.7.0 second line\n5.7.0 100% last %s line"},
	{verdict: "tempfail", reply: "452 4.7.9 deferred by the filter"},
	{verdict: "tempfailbare", reply: "451 4.7.1 Service unavailable - try again later"},
	{verdict: "percent", reply: "450 4.7.1 50% off, %d%% on"},
	{verdict: "fail", reply: "451 4.3.0 "},
	{verdict: "wrong", reply: "451 4.3.0 "},
	{verdict: "shutdown", reply: "421 4.7.0 ", closes: true},
	{verdict: "shutdowntext", reply: "421 4.7.0 gone for lunch", closes: true},
	{verdict: "discard"},
	{verdict: "accept", delivered: true},
	{verdict: "continue", delivered: true},
}

func (p *postfix) testVerdicts(t *testing.T) {
	p.milter(t, "verdicts", "--script", filterPath(t, "verdicts.lua"))
	t.Run("connect and helo", p.testEarlyVerdicts)
	for _, v := range verdictsSeen {
		for _, stage := range stages {
			t.Run(v.verdict+" at "+stage.name, func(t *testing.T) {
				name := v.verdict + "-" + stage.name
				c := newSMTP(t, p.smtpd["verdicts"])
				command, reply := transaction(c, name+"@client.example", name+"@sink.example")
				switch {
				case v.reply == "":
					wantPrefix(t, command, command+" "+reply, "dot 250 2.0.0 Ok: queued")
				case strings.HasSuffix(v.reply, " "):
					wantPrefix(t, "reply", command+" "+reply, stage.command+" "+v.reply)
				case command+" "+reply != stage.command+" "+v.reply:
					t.Errorf("got %q to %s, want %q to %s", reply, command, v.reply, stage.command)
				}
				if v.closes {
					wantPrefix(t, "RSET after shutdown", c.cmd("RSET"), "closed")
					return
				}
				c.expect("RSET", "250")
				next := "good-after-" + name + "@sink.example"
				c.mustSend("good@client.example", next, testMail)
				if got := p.sink.wait(t, next).header("X-Seen"); !slices.Equal(got, []string{strings.Replace(fullRun, " rcpt", "", 1)}) {
					t.Errorf("the next mail was seen by %q, want the full run but for rcpt", got)
				}
			})
		}
	}
	t.Run("what becomes of the mail", p.testVerdictDelivery)
	t.Run("a rejected recipient does not take the others along", func(t *testing.T) {
		c := newSMTP(t, p.smtpd["verdicts"])
		c.expect("MAIL FROM:<reject-rcpt@client.example>", "250")
		c.expect("RCPT TO:<good-1@sink.example>", "250")
		c.expect("RCPT TO:<bad@sink.example>", "551 5.7.9 rejected by the filter")
		c.expect("RCPT TO:<good-2@sink.example>", "250")
		c.expect("DATA", "354")
		c.mustDot(testMail)
		d := p.sink.wait(t, "good-1@sink.example")
		if got, want := d.addresses(), []string{"good-1@sink.example", "good-2@sink.example"}; !slices.Equal(got, want) {
			t.Errorf("delivered to %q, want %q", got, want)
		}
		if got, want := d.header("X-Recipients"), []string{"good-1@sink.example,good-2@sink.example"}; !slices.Equal(got, want) {
			t.Errorf("msg.recipients: got %q, want %q", got, want)
		}
	})
	t.Run("skip ends the body, not the message", func(t *testing.T) {
		for _, sender := range []string{"skip-body", "continue-body"} {
			c := newSMTP(t, p.smtpd["verdicts"])
			long := testMail + strings.Repeat(strings.Repeat("x", 70)+"\r\n", 4000) // 5 chunks of 64 KiB
			c.mustSend(sender+"@client.example", "good-"+sender+"@sink.example", long)
			want := "mail data header eoh body eom"
			if sender == "continue-body" {
				want = "mail data header eoh body body body body body eom"
			}
			if got := p.sink.wait(t, "good-"+sender+"@sink.example").header("X-Seen"); !slices.Equal(got, []string{want}) {
				t.Errorf("%s: got %q, want %q", sender, got, want)
			}
		}
	})
	t.Run("unknown commands", func(t *testing.T) {
		c := newSMTP(t, p.smtpd["verdicts"])
		wantPrefix(t, "rejected by the script", c.cmd("REJECTME now"), "500 5.5.2 no such thing here")
		wantPrefix(t, "left to Postfix", c.cmd("WHATEVER"), "500 5.5.2 Error: command not recognized")
	})
}

// transaction sends a mail until it is refused; it returns the last command and the reply to it.
func transaction(c *smtpClient, from, to string) (command, reply string) {
	for _, line := range []string{"MAIL FROM:<" + from + ">", "RCPT TO:<" + to + ">", "DATA"} {
		reply = c.cmd(line)
		if reply[0] != '2' && reply[0] != '3' {
			return line[:4], reply
		}
	}
	return "dot", c.dot(testMail)
}

// testVerdictDelivery looks at the mails of the cases above when Postfix has nothing left to do.
func (p *postfix) testVerdictDelivery(t *testing.T) {
	p.waitQueueEmpty(t)
	for _, v := range verdictsSeen {
		for _, stage := range stages {
			name := v.verdict + "-" + stage.name
			got := p.sink.all(name + "@sink.example")
			if len(got) != map[bool]int{true: 1}[v.delivered] {
				t.Errorf("%s: %d mails arrived, want delivered: %v", name, len(got), v.delivered)
				continue
			}
			var want []string // a script that has accepted the message sees no more of it
			if v.verdict == "continue" || stage.name == "eom" {
				want = []string{fullRun}
			}
			if v.delivered && !slices.Equal(got[0].header("X-Seen"), want) {
				t.Errorf("%s: X-Seen is %q, want %q", name, got[0].header("X-Seen"), want)
			}
		}
	}
}

// testEarlyVerdicts has the verdicts that concern a whole connection. Postfix tells the client of a 4yz from
// on_connect and on_helo, and of any from on_helo, at MAIL.
func (p *postfix) testEarlyVerdicts(t *testing.T) {
	cases := []struct {
		name, from, helo     string // address of the client, its name
		greeting, ehlo, mail string // what the replies begin with; none: nobody asks further
		seen                 []string
	}{
		{"connect and reject", "127.0.0.2", "x", "554 ", "250 ", "551 5.7.9 rejected by the filter", nil},
		{"connect and reject with defaults", "127.0.0.8", "x", "554 ", "250 ", "550 5.7.1 Command rejected", nil},
		{"connect and several lines", "127.0.0.7", "x", "554 ", "250 ", "554 5.7.0 first line\n5.7.0 second line\n5.7.0 100% last %s line", nil},
		{"connect and tempfail", "127.0.0.3", "x", "220 ", "250 ", "452 4.7.9 deferred by the filter", nil},
		{"connect and shutdown", "127.0.0.4", "x", "421 ", "closed", "", nil},
		{"connect and accept", "127.0.0.5", "x", "220 ", "250 ", "250 ", nil},
		{"connect and discard, an error", "127.0.0.6", "x", "220 ", "250 ", "451 4.3.0 ", nil},
		{"connect and a failing script", "127.0.0.9", "x", "220 ", "250 ", "451 4.3.0 ", nil},
		{"helo and reject", "", "reject.helo.example", "220 ", "250 ", "551 5.7.9 rejected by the filter", nil},
		{"helo and several lines", "", "lines.helo.example", "220 ", "250 ", "554 5.7.0 first line\n5.7.0 second", nil},
		{"helo and tempfail", "", "tempfail.helo.example", "220 ", "250 ", "452 4.7.9 deferred by the filter", nil},
		{"helo and shutdown", "", "shutdown.helo.example", "220 ", "421 4.7.0 ", "closed", nil},
		{"helo and accept", "", "accept.helo.example", "220 ", "250 ", "250 ", nil},
		{"helo and discard, an error", "", "discard.helo.example", "220 ", "250 ", "451 4.3.0 ", nil},
		{"helo and continue", "", "continue.helo.example", "220 ", "250 ", "250 ", []string{strings.Replace(fullRun, " rcpt", "", 1)}},
	}
	for i, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			c, greeting := dialSMTP(t, p.smtpd["verdicts"], test.from)
			wantPrefix(t, "greeting", greeting, test.greeting)
			wantPrefix(t, "EHLO", c.cmd("EHLO "+test.helo), test.ehlo)
			if test.mail == "" || t.Failed() {
				return
			}
			wantPrefix(t, "MAIL", c.cmd("MAIL FROM:<a@client.example>"), test.mail)
			if test.mail != "250 " {
				return
			}
			to := fmt.Sprintf("good-early-%d@sink.example", i)
			c.expect("RCPT TO:<"+to+">", "250")
			c.expect("DATA", "354")
			c.mustDot(testMail)
			if got := p.sink.wait(t, to).header("X-Seen"); !slices.Equal(got, test.seen) {
				t.Errorf("X-Seen: got %q, want %q", got, test.seen)
			}
		})
	}
}
