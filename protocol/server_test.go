package protocol

import (
	"context"
	"errors"
	"io"
	"log/slog"
	"net"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"
)

// handlerFunc makes a Handler of what a Session does with an event.
type handlerFunc func(ctx context.Context, ev *Event) (Verdict, error)

func (f handlerFunc) NewSession(Peer, Session) Session { return f }

func (f handlerFunc) Negotiate(Offer) Options { return Options{} }

func (f handlerFunc) Negotiated(Options) {}

func (f handlerFunc) Handle(ctx context.Context, ev *Event) (Verdict, error) { return f(ctx, ev) }

// connected is a Client that has negotiated.
func connected(t testing.TB, l *pipeListener) *Client {
	t.Helper()
	c := NewClient(l.dial())
	t.Cleanup(func() { _ = c.Close() })
	if _, err := c.Negotiate(offerV6); err != nil {
		t.Fatal(err)
	}
	return c
}

// must takes the answer of a command that went well.
func must(t testing.TB) func(Answer, error) Answer {
	return func(a Answer, err error) Answer {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return a
	}
}

// wantClosed waits until the milter has closed the connection.
func wantClosed(t testing.TB, c *Client) {
	t.Helper()
	if _, _, err := c.Receive(); !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrClosedPipe) {
		t.Errorf("got %v, want a closed connection", err)
	}
}

func TestPanicEndsOneConnection(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log logBuffer
		session := &testSession{hook: func(ev *Event) error {
			if ev.Code == CodeHelo && ev.Name == "boom" || ev.Code == CodeClose {
				panic("out of order")
			}
			return nil
		}}
		s := &Server{Handler: session, Log: log.logger(slog.LevelInfo)}
		l := startServer(t, s)
		other, bad := connected(t, l), connected(t, l)
		must(t)(bad.Mail("<a@b>"))
		if _, err := bad.Helo("boom"); err == nil {
			t.Error("an answer to the event that panics")
		}
		wantClosed(t, bad)
		synctest.Wait() // the peer sees the end before the session does
		must(t)(other.Helo("fine"))
		synctest.Wait()
		want(t, "connections", s.Connections(), 1)
		want(t, "trace", strings.Join(session.lines(), "|"), "session|session|mail <a@b>|abort|helo boom|close|helo fine")
		want(t, "panics logged", strings.Count(log.String(), `reason="panic: out of order"`), 2)
	})
}

func TestPanicInAMessageAbortsItAndClosesTheSession(t *testing.T) {
	var log logBuffer
	session := &testSession{hook: func(ev *Event) error {
		if ev.Code == CodeRcpt || ev.Code == CodeAbort {
			panic(ev.Code.String())
		}
		return nil
	}}
	nc := converse(session, log.logger(slog.LevelInfo), frame(optneg(offerV6))+frame(fMail)+frame(fRcpt)+frame(fRcpt))
	want(t, "trace", strings.Join(session.lines(), "|"), "session|mail <a@example> SIZE=5|rcpt <b@example>|abort|close")
	want(t, "replies before it", len(frames(t, nc.out.Bytes())), 2)
	for _, part := range []string{"panic: rcpt", "panic: abort", "level=ERROR"} {
		if !strings.Contains(log.String(), part) {
			t.Errorf("log lacks %s: %s", part, log.String())
		}
	}
}

func TestPanicAtTheEndOfTheMessageIsNoAbort(t *testing.T) {
	session := &testSession{hook: func(ev *Event) error {
		if ev.Code == CodeEOM {
			panic("eom")
		}
		return nil
	}}
	converse(session, slog.New(slog.DiscardHandler), frame(optneg(offerV6))+frame(fMail)+frame("E"))
	want(t, "trace", strings.Join(session.lines(), "|"), "session|mail <a@example> SIZE=5|eom|close")
}

func TestErrorOfTheSessionClosesTheConnection(t *testing.T) {
	tests := []struct {
		name    string
		session *testSession
		log     string
	}{
		{"an error", &testSession{hook: func(ev *Event) error {
			if ev.Code == CodeMail {
				return errors.New("no disk")
			}
			return nil
		}}, `reason="handle mail: no disk"`},
		{"an unknown verdict", &testSession{verdicts: map[string]Verdict{"mail": {Kind: 99}}}, `reason="handle mail: unknown verdict 99"`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var log logBuffer
			converse(tt.session, log.logger(slog.LevelInfo), frame(optneg(offerV6))+frame(fMail)+frame(fRcpt))
			want(t, "trace", strings.Join(tt.session.lines(), "|"), "session|mail <a@example> SIZE=5|abort|close")
			if !strings.Contains(log.String(), tt.log) {
				t.Errorf("log: got %s, want %s", log.String(), tt.log)
			}
		})
	}
}

type noSession struct{}

func (noSession) NewSession(Peer, Session) Session { return nil }

