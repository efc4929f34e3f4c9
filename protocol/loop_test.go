//go:build linux

package protocol

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"os"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// patience is for what must come, however busy the machine is.
const patience = time.Minute

// startLoop serves a unix socket until the test ends, and gives a way to connect to it.
func startLoop(t testing.TB, s *Server) (dial func() *Client) {
	t.Helper()
	if s.Log == nil {
		s.Log = slog.New(slog.DiscardHandler)
	}
	processors := runtime.GOMAXPROCS(s.Loops + 1)
	t.Cleanup(func() { runtime.GOMAXPROCS(processors) })
	s.start()
	dir, err := os.MkdirTemp("", "loop") // the name of a test may be too long for a socket
	if err != nil {
		t.Fatal(err)
	}
	l, err := net.Listen("unix", dir+"/s")
	if err != nil {
		t.Fatal(err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	t.Cleanup(func() {
		ctx, cancel := context.WithCancel(context.Background())
		cancel()
		_ = s.Shutdown(ctx)
		if err := <-served; err != ErrServerClosed {
			t.Errorf("Serve: got %v, want %v", err, ErrServerClosed)
		}
		_ = os.RemoveAll(dir)
	})
	return func() *Client {
		t.Helper()
		nc, err := net.Dial("unix", dir+"/s")
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = nc.Close() })
		c := NewClient(nc)
		c.SetTimeout(patience)
		return c
	}
}

// silent is for Sessions that agree to all.
var silent = handlerFunc(func(context.Context, *Event) (Verdict, error) { return Verdict{}, nil })

// negotiatedBy is a Client that has negotiated.
func negotiatedBy(t testing.TB, dial func() *Client) *Client {
	t.Helper()
	c := dial()
	if _, err := c.Negotiate(offerV6); err != nil {
		t.Fatal(err)
	}
	return c
}

// sendMail sends a message that is answered.
func sendMail(t testing.TB, c *Client) {
	t.Helper()
	must(t)(c.Mail("<a@b>"))
	must(t)(c.Rcpt("<b@c>"))
	must(t)(c.Header("Subject", "test"))
	must(t)(c.EOH())
	must(t)(c.Body("text\r\n"))
	must(t)(c.EOM())
}

func eventually(t testing.TB, what string, holds func() bool) {
	t.Helper()
	for give := time.Now().Add(patience); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(give) {
			t.Fatalf("not within %v: %s", patience, what)
		}
	}
}

// inLoops counts the connections that loops watch.
func inLoops(s *Server) (n int) {
	for _, l := range s.loops.all {
		l.mu.Lock()
		n += len(l.conns)
		l.mu.Unlock()
	}
	return n
}

func TestLoopServesConnections(t *testing.T) {
	var open atomic.Int64
	s := &Server{Handler: countingHandler{&open, func(*Event) {}}, Loops: 2, IdleTimeout: time.Hour}
	dial := startLoop(t, s)
	clients := make([]*Client, 7)
	for i := range clients {
		clients[i] = negotiatedBy(t, dial)
	}
	for range 3 {
		for _, c := range clients {
			sendMail(t, c)
		}
	}
	want(t, "connections in loops", inLoops(s), len(clients))
	want(t, "open sessions", open.Load(), int64(len(clients)))
	for _, c := range clients[1:] {
		if err := c.Quit(); err != nil {
			t.Fatal(err)
		}
		wantClosed(t, c)
	}
	_ = clients[0].Close() // hangs up without a word
	eventually(t, "all connections have ended", func() bool { return s.Connections() == 0 && inLoops(s) == 0 })
	want(t, "open sessions", open.Load(), int64(0))
}

func TestCommandsMayComeInAnyPieces(t *testing.T) {
	dial := startLoop(t, &Server{Loops: 1, Handler: silent})
	c := dial()
	for _, b := range []byte(frame(optneg(offerV6)) + frame("Hname\x00")) {
		if _, err := c.conn.Write([]byte{b}); err != nil {
			t.Fatal(err)
		}
	}
	for _, wanted := range []ReplyCode{ReplyCode(CodeOptNeg), ReplyContinue} {
		code, _, err := c.Receive()
		if err != nil || code != wanted {
			t.Fatalf("got %v, %v, want %v", code, err, wanted)
		}
	}
}

