package main_test

import (
	"strings"
	"syscall"
	"testing"
	"time"
)

// testSendmail has mail that comes in through sendmail(1): cleanup(8) plays the SMTP session for the milter.
func (p *postfix) testSendmail(t *testing.T) {
	t.Run("is changed", func(t *testing.T) {
		mail := "From: root@mta.example\nTo: first@sink.example\nCc: second@sink.example\nSubject: from cron\n\nThe old body.\n"
		p.tool(t, mail, "sendmail", "-t", "-f", "root@mta.example")
		d := p.sink.wait(t, "first@sink.example")
		wantHeader(t, d, "X-Conn", "localhost inet 127.0.0.1")
		wantHeader(t, d, "X-From", "root@mta.example")
		wantHeader(t, d, "X-Recipients", "first@sink.example,second@sink.example")
		wantHeader(t, d, "Subject", "from cron")
		wantEnvelope(t, d, "root@mta.example", "first@sink.example", "second@sink.example")
		wantBody(t, d, "changed on the way\r\n")
	})
	t.Run("with the null sender", func(t *testing.T) {
		p.tool(t, "To: null@sink.example\n\nx\n", "sendmail", "-t", "-f", "")
		d := p.sink.wait(t, "null@sink.example")
		wantHeader(t, d, "X-From", "")
		wantEnvelope(t, d, "", "null@sink.example")
	})
	t.Run("bounces when it is rejected", func(t *testing.T) {
		p.tool(t, "To: unwelcome@sink.example\n\nx\n", "sendmail", "-t", "-f", "refused@client.example")
		d := p.sink.wait(t, "refused@client.example")
		wantEnvelope(t, d, "", "refused@client.example")
		if !strings.Contains(d.body(), "not from here") {
			t.Errorf("the bounce does not say why: %q", d.body())
		}
		p.waitQueueEmpty(t)
		if got := p.sink.all("unwelcome@sink.example"); len(got) > 0 {
			t.Error("the rejected mail was delivered")
		}
	})
}

// testFailures has a script that raises an error, under each setting of --on-error.
func (p *postfix) testFailures(t *testing.T) {
	cases := []struct {
		service, onError string
		reply            string // to the command where the script fails; to the data where it fails at RCPT
		filtered         bool   // the message goes on through the script after a failure at RCPT
	}{
		{"failures", "", "451 4.3.0 ", false},
		{"refuses_tcp", "reject", "554 5.3.0 ", false},
		{"refuses_tcp", "accept", "250 ", false},
		{"refuses_tcp", "continue", "250 ", true},
	}
	for _, test := range cases {
		t.Run("on-error "+test.onError, func(t *testing.T) {
			args := []string{"--script", filterPath(t, "failures.lua")}
			if test.onError != "" {
				args = append(args, "--on-error", test.onError)
			}
			m := p.milter(t, test.service, args...)
			c := newSMTP(t, p.smtpd[test.service])

			wantPrefix(t, "on_mail", c.cmd("MAIL FROM:<broken-mail@client.example>"), test.reply)
			wantLog(t, m, lineOf(t, "failures.lua", "error(\"broken in on_mail"), "on_mail", "broken-mail@client.example")
			c.expect("RSET", "250")

			atRcpt := "broken-rcpt-" + test.onError + "@sink.example"
			reply := c.send("a@client.example", atRcpt, testMail)
			wantPrefix(t, "on_rcpt, answered at the end", reply, test.reply)
			wantLog(t, m, lineOf(t, "failures.lua", "error(\"broken in on_rcpt"), "on_rcpt")

			atEOM := "broken-" + test.onError + "@sink.example"
			reply = c.send("broken@client.example", atEOM, testMail)
			wantPrefix(t, "on_eom", reply, test.reply)
			wantLog(t, m, lineOf(t, "failures.lua", "return nothing.field"), "on_eom")

			next := "after-" + test.onError + "@sink.example"
			c.mustSend("a@client.example", next, testMail)
			wantHeader(t, p.sink.wait(t, next), "X-Filter", "was here")
			c.expect("QUIT", "221")
			p.waitQueueEmpty(t)
			if !strings.HasPrefix(test.reply, "250") {
				if n := len(p.sink.all(atRcpt)) + len(p.sink.all(atEOM)); n > 0 {
					t.Errorf("%d refused mails were delivered", n)
				}
				return
			}
			wantHeader(t, p.sink.wait(t, atEOM), "X-Filter")
			if got := p.sink.wait(t, atRcpt).header("X-Filter"); (len(got) == 1) != test.filtered {
				t.Errorf("after the failure at RCPT X-Filter is %q, want on_eom called: %v", got, test.filtered)
			}
		})
	}
}