func TestHandlerWithoutSessionClosesTheConnection(t *testing.T) {
	var log logBuffer
	nc := converse(noSession{}, log.logger(slog.LevelInfo), frame(optneg(offerV6)))
	if !nc.closed || !strings.Contains(log.String(), "the handler gave no session") {
		t.Errorf("closed %v, log %q", nc.closed, log.String())
	}
}

func TestMaxConnections(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log logBuffer
		s := &Server{Handler: &testSession{}, Log: log.logger(slog.LevelInfo), MaxConnections: 2}
		l := startServer(t, s)
		first, _ := connected(t, l), connected(t, l)
		for range 10 {
			wantClosed(t, NewClient(l.dial()))
		}
		want(t, "connections", s.Connections(), 2)
		want(t, "log lines", strings.Count(log.String(), "\n"), 1)
		if err := first.Quit(); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		connected(t, l)
		time.Sleep(refusedLogGap)
		wantClosed(t, NewClient(l.dial()))
		if !strings.Contains(log.String(), "refused=10 max=2") {
			t.Errorf("the second line does not count: %s", log.String())
		}
	})
}

func TestShutdownWaitsForMessages(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &Server{Handler: &testSession{verdicts: map[string]Verdict{"mail <spam>": {Kind: VerdictReject}}}}
		l := startServer(t, s)
		fresh := NewClient(l.dial())
		idle, busy, refused := connected(t, l), connected(t, l), connected(t, l)
		must(t)(idle.Helo("x"))
		must(t)(refused.Mail("<spam>"))
		must(t)(busy.Mail("<a@b>"))
		done := make(chan error)
		go func() { done <- s.Shutdown(t.Context()) }()
		wantClosed(t, fresh)
		wantClosed(t, idle)
		wantClosed(t, refused)
		synctest.Wait()
		want(t, "connections", s.Connections(), 1)
		must(t)(busy.Rcpt("<b@c>"))
		must(t)(busy.EOM())
		wantClosed(t, busy)
		if err := <-done; err != nil {
			t.Error(err)
		}
		if err := s.Serve(&pipeListener{conns: make(chan net.Conn), done: make(chan struct{})}); err != ErrServerClosed {
			t.Errorf("Serve after Shutdown: got %v", err)
		}
	})
}

func TestShutdownLetsANewConnectionBegin(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &Server{Handler: &testSession{}}
		l := startServer(t, s)
		old := connected(t, l)
		time.Sleep(freshTime)
		begin := time.Now()
		silent, quick := NewClient(l.dial()), connected(t, l)
		done := make(chan error)
		go func() { done <- s.Shutdown(t.Context()) }()
		wantClosed(t, old)
		want(t, "an old connection closed after", time.Since(begin), 0)
		must(t)(quick.Mail("<a@b>"))
		must(t)(quick.Rcpt("<b@c>"))
		must(t)(quick.EOM())
		wantClosed(t, quick)
		want(t, "a new one closed after its message, after", time.Since(begin), 0)
		wantClosed(t, silent)
		want(t, "a new one that says nothing closed after", time.Since(begin), freshTime)
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
}

func TestShutdownCutsWhatTakesTooLong(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &Server{Handler: handlerFunc(func(ctx context.Context, ev *Event) (Verdict, error) {
			if ev.Code == CodeEOM {
				<-ctx.Done()
			}
			return Verdict{}, nil
		})}
		l := startServer(t, s)
		silent, working := connected(t, l), connected(t, l)
		must(t)(silent.Mail("<a@b>"))
		must(t)(working.Mail("<a@b>"))
		if err := working.Send(CodeEOM, nil); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 30*time.Second)
		defer cancel()
		err := s.Shutdown(ctx)
		if !errors.Is(err, context.DeadlineExceeded) || !strings.HasPrefix(err.Error(), "shutdown: 2 connections cut") {
			t.Errorf("got %v", err)
		}
		synctest.Wait()
		want(t, "connections", s.Connections(), 0)
	})
}

func TestIdleConnectionIsClosed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log logBuffer
		slow := handlerFunc(func(_ context.Context, ev *Event) (Verdict, error) {
			if ev.Code == CodeHelo {
				time.Sleep(3 * time.Minute)
			}
			return Verdict{}, nil
		})
		s := &Server{Handler: slow, Log: log.logger(slog.LevelInfo), IdleTimeout: 2 * time.Minute}
		c := connected(t, startServer(t, s))
		for range 5 {
			time.Sleep(90 * time.Second)
			must(t)(c.Mail("<a@b>"))
		}
		must(t)(c.Helo("takes longer than the MTA may be silent"))
		must(t)(c.Mail("<a@b>"))
		begin := time.Now()
		wantClosed(t, c)
		want(t, "closed after", time.Since(begin), 2*time.Minute)
		synctest.Wait()
		if !strings.Contains(log.String(), `reason="idle for 2m0s"`) {
			t.Errorf("log: %s", log.String())
		}
	})
}

func TestPeerThatDoesNotReadIsGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &Server{Handler: &testSession{}}
		nc := startServer(t, s).dial()
		if _, err := io.WriteString(nc, frame(optneg(offerV6))); err != nil {
			t.Fatal(err)
		}
		synctest.Wait()
		want(t, "connections", s.Connections(), 1)
		time.Sleep(writeTimeout + time.Second)
		synctest.Wait()
		want(t, "connections", s.Connections(), 0)
	})
}

func TestProgressIsSentAtTheEndOfAMessageOnly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var kept *Event
		l := startServer(t, &Server{Handler: handlerFunc(func(_ context.Context, ev *Event) (Verdict, error) {
			if ev.Code == CodeClose {
				return Verdict{}, nil
			}
			kept = ev
			for range 2 {
				if err := ev.Progress(); err != nil {
					t.Error(err)
				}
				time.Sleep(time.Second)
			}
			return Verdict{}, nil
		})})
		c := connected(t, l)
		c.SetTimeout(1500 * time.Millisecond) // an EOM takes 2 s: only progress lets it pass
		if _, err := c.Mail("<a@b>"); !errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("mail: got %v", err)
		}
		c.SetTimeout(0)
		if code, _, err := c.Receive(); code != ReplyContinue || err != nil {
			t.Errorf("mail: got %v %v", code, err)
		}
		c.SetTimeout(1500 * time.Millisecond)
		want(t, "progress", must(t)(c.EOM()).Progress, 2)
		if err := kept.Progress(); err != nil {
			t.Error(err)
		}
		if err := new(Event).Progress(); err != nil {
			t.Error(err)
		}
	})
}

// failingListener fails with each error in turn, then waits.
type failingListener struct {
	*pipeListener
	errs  []error
	times []time.Time
}

func (l *failingListener) Accept() (net.Conn, error) {
	l.times = append(l.times, time.Now())
	if len(l.errs) == 0 {
		return l.pipeListener.Accept()
	}
	err := l.errs[0]
	l.errs = l.errs[1:]
	return nil, err
}

func TestAcceptErrorsThatPassAreWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var log logBuffer
		full := errors.New("too many open files")
		l := &failingListener{
			pipeListener: &pipeListener{conns: make(chan net.Conn), done: make(chan struct{})},
			errs:         []error{full, full, full},
		}
		s := &Server{Handler: &testSession{}, Log: log.logger(slog.LevelInfo)}
		served := make(chan error)
		go func() { served <- s.Serve(l) }()
		connected(t, l.pipeListener)
		synctest.Wait()
		for i, gap := range []time.Duration{5, 10, 20} {
			want(t, "gap", l.times[i+1].Sub(l.times[i]), gap*time.Millisecond)
		}
		want(t, "log lines", strings.Count(log.String(), "accept failed"), 3)
		if err := s.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		if err := <-served; err != ErrServerClosed {
			t.Errorf("Serve: got %v", err)
		}
	})
}

func TestConnectionsMayBeAskedForWhileServeBegins(t *testing.T) {
	for range 100 {
		s := &Server{Handler: &testSession{}}
		startServer(t, s)
		want(t, "connections", s.Connections(), 0)
	}
}

func TestListenerClosedByOthersEndsServe(t *testing.T) {
	l := &pipeListener{conns: make(chan net.Conn), done: make(chan struct{})}
	_ = l.Close()
	if err := new(Server).Serve(l); !errors.Is(err, net.ErrClosed) {
		t.Errorf("got %v", err)
	}
}

func TestServeOverRealSockets(t *testing.T) {
	s := &Server{Handler: &testSession{}, Log: slog.New(slog.DiscardHandler), IdleTimeout: time.Minute}
	served := make(chan error, 2)
	var listeners []net.Listener
	for _, at := range [][2]string{{"unix", t.TempDir() + "/s"}, {"tcp", "127.0.0.1:0"}} {
		l, err := net.Listen(at[0], at[1])
		if err != nil {
			t.Fatal(err)
		}
		listeners = append(listeners, l)
		go func() { served <- s.Serve(l) }()
	}
	body := strings.Repeat("0123456789abcde\n", 1<<16)
	for _, l := range listeners {
		nc, err := net.Dial(l.Addr().Network(), l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		c := NewClient(nc)
		if _, err := c.Negotiate(offerV6); err != nil {
			t.Fatal(err)
		}
		must(t)(c.Connect("h", FamilyInet, 1, "192.0.2.1"))
		must(t)(c.Mail("<a@b>"))
		must(t)(c.Rcpt("<a@b>"))
		must(t)(c.Body(body))
		must(t)(c.EOM())
		if err := c.Quit(); err != nil {
			t.Fatal(err)
		}
		wantClosed(t, c)
		_ = c.Close()
	}
	if err := s.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	for range listeners {
		if err := <-served; err != ErrServerClosed {
			t.Errorf("Serve: got %v", err)
		}
	}
}
