package engine

import (
	"bytes"
	"io"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"testing"
	"time"

	"luamilter/luabind"
	"luamilter/protocol"
)

// burstConn is an MTA that reads no answer: each Read gives the bytes of one whole message, as often as there are messages.
type burstConn struct {
	net.Conn
	first, message []byte
	left           int
	done           chan struct{}
}

func (c *burstConn) Read(p []byte) (int, error) {
	if len(c.first) == 0 {
		if c.left == 0 {
			return 0, io.EOF
		}
		c.left--
		c.first = c.message
	}
	n := copy(p, c.first)
	c.first = c.first[n:]
	return n, nil
}

func (c *burstConn) Write(p []byte) (int, error)      { return len(p), nil }
func (c *burstConn) RemoteAddr() net.Addr             { return &net.UnixAddr{Net: "unix"} }
func (c *burstConn) SetReadDeadline(time.Time) error  { return nil }
func (c *burstConn) SetWriteDeadline(time.Time) error { return nil }
func (c *burstConn) Close() error                     { close(c.done); return nil }

// recorder keeps what a Client writes.
type recorder struct {
	net.Conn
	bytes.Buffer
	reply []byte
}

func (r *recorder) Read(p []byte) (int, error) {
	n := copy(p, r.reply)
	r.reply = r.reply[n:]
	return n, nil
}
func (r *recorder) Write(p []byte) (int, error) { return r.Buffer.Write(p) }

// benchScripts are what operators write first.
var benchScripts = []struct{ name, script string }{
	{"noop", `
		function on_connect() end function on_helo() end function on_mail() end function on_rcpt() end function on_data() end
		function on_header() end function on_eoh() end function on_body() end function on_eom() end`},
	{"addheader", `
		function on_mail(s) if s == "spammer@example.org" then return reject() end msg.headers = 0 end
		function on_header(n, v)
		  msg.headers = msg.headers + 1
		  if n:lower() == "subject" then msg.subject = v end
		end
		function on_eom() add_header("X-Headers", msg.headers .. " " .. msg.subject) end`},
}

// BenchmarkMessage is a message of 25 header fields and 30 KiB through server, engine and script, from memory.
func BenchmarkMessage(b *testing.B) {
	for _, bm := range benchScripts {
		b.Run(bm.name, func(b *testing.B) { benchMessage(b, bm.script, nil, 1) })
	}
}

// BenchmarkBody is a message of 5 MiB whose body is only looked at, or kept.
func BenchmarkBody(b *testing.B) {
	for _, bm := range []struct{ name, script string }{
		{"looked at", `function on_body(chunk) if chunk:find("xyzzy", 1, true) then msg.found = true end end`},
		{"kept", `function on_body(chunk) msg.last = chunk end`},
	} {
		b.Run(bm.name, func(b *testing.B) { benchMessage(b, bm.script, nil, 170) })
	}
}

// BenchmarkJournal is BenchmarkMessage with a journal that nobody looks at.
func BenchmarkJournal(b *testing.B) {
	for _, bm := range benchScripts {
		b.Run(bm.name, func(b *testing.B) { benchMessage(b, bm.script, NewJournal(1000), 1) })
	}
}

func benchMessage(b *testing.B, script string, journal *Journal, chunks int) {
	r := newRig(b, func(c *Config) {
		c.Log = slog.New(slog.NewTextHandler(io.Discard, nil))
		c.Observer = nil
		c.Journal = journal
	}, script)
	c := &burstConn{left: b.N, done: make(chan struct{})}
	c.first, c.message = recordMessage(b, r.host.Generation().wants, chunks)
	b.ReportAllocs()
	b.ResetTimer()
	go r.srv.Serve(&oneListener{conn: c})
	<-c.done
}

// oneListener accepts one connection.
type oneListener struct {
	conn net.Conn
}

func (l *oneListener) Accept() (net.Conn, error) {
	if c := l.conn; c != nil {
		l.conn = nil
		return c, nil
	}
	return nil, net.ErrClosed
}
func (l *oneListener) Close() error   { return nil }
func (l *oneListener) Addr() net.Addr { return &net.UnixAddr{Net: "unix"} }

// recordMessage is what an MTA sends: the beginning of a connection, and one message with so many chunks of 30 KiB.
func recordMessage(b *testing.B, want protocol.Options, chunks int) (first, message []byte) {
	rec := &recorder{}
	c := protocol.NewClient(rec)
	_ = want
	_ = c
	frame := func(code byte, data string) {
		n := len(data) + 1
		rec.Buffer.Write([]byte{byte(n >> 24), byte(n >> 16), byte(n >> 8), byte(n), code})
		rec.Buffer.WriteString(data)
	}
	frame('O', "\x00\x00\x00\x06\x00\x00\x01\xff\x00\x1f\xff\xff")
	frame('D', "Cj\x00mail.example.org\x00{daemon_name}\x00smtpd\x00v\x00Postfix 3.7.11\x00")
	frame('C', "client.example\x004\x12\x34192.0.2.1\x00")
	frame('H', "client.example\x00")
	first = bytes.Clone(rec.Buffer.Bytes())
	rec.Buffer.Reset()
	frame('D', "M{mail_addr}\x00alice@example.org\x00{mail_host}\x00example.org\x00{mail_mailer}\x00smtp\x00")
	frame('M', "<alice@example.org>\x00SIZE=30000\x00BODY=8BITMIME\x00")
	frame('D', "Ri\x00ABCDEF0123\x00{rcpt_addr}\x00bob@example.net\x00{rcpt_host}\x00example.net\x00{rcpt_mailer}\x00local\x00")
	frame('R', "<bob@example.net>\x00")
	if want.Steps&protocol.StepNoData == 0 {
		frame('D', "Ti\x00ABCDEF0123\x00")
		frame('T', "")
	}
	for i := range 25 {
		if i == 7 {
			frame('L', "Subject\x00The monthly report\x00")
			continue
		}
		frame('L', "X-Header-"+strconv.Itoa(i)+"\x00from a.example by b.example with ESMTP id 4Q1 for some reason\x00")
	}
	if want.Steps&protocol.StepNoBody == 0 {
		frame('D', "Ni\x00ABCDEF0123\x00")
		frame('N', "")
		for range chunks {
			frame('B', strings.Repeat("0123456789abcdef0123456789abcd\r\n", 960))
		}
	}
	frame('D', "Ei\x00ABCDEF0123\x00")
	frame('E', "")
	return first, rec.Buffer.Bytes()
}

// BenchmarkCheckout is a state taken from the pool and given back.
func BenchmarkCheckout(b *testing.B) {
	r := newRig(b, nil, `function on_mail() end`)
	p := r.host.Generation().pools[0]
	b.ReportAllocs()
	for b.Loop() {
		st, _, err := p.get(nil, luabind.Limit{Time: time.Second, Context: b.Context()})
		if err != nil {
			b.Fatal(err)
		}
		p.put(st)
	}
}
