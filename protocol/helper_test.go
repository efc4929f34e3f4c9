package protocol

import (
	"bytes"
	"context"
	"encoding/binary"
	"fmt"
	"io"
	"log/slog"
	"net"
	"strings"
	"sync"
	"testing"
	"time"
)

// offerV6 is what Postfix and Sendmail 8.18 offer.
var offerV6 = Offer{Version: 6, Actions: AllActions, Steps: AllSteps}

// frame makes a frame of a command byte and its data.
func frame(s string) string {
	return string(binary.BigEndian.AppendUint32(nil, uint32(len(s)))) + s
}

// frames splits a stream into frames without their lengths.
func frames(t testing.TB, stream []byte) []string {
	t.Helper()
	var list []string
	for len(stream) > 0 {
		if len(stream) < 4 {
			t.Fatalf("stream ends in a length: %q", stream)
		}
		n := int(binary.BigEndian.Uint32(stream))
		if n == 0 || len(stream) < 4+n {
			t.Fatalf("stream ends in a frame: %q", stream)
		}
		list = append(list, string(stream[4:4+n]))
		stream = stream[4+n:]
	}
	return list
}

// optneg is the MTA's offer as a frame without its length.
func optneg(o Offer) string { return string(appendOffer(nil, o)[4:]) }

// describe is an event as the traces of the tests have it.
func describe(ev *Event) string {
	parts := []string{ev.Code.String()}
	switch ev.Code {
	case CodeConnect:
		parts = append(parts, ev.Hostname, ev.Family.String(), ev.Address)
		if ev.Port != 0 {
			parts = append(parts, fmt.Sprint(ev.Port))
		}
	case CodeHelo:
		parts = append(parts, ev.Name)
	case CodeMail, CodeRcpt:
		parts = append(append(parts, ev.Mailbox), ev.Params...)
	case CodeHeader:
		colon := ": "
		if ev.NoSpace {
			colon = ":"
		}
		parts = append(parts, ev.Name+colon+ev.Value)
	case CodeBody:
		parts = append(parts, ev.Body)
	case CodeUnknown:
		parts = append(parts, ev.Value)
	}
	return strings.TrimSpace(strings.Join(parts, " "))
}

// testSession answers by a table and writes down what it was called with.
type testSession struct {
	wish     Options
	verdicts map[string]Verdict // by describe(ev), or else by the name of the event
	hook     func(ev *Event) error

	mu    sync.Mutex
	trace []string
	offer Offer
	got   Options
}

func (s *testSession) note(line string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.trace = append(s.trace, line)
}

func (s *testSession) lines() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.trace...)
}

func (s *testSession) NewSession(Peer, Session) Session {
	s.note("session")
	return s
}

func (s *testSession) Negotiate(offer Offer) Options {
	s.offer = offer
	return s.wish
}

func (s *testSession) Negotiated(got Options) { s.got = got }

func (s *testSession) Handle(_ context.Context, ev *Event) (Verdict, error) {
	line := describe(ev)
	s.note(line)
	if s.hook != nil {
		if err := s.hook(ev); err != nil {
			return Verdict{}, err
		}
	}
	if v, ok := s.verdicts[line]; ok {
		return v, nil
	}
	return s.verdicts[ev.Code.String()], nil
}

// logBuffer collects log lines without their time.
type logBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *logBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *logBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (l *logBuffer) logger(level slog.Level) *slog.Logger {
	return slog.New(slog.NewTextHandler(l, &slog.HandlerOptions{Level: level, ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
		if a.Key == slog.TimeKey || a.Key == "stack" {
			return slog.Attr{}
		}
		return a
	}}))
}

// scriptConn is a connection whose peer has sent in, in pieces, and hangs up.
type scriptConn struct {
	net.Conn
	in     []string
	out    bytes.Buffer
	writes int
	closed bool
}

func (c *scriptConn) Read(p []byte) (int, error) {
	if len(c.in) == 0 {
		return 0, io.EOF
	}
	n := copy(p, c.in[0])
	if c.in[0] = c.in[0][n:]; c.in[0] == "" {
		c.in = c.in[1:]
	}
	return n, nil
}

func (c *scriptConn) Write(p []byte) (int, error) {
	c.writes++
	return c.out.Write(p)
}

func (c *scriptConn) Close() error                     { c.closed = true; return nil }
func (c *scriptConn) SetReadDeadline(time.Time) error  { return nil }
func (c *scriptConn) SetWriteDeadline(time.Time) error { return nil }

// converse runs a whole connection over what the peer sends.
func converse(h Handler, log *slog.Logger, in ...string) *scriptConn {
	s := &Server{Handler: h, Log: log}
	s.start()
	nc := &scriptConn{in: in}
	newConn(s, nc, Peer{RemoteAddr: "mta", ID: "1"}).serve()
	return nc
}

// startServer serves h on a listener of pipes until the test ends.
func startServer(t testing.TB, s *Server) *pipeListener {
	t.Helper()
	if s.Log == nil {
		s.Log = slog.New(slog.DiscardHandler)
	}
	l := &pipeListener{conns: make(chan net.Conn), done: make(chan struct{})}
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_ = s.Shutdown(ctx)
		if err := <-served; err != ErrServerClosed {
			t.Errorf("Serve: got %v, want %v", err, ErrServerClosed)
		}
	})
	return l
}

// pipeListener accepts the far ends of pipes.
type pipeListener struct {
	conns chan net.Conn
	done  chan struct{}
	once  sync.Once
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case nc := <-l.conns:
		return nc, nil
	case <-l.done:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	l.once.Do(func() { close(l.done) })
	return nil
}

func (l *pipeListener) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "pipe"} }

func (l *pipeListener) dial() net.Conn {
	near, far := net.Pipe()
	l.conns <- far
	return near
}

// want compares what the test prints as text.
func want[T any](t testing.TB, what string, got, want T) {
	t.Helper()
	if g, w := fmt.Sprintf("%#v", got), fmt.Sprintf("%#v", want); g != w {
		t.Errorf("%s:\n got %s\nwant %s", what, g, w)
	}
}