// held is a Session that waits at HELO for names that begin with "wait".
func held(entered chan<- string, release <-chan struct{}) Handler {
	return handlerFunc(func(_ context.Context, ev *Event) (Verdict, error) {
		if ev.Code == CodeHelo && strings.HasPrefix(ev.Name, "wait") {
			entered <- ev.Name
			<-release
		}
		return Verdict{}, nil
	})
}

func TestSessionThatWaitsHoldsUpNobody(t *testing.T) {
	entered, release := make(chan string), make(chan struct{})
	s := &Server{Loops: 1, Handler: held(entered, release)}
	dial := startLoop(t, s)
	slow, quick := negotiatedBy(t, dial), negotiatedBy(t, dial)
	answered := make(chan error, 1)
	go func() {
		_, err := slow.Helo("wait")
		answered <- err
	}()
	<-entered
	sendMail(t, quick)
	sendMail(t, negotiatedBy(t, dial))
	close(release)
	if err := <-answered; err != nil {
		t.Fatal(err)
	}
	sendMail(t, slow)
	want(t, "connections in the loop", inLoops(s), 3)
}

func TestConnectionThatSendsWhileItsSessionWaitsIsServedOn(t *testing.T) {
	entered, release := make(chan string), make(chan struct{})
	s := &Server{Loops: 1, Handler: held(entered, release)}
	dial := startLoop(t, s)
	slow, quick := negotiatedBy(t, dial), negotiatedBy(t, dial)
	if err := slow.Send(CodeHelo, []byte("wait\x00")); err != nil {
		t.Fatal(err)
	}
	<-entered
	if err := slow.Send(CodeHelo, []byte("again\x00")); err != nil {
		t.Fatal(err)
	}
	sendMail(t, quick)
	eventually(t, "the busy connection is not watched any longer", func() bool { return inLoops(s) == 1 })
	close(release)
	for range 2 {
		if code, _, err := slow.Receive(); err != nil || code != ReplyContinue {
			t.Fatalf("got %v, %v", code, err)
		}
	}
	sendMail(t, slow)
}

func TestConnectionsLeaveLoopsWhoseSessionsWait(t *testing.T) {
	s := &Server{Loops: 1, Handler: handlerFunc(func(_ context.Context, ev *Event) (Verdict, error) {
		if ev.Code == CodeHelo {
			time.Sleep(5 * time.Millisecond)
		}
		return Verdict{}, nil
	})}
	dial := startLoop(t, s)
	var clients []*Client
	var group sync.WaitGroup
	for range 8 {
		c := negotiatedBy(t, dial)
		clients = append(clients, c)
		group.Go(func() {
			for give := time.Now().Add(patience); !s.loops.slow.Load() && time.Now().Before(give); {
				if _, err := c.Helo("wait"); err != nil {
					t.Error(err)
					return
				}
			}
		})
	}
	group.Wait()
	if !s.loops.slow.Load() {
		t.Fatal("the loop serves on")
	}
	clients = append(clients, negotiatedBy(t, dial))
	for _, c := range clients {
		sendMail(t, c)
	}
	for i, c := range clients {
		if isInLoop(s, c) && s.loops.slow.Load() {
			t.Errorf("connection %d is still in the loop", i)
		}
	}
}

// isInLoop is told by the number of connections before and after the client has hung up.
func isInLoop(s *Server, c *Client) bool {
	before, connections := inLoops(s), s.Connections()
	_ = c.Close()
	for s.Connections() == connections {
		time.Sleep(time.Millisecond)
	}
	return inLoops(s) != before
}

func TestPeerThatReadsLateGetsAll(t *testing.T) {
	body := strings.Repeat("0123456789abcde\n", 1<<17)
	s := &Server{Loops: 1, Handler: bodyHandler(body)}
	dial := startLoop(t, s)
	late, other := negotiatedBy(t, dial), negotiatedBy(t, dial)
	must(t)(late.Mail("<a@b>"))
	must(t)(late.Rcpt("<b@c>"))
	if err := late.Send(CodeEOM, nil); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the connection has left the loop", func() bool { return inLoops(s) == 1 })
	must(t)(other.Helo("x"))
	got, verdict := 0, false
	for !verdict {
		code, data, err := late.Receive()
		if err != nil {
			t.Fatal(err)
		}
		if code == ReplyReplaceBody {
			got += len(data)
		}
		verdict = code != ReplyReplaceBody
	}
	want(t, "bytes of the new body", got, len(body))
	must(t)(late.Mail("<again@b>"))
}

