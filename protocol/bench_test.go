package protocol

import (
	"context"
	"log/slog"
	"net"
	"strings"
	"testing"
)

func BenchmarkDecodeEvent(b *testing.B) {
	for _, wire := range []string{fConnect, fHelo, "M<a@example>\x00", fMail, fHeader, fBody} {
		b.Run(Code(wire[0]).String(), func(b *testing.B) {
			b.ReportAllocs()
			data := []byte(wire[1:])
			var ev Event
			for b.Loop() {
				ev = Event{}
				if err := decodeEvent(&ev, Code(wire[0]), text(data), false); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkEncodeVerdict(b *testing.B) {
	for _, v := range []Verdict{{}, reject} {
		b.Run(v.Kind.String(), func(b *testing.B) {
			b.ReportAllocs()
			var out []byte
			for b.Loop() {
				out = appendVerdict(out[:0], &v)
			}
		})
	}
}

func BenchmarkMacros(b *testing.B) {
	var m Macros
	connect := "j\x00mail.example\x00{daemon_name}\x00smtpd\x00{daemon_addr}\x00192.0.2.1\x00v\x00Postfix 3.9\x00"
	mail := "i\x00Q1\x00{mail_addr}\x00a@example\x00{mail_host}\x00example\x00{mail_mailer}\x00smtp\x00"
	if err := m.receive(CodeConnect, connect); err != nil {
		b.Fatal(err)
	}
	b.Run("receive", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if err := m.receive(CodeMail, mail); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("get", func(b *testing.B) {
		b.ReportAllocs()
		for b.Loop() {
			if _, ok := m.Get("daemon_name"); !ok {
				b.Fatal("not found")
			}
		}
	})
}

// benchSession wants all of the message and lets it pass.
type benchSession struct{ wish Options }

func (s *benchSession) NewSession(Peer, Session) Session { return s }

func (s *benchSession) Negotiate(Offer) Options { return s.wish }

func (s *benchSession) Negotiated(Options) {}

func (s *benchSession) Handle(context.Context, *Event) (Verdict, error) { return Verdict{}, nil }

// returningBenchSession keeps nothing of the body.
type returningBenchSession struct{ benchSession }

func (s *returningBenchSession) NewSession(Peer, Session) Session { return s }

func (s *returningBenchSession) BodyReturned() bool { return true }

// BenchmarkConnection is the server alone: a connection with one message from memory.
func BenchmarkConnection(b *testing.B) {
	for _, bm := range []struct {
		name    string
		size    int
		handler Handler
	}{
		{"1 KiB", 1 << 10, &benchSession{}},
		{"1 MiB", 1 << 20, &benchSession{}},
		{"1 MiB, nothing of it kept", 1 << 20, &returningBenchSession{}},
	} {
		size := bm.size
		b.Run(bm.name, func(b *testing.B) {
			in := frame(optneg(offerV6)) + frame("DCj\x00h\x00") + frame(fConnect) + frame(fHelo)
			in += frame("DMi\x00Q\x00") + frame(fMail) + frame(fRcpt)
			for range 20 {
				in += frame("LReceived\x00from a by b with c; Thu, 1 Jan 1970 00:00:00 +0000\x00")
			}
			in += frame("N")
			for n := size; n > 0; n -= 65535 {
				in += frame("B" + strings.Repeat("x", min(n, 65535)))
			}
			in += frame("E") + frame("Q")
			s := &Server{Handler: bm.handler, Log: slog.New(slog.DiscardHandler)}
			s.start()
			b.ReportAllocs()
			b.SetBytes(int64(len(in)))
			for b.Loop() {
				nc := &scriptConn{in: []string{in}}
				newConn(s, nc, Peer{"mta", "1"}).serve()
				if !nc.closed || nc.out.Len() == 0 {
					b.Fatal("no replies")
				}
			}
		})
	}
}

// BenchmarkMessage sends messages over one connection of a unix socket, Client and Server together.
func BenchmarkMessage(b *testing.B) {
	noReply := StepNoReplyConnect | StepNoReplyHelo | StepNoReplyMail | StepNoReplyRcpt | StepNoReplyData |
		StepNoReplyHeader | StepNoReplyEOH | StepNoReplyBody
	for _, bm := range []struct {
		name string
		wish Step
		size int
	}{
		{"reply to each step, 1 KiB", 0, 1 << 10},
		{"one round trip, 1 KiB", noReply, 1 << 10},
		{"one round trip, 1 MiB", noReply, 1 << 20},
	} {
		b.Run(bm.name, func(b *testing.B) {
			l, err := net.Listen("unix", b.TempDir()+"/s")
			if err != nil {
				b.Fatal(err)
			}
			s := &Server{Handler: &benchSession{Options{Steps: bm.wish}}, Log: slog.New(slog.DiscardHandler), IdleTimeout: 7210e9}
			go func() { _ = s.Serve(l) }()
			defer func() { _ = s.Shutdown(context.Background()) }()
			nc, err := net.Dial("unix", l.Addr().String())
			if err != nil {
				b.Fatal(err)
			}
			c := NewClient(nc)
			defer c.Close()
			if _, err := c.Negotiate(offerV6); err != nil {
				b.Fatal(err)
			}
			must(b)(c.Connect("h", FamilyInet, 25, "192.0.2.1"))
			must(b)(c.Helo("h"))
			body := strings.Repeat("x", bm.size)
			b.ReportAllocs()
			b.SetBytes(int64(bm.size))
			for b.Loop() {
				sendMessage(b, c, body)
			}
		})
	}
}

func sendMessage(b *testing.B, c *Client, body string) {
	take := must(b)
	if err := c.Macros(CodeMail, "i", "Q1"); err != nil {
		b.Fatal(err)
	}
	take(c.Mail("<a@example>"))
	take(c.Rcpt("<b@example>"))
	take(c.Data())
	for range 20 {
		take(c.Header("Received", "from a by b with c; Thu, 1 Jan 1970 00:00:00 +0000"))
	}
	take(c.EOH())
	take(c.Body(body))
	take(c.EOM())
}