// testSlow has a Postfix that waits 7 s for a sign of life at the end of a message, and a script that takes 9 s, or
// never ends. The limit of callbacks does not hold there.
func (p *postfix) testSlow(t *testing.T) {
	run := func(t *testing.T, limit string) (*milter, *smtpClient) {
		m := p.milter(t, "impatient", "--script", filterPath(t, "failures.lua"), "--callback-timeout", "500ms", "--message-timeout", limit)
		return m, newSMTP(t, p.smtpd["impatient"])
	}
	t.Run("progress keeps Postfix waiting", func(t *testing.T) {
		_, c := run(t, "1m")
		c.mustSend("slow@client.example", "slow@sink.example", testMail)
		wantHeader(t, p.sink.wait(t, "slow@sink.example"), "X-Filter", "was here")
	})
	t.Run("a script that takes longer than --message-timeout fails", func(t *testing.T) {
		m, c := run(t, "1s")
		wantPrefix(t, "reply", c.send("endless@client.example", "endless@sink.example", testMail), "451 4.3.0 ")
		wantLog(t, m, lineOf(t, "failures.lua", "while true do end"), "on_eom")
	})
}

// testKilled kills the milter at different moments of a session. The client has to get a temporary error, so that
// it keeps the mail, and the mail has to pass once a new milter is there; it finds the socket of the dead one.
func (p *postfix) testKilled(t *testing.T) {
	filter := filterPath(t, "failures.lua")
	const tempfail = "451 4.7.1 Service unavailable - try again later"
	cases := []struct {
		name string
		do   func(t *testing.T, m *milter, c *smtpClient) (reply string)
	}{
		{"before MAIL", func(t *testing.T, m *milter, c *smtpClient) string {
			m.kill()
			return c.cmd("MAIL FROM:<a@client.example>")
		}},
		{"after RCPT", func(t *testing.T, m *milter, c *smtpClient) string {
			c.expect("MAIL FROM:<a@client.example>", "250")
			c.expect("RCPT TO:<lost@sink.example>", "250")
			m.kill()
			if reply := c.cmd("DATA"); !strings.HasPrefix(reply, "354") {
				return reply
			}
			return c.dot(testMail)
		}},
		{"while on_eom runs", func(t *testing.T, m *milter, c *smtpClient) string {
			c.expect("MAIL FROM:<endless@client.example>", "250")
			c.expect("RCPT TO:<lost@sink.example>", "250")
			c.expect("DATA", "354")
			c.writeData(testMail)
			wantLog(t, m, "on_eom runs for ever")
			m.kill()
			return c.reply()
		}},
	}
	for _, test := range cases {
		t.Run(test.name, func(t *testing.T) {
			m := p.milter(t, "failures", "--script", filter)
			c := newSMTP(t, p.smtpd["failures"])
			if got := test.do(t, m, c); got != tempfail {
				t.Errorf("got %q, want %q", got, tempfail)
			}
			p.milter(t, "failures", "--script", filter)
			to := "again-" + strings.ReplaceAll(test.name, " ", "-") + "@sink.example"
			again := newSMTP(t, p.smtpd["failures"])
			again.mustSend("a@client.example", to, testMail)
			wantHeader(t, p.sink.wait(t, to), "X-Filter", "was here")
			p.waitQueueEmpty(t)
			if got := p.sink.all("lost@sink.example"); len(got) > 0 {
				t.Errorf("%d mails arrived that had been answered with a temporary error", len(got))
			}
		})
	}
}

// testTerminated ends the milter in good order while a message is on its way: that one still passes the filter.
func (p *postfix) testTerminated(t *testing.T) {
	m := p.milter(t, "failures", "--script", filterPath(t, "failures.lua"))
	c := newSMTP(t, p.smtpd["failures"])
	idle := newSMTP(t, p.smtpd["failures"])
	c.expect("MAIL FROM:<a@client.example>", "250")
	c.expect("RCPT TO:<in-flight@sink.example>", "250")
	m.cmd.Process.Signal(syscall.SIGTERM)
	wantLog(t, m, "stopping")
	c.expect("DATA", "354")
	c.mustDot(testMail)
	wantHeader(t, p.sink.wait(t, "in-flight@sink.example"), "X-Filter", "was here")
	select {
	case <-m.ended:
		if m.err != nil {
			t.Errorf("luamilter after SIGTERM: %v, want exit code 0", m.err)
		}
	case <-time.After(patience):
		t.Error("luamilter does not end with its last message")
	}
	wantPrefix(t, "the next mail of that session", c.cmd("MAIL FROM:<a@client.example>"), "451 4.7.1 ")
	wantPrefix(t, "a mail of a session without one", idle.cmd("MAIL FROM:<a@client.example>"), "451 4.7.1 ")
}