func TestPanicInALoopEndsOneConnection(t *testing.T) {
	var log logBuffer
	handler := handlerFunc(func(_ context.Context, ev *Event) (Verdict, error) {
		if ev.Name == "panic" {
			panic("at the disco")
		}
		return Verdict{}, nil
	})
	dial := startLoop(t, &Server{Loops: 1, Handler: handler, Log: log.logger(slog.LevelInfo)})
	bad, good := negotiatedBy(t, dial), negotiatedBy(t, dial)
	if _, err := bad.Helo("panic"); err == nil {
		t.Error("HELO was answered")
	}
	sendMail(t, good)
	if !strings.Contains(log.String(), `reason="panic: at the disco"`) {
		t.Errorf("log: %s", log.String())
	}
}

func TestIdleConnectionInALoopIsClosed(t *testing.T) {
	var log logBuffer
	s := &Server{Loops: 1, Handler: silent, Log: log.logger(slog.LevelInfo), IdleTimeout: 300 * time.Millisecond}
	dial := startLoop(t, s)
	within, between := negotiatedBy(t, dial), negotiatedBy(t, dial)
	must(t)(within.Mail("<a@b>"))
	wantClosed(t, within)
	wantClosed(t, between)
	eventually(t, "both have ended", func() bool { return s.Connections() == 0 })
	if got := strings.Count(log.String(), `reason="idle for 300ms"`); got != 2 {
		t.Errorf("log: %s", log.String())
	}
}

func TestShutdownEndsConnectionsInLoops(t *testing.T) {
	s := &Server{Handler: silent, Loops: 2}
	dial := startLoop(t, s)
	idle, busy := negotiatedBy(t, dial), negotiatedBy(t, dial)
	sendMail(t, idle)
	must(t)(busy.Mail("<a@b>"))
	done := make(chan error)
	go func() { done <- s.Shutdown(t.Context()) }()
	wantClosed(t, idle)
	must(t)(busy.Rcpt("<b@c>"))
	must(t)(busy.EOM())
	wantClosed(t, busy)
	if err := <-done; err != nil {
		t.Error(err)
	}
}

func TestShutdownCutsConnectionsInLoops(t *testing.T) {
	entered := make(chan string)
	s := &Server{Loops: 1, Handler: handlerFunc(func(ctx context.Context, ev *Event) (Verdict, error) {
		if ev.Code == CodeEOM {
			entered <- ""
			<-ctx.Done()
		}
		return Verdict{}, nil
	})}
	dial := startLoop(t, s)
	silent, working := negotiatedBy(t, dial), negotiatedBy(t, dial)
	must(t)(silent.Mail("<a@b>"))
	must(t)(working.Mail("<a@b>"))
	if err := working.Send(CodeEOM, nil); err != nil {
		t.Fatal(err)
	}
	<-entered
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	err := s.Shutdown(ctx)
	if !errors.Is(err, context.Canceled) || !strings.HasPrefix(err.Error(), "shutdown: 2 connections cut") {
		t.Errorf("got %v", err)
	}
	eventually(t, "all have ended", func() bool { return s.Connections() == 0 })
}

func TestRefusedConnectionsAreClosed(t *testing.T) {
	s := &Server{Loops: 1, Handler: silent, MaxConnections: 1}
	dial := startLoop(t, s)
	first := negotiatedBy(t, dial)
	if _, err := dial().Negotiate(offerV6); err == nil {
		t.Error("the second was served")
	}
	sendMail(t, first)
}

func TestHandlerWithoutSessionClosesItsConnectionInALoop(t *testing.T) {
	s := &Server{Loops: 1, Handler: noSession{}}
	wantClosed(t, startLoop(t, s)())
	eventually(t, "it has ended", func() bool { return s.Connections() == 0 })
}

// bodyHandler is for Sessions that replace the body.
type bodyHandler string

func (h bodyHandler) NewSession(Peer, Session) Session { return h }
func (h bodyHandler) Negotiate(Offer) Options          { return Options{Actions: ActionChangeBody} }
func (h bodyHandler) Negotiated(Options)               {}

func (h bodyHandler) Handle(_ context.Context, ev *Event) (Verdict, error) {
	if ev.Code != CodeEOM {
		return Verdict{}, nil
	}
	return Verdict{Changes: []Change{{Code: ReplyReplaceBody, Value: string(h)}}}, nil
}
