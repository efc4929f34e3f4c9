package main_test

import (
	"fmt"
	"net"
	"net/textproto"
	"strings"
	"testing"
	"time"
)

// smtpClient speaks SMTP line by line, so that a test sees each reply as it came.
type smtpClient struct {
	t  *testing.T
	c  net.Conn
	tp *textproto.Conn
}

// dialSMTP connects from a loopback address (127.0.0.1 if empty) and reads the greeting.
func dialSMTP(t *testing.T, port int, from string) (*smtpClient, string) {
	t.Helper()
	if from == "" {
		from = "127.0.0.1"
	}
	dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}, Timeout: patience}
	c, err := dialer.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	s := &smtpClient{t: t, c: c, tp: textproto.NewConn(c)}
	return s, s.reply()
}

// newSMTP is dialSMTP and EHLO, both of which have to go well.
func newSMTP(t *testing.T, port int) *smtpClient {
	t.Helper()
	s, greeting := dialSMTP(t, port, "")
	wantPrefix(t, "greeting", greeting, "220 ")
	s.expect("EHLO client.example", "250")
	return s
}

// reply reads one reply: "550 5.7.1 text", lines of a longer one joined with "\n" and without codes.
func (s *smtpClient) reply() string {
	s.t.Helper()
	s.c.SetReadDeadline(time.Now().Add(2 * patience))
	code, text, err := s.tp.ReadResponse(0)
	if err != nil {
		return "closed: " + err.Error()
	}
	return fmt.Sprintf("%d %s", code, text)
}

// cmd sends a line and returns the reply.
func (s *smtpClient) cmd(line string) string {
	s.t.Helper()
	s.c.SetWriteDeadline(time.Now().Add(patience))
	if err := s.tp.PrintfLine("%s", line); err != nil {
		return "closed: " + err.Error()
	}
	return s.reply()
}

// expect is cmd, and ends the test when the reply does not begin as given.
func (s *smtpClient) expect(line, prefix string) string {
	s.t.Helper()
	got := s.cmd(line)
	if !strings.HasPrefix(got, prefix) {
		s.t.Fatalf("%s: got reply %q, want %s", line, got, prefix)
	}
	return got
}

// dot sends what follows DATA, CRLF lines, and returns the reply to it.
func (s *smtpClient) dot(data string) string {
	s.t.Helper()
	s.writeData(data)
	return s.reply()
}

// writeData sends what follows DATA, up to the final dot.
func (s *smtpClient) writeData(data string) {
	s.t.Helper()
	if !strings.HasSuffix(data, "\r\n") {
		data += "\r\n"
	}
	data = strings.ReplaceAll("\r\n"+data, "\r\n.", "\r\n..")[2:]
	s.c.SetWriteDeadline(time.Now().Add(2 * patience))
	s.tp.W.WriteString(data + ".\r\n")
	if err := s.tp.W.Flush(); err != nil {
		s.t.Fatal(err)
	}
}

// send does one transaction in which all but the last step have to go well; it returns the reply to the data.
func (s *smtpClient) send(from, to, data string) string {
	s.t.Helper()
	s.expect("MAIL FROM:<"+from+">", "250")
	for a := range strings.SplitSeq(to, ",") {
		s.expect("RCPT TO:<"+a+">", "250")
	}
	s.expect("DATA", "354")
	return s.dot(data)
}

// mustSend is send, and ends the test when the mail is not taken; it returns the reply.
func (s *smtpClient) mustSend(from, to, data string) string {
	s.t.Helper()
	reply := s.send(from, to, data)
	if !strings.HasPrefix(reply, "250 ") {
		s.t.Fatalf("mail of %s to %s: got reply %q, want 250", from, to, reply)
	}
	return reply
}

// mustDot is dot, and ends the test when the mail is not taken.
func (s *smtpClient) mustDot(data string) {
	s.t.Helper()
	if reply := s.dot(data); !strings.HasPrefix(reply, "250 ") {
		s.t.Fatalf("the data: got reply %q, want 250", reply)
	}
}

// wantPrefix reports a reply that begins otherwise.
func wantPrefix(t *testing.T, what, got, want string) {
	t.Helper()
	if !strings.HasPrefix(got, want) {
		t.Errorf("%s: got %q, want %q", what, got, want)
	}
}

// testMail is a small mail.
const testMail = "From: a@client.example\r\nTo: b@sink.example\r\nSubject: test\r\n\r\nHello.\r\n"
