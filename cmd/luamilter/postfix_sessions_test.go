package main_test

import (
	"crypto/sha256"
	"fmt"
	"strings"
	"testing"
)

// testSessions has several mails in a session and sessions of unusual form; sessions.lua shows what it knows of each.
func (p *postfix) testSessions(t *testing.T, service string) {
	at := "@" + strings.ReplaceAll(service, "_", "-") + ".example" // recipients of their own
	m := p.milter(t, service, "--script", filterPath(t, "sessions.lua"))

	t.Run("fields of conn stay and those of msg go", func(t *testing.T) {
		c := newSMTP(t, p.smtpd[service])
		for n := 1; n <= 3; n++ {
			to := fmt.Sprintf("several-%d%s", n, at)
			reply := c.send(fmt.Sprintf("from-%d@client.example", n), to, testMail)
			wantPrefix(t, "reply", reply, "250 2.0.0 Ok: queued as ")
			d := p.sink.wait(t, to)
			id := strings.TrimPrefix(reply, "250 2.0.0 Ok: queued as ")
			wantHeader(t, d, "X-Conn", fmt.Sprintf("count=%d helos=1 aborts=0 address=127.0.0.1 helo=client.example", n))
			wantHeader(t, d, "X-Note", fmt.Sprintf("from=from-%d@client.example n=%d left_over=nil", n, n))
			wantHeader(t, d, "X-Ids", id+" "+id)
			wantHeader(t, d, "X-Mail-Macros", fmt.Sprintf("i=nil mail_addr=from-%d@client.example", n))
			wantHeader(t, d, "X-Rcpt-Addr", to+" then nil")
			wantHeader(t, d, "X-Recipients", to)
		}
		c.expect("QUIT", "221")
		wantLog(t, m, "closed after 3 mails of client.example")
	})
	t.Run("RSET and a second EHLO end a message, once", func(t *testing.T) {
		c := newSMTP(t, p.smtpd[service])
		c.expect("RSET", "250") // no message: no abort
		for range 2 {
			c.expect("MAIL FROM:<dropped@client.example>", "250")
			c.expect("RCPT TO:<dropped"+at+">", "250")
			c.expect("RSET", "250")
		}
		c.expect("MAIL FROM:<dropped@client.example>", "250")
		c.expect("EHLO again.example", "250")
		c.mustSend("kept@client.example", "kept"+at, testMail)
		d := p.sink.wait(t, "kept"+at)
		wantHeader(t, d, "X-Conn", "count=4 helos=2 aborts=3 address=127.0.0.1 helo=again.example")
		wantHeader(t, d, "X-Note", "from=kept@client.example n=4 left_over=nil")
		wantHeader(t, d, "X-Recipients", "kept"+at)
	})
	t.Run("pipelining", func(t *testing.T) {
		c := newSMTP(t, p.smtpd[service])
		envelope := func(n int) string {
			return fmt.Sprintf("MAIL FROM:<pipe-%d@client.example>\r\nRCPT TO:<pipe-%d%s>\r\nRCPT TO:<pipe-too-%d%s>\r\nDATA\r\n", n, n, at, n, at)
		}
		c.tp.W.WriteString(envelope(1))
		for n := 1; n <= 3; n++ {
			c.tp.W.Flush()
			for _, want := range []string{"250", "250", "250", "354"} {
				wantPrefix(t, "reply", c.reply(), want)
			}
			c.tp.W.WriteString(testMail + ".\r\n")
			if n < 3 {
				c.tp.W.WriteString(envelope(n + 1))
			} else {
				c.tp.W.WriteString("QUIT\r\n")
			}
			c.tp.W.Flush()
			wantPrefix(t, "reply to the mail", c.reply(), "250")
			d := p.sink.wait(t, fmt.Sprintf("pipe-%d%s", n, at))
			wantHeader(t, d, "X-Note", fmt.Sprintf("from=pipe-%d@client.example n=%d left_over=nil", n, n))
			wantHeader(t, d, "X-Recipients", fmt.Sprintf("pipe-%d%s,pipe-too-%d%s", n, at, n, at))
		}
		wantPrefix(t, "QUIT", c.reply(), "221")
	})
	t.Run("8-bit header and body", func(t *testing.T) {
		c := newSMTP(t, p.smtpd[service])
		c.expect("MAIL FROM:<latin@client.example> BODY=8BITMIME", "250")
		c.expect("RCPT TO:<latin"+at+">", "250")
		c.expect("DATA", "354")
		c.mustDot("Subject: gr\xfcn \x80\xff\r\n\r\n\xe4\xf6\xfc\r\n")
		d := p.sink.wait(t, "latin"+at)
		wantHeader(t, d, "X-Subject-Hex", fmt.Sprintf("%x", "gr\xfcn \x80\xff"))
		wantHeader(t, d, "X-Params", "SMTPUTF8=nil BODY=8BITMIME")
		wantHeader(t, d, "Subject", "gr\xfcn \x80\xff")
		wantHeader(t, d, "X-Size", "5")
		wantBody(t, d, "\xe4\xf6\xfc\r\n")
	})
	t.Run("SMTPUTF8", func(t *testing.T) {
		c := newSMTP(t, p.smtpd[service])
		c.expect("MAIL FROM:<jürgen@client.example> SMTPUTF8 BODY=8BITMIME", "250")
		c.expect("RCPT TO:<почта"+at+">", "250")
		c.expect("DATA", "354")
		c.mustDot("Subject: 試験\r\n\r\nπ\r\n")
		d := p.sink.wait(t, "почта"+at)
		wantEnvelope(t, d, "jürgen@client.example", "почта"+at)
		wantHeader(t, d, "X-Params", "SMTPUTF8=true BODY=8BITMIME")
		wantHeader(t, d, "X-Note", "from=jürgen@client.example n=1 left_over=nil")
		wantHeader(t, d, "X-Rcpt-Hex", fmt.Sprintf("%x", "почта"+at))
		wantHeader(t, d, "X-Subject-Hex", fmt.Sprintf("%x", "試験"))
		wantHeader(t, d, "X-Utf8", "grün")
	})
	t.Run("a mail of 20 MB", func(t *testing.T) {
		var body strings.Builder
		for n := 0; body.Len() < 20_000_000; n++ {
			fmt.Fprintf(&body, "%072d\r\n", n)
		}
		c := newSMTP(t, p.smtpd[service])
		c.mustSend("large@client.example", "large"+at, "Subject: large\r\n\r\n"+body.String())
		d := p.sink.wait(t, "large"+at)
		wantHeader(t, d, "X-Size", fmt.Sprint(body.Len()))
		if got, want := sha256.Sum256([]byte(d.body())), sha256.Sum256([]byte(body.String())); got != want {
			t.Errorf("the body of %d bytes has arrived as one of %d bytes with other content", body.Len(), len(d.body()))
		}
	})
	t.Run("a message without body and one without header", func(t *testing.T) {
		c := newSMTP(t, p.smtpd[service])
		c.mustSend("nobody@client.example", "nobody"+at, "Subject: only\r\n")
		wantHeader(t, p.sink.wait(t, "nobody"+at), "X-Size", "nil")
		c.mustSend("noheader@client.example", "noheader"+at, "\r\njust text\r\n")
		wantHeader(t, p.sink.wait(t, "noheader"+at), "X-Size", "11")
	})
}

// testNegotiated has what negotiate{} asks for: rejected recipients, exact header values, a macro that is not sent
// by default.
func (p *postfix) testNegotiated(t *testing.T) {
	p.milter(t, "strict", "--script", filterPath(t, "negotiated.lua"))
	c := newSMTP(t, p.smtpd["strict"])
	c.expect("MAIL FROM:<a@client.example>", "250")
	c.expect("RCPT TO:<known@sink.example>", "250")
	c.expect("RCPT TO:<unknown@sink.example>", "554")
	c.expect("DATA", "354")
	c.mustDot("Subject: test\r\nX-One: one\r\nX-None:none\r\nX-Two:  two\r\n\r\ntext\r\n")
	d := p.sink.wait(t, "known@sink.example")
	wantHeader(t, d, "X-Rcpts", "known@sink.example smtp 127.0.0.1, unknown@sink.example error 127.0.0.1")
	wantHeader(t, d, "X-Recipients", "known@sink.example")
	for _, want := range []string{"\r\nX-None:none\r\n", "\r\nX-Two:  two\r\n", "\r\nX-Values:[ one][none][  two]\r\n"} {
		if !strings.Contains(d.data, want) {
			t.Errorf("no %q in %q", want, d.data)
		}
	}
}
