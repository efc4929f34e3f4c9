//go:build linux

package protocol

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestLoopsInAStorm has all at once that may happen to a connection in a loop, and a Shutdown that cuts what is left.
func TestLoopsInAStorm(t *testing.T) {
	before := descriptors(t)
	for network, address := range map[string]string{"tcp": "127.0.0.1:0", "unix": t.TempDir() + "/s"} {
		for _, idle := range []time.Duration{0, 20 * time.Millisecond} {
			t.Run(fmt.Sprintf("%s, idle timeout %v", network, idle), func(t *testing.T) {
				l, err := net.Listen(network, address)
				if err != nil {
					t.Fatal(err)
				}
				loopStorm(t, l, idle)
			})
		}
	}
	eventually(t, "all descriptors are closed", func() bool { return descriptors(t) <= before+3 }) // of Go's poller
}

func loopStorm(t *testing.T, l net.Listener, idle time.Duration) {
	var open, together atomic.Int64
	s := &Server{
		Handler: stormHandler{&open, &together}, Log: slog.New(slog.DiscardHandler),
		Loops: 2, MaxConnections: 25, IdleTimeout: idle,
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	var group sync.WaitGroup
	for range 30 {
		group.Go(func() {
			for range 20 {
				nc, err := net.Dial(l.Addr().Network(), l.Addr().String())
				if err != nil {
					return // the server has shut down
				}
				stormClient(nc)
			}
		})
	}
	for n := range 20 {
		time.Sleep(10 * time.Millisecond)
		s.loops.slow.Store(n%2 == 1)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_ = s.Shutdown(ctx)
	group.Wait()
	if err := s.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if err := <-served; err != ErrServerClosed {
		t.Errorf("Serve: got %v, want %v", err, ErrServerClosed)
	}
	want(t, "connections in loops", inLoops(s), 0)
	want(t, "sessions that have not been closed", open.Load(), int64(0))
	want(t, "sessions that were called twice at once", together.Load(), int64(0))
}

// stormClient sends some messages, and ends in one way or another.
func stormClient(nc net.Conn) {
	defer nc.Close()
	c := NewClient(nc)
	c.SetTimeout(patience)
	_, err := c.Negotiate(offerV6)
	for range 5 {
		if err == nil {
			_, err = c.Mail("<a@b>")
		}
		if err == nil {
			_, err = c.Rcpt("<b@c>")
		}
		if err != nil {
			return
		}
		switch rand.IntN(20) {
		case 0:
			return
		case 1:
			time.Sleep(30 * time.Millisecond)
		case 2: // reads late
			_ = c.Send(CodeEOM, nil)
			_ = nc.(interface{ CloseWrite() error }).CloseWrite()
			time.Sleep(10 * time.Millisecond)
			for err == nil {
				_, _, err = c.Receive()
			}
			return
		}
		_, err = c.EOM()
	}
	_ = c.Quit()
}

// stormHandler counts the sessions that are open, and calls that come together.
type stormHandler struct{ open, together *atomic.Int64 }

func (h stormHandler) NewSession(Peer, Session) Session {
	switch rand.IntN(50) {
	case 0:
		panic("no session")
	case 1:
		return nil
	}
	h.open.Add(1)
	return &stormSession{stormHandler: h}
}

type stormSession struct {
	stormHandler
	calls atomic.Int32
	held  int // the race detector would see two that change it
}

func (s *stormSession) Negotiate(Offer) Options { return Options{Actions: ActionChangeBody} }
func (s *stormSession) Negotiated(Options)      {}
func (s *stormSession) Pause()                  { s.held++ }

func (s *stormSession) Handle(_ context.Context, ev *Event) (Verdict, error) {
	if s.calls.Add(1) > 1 {
		s.together.Add(1)
	}
	defer s.calls.Add(-1)
	s.held++
	if ev.Code == CodeClose {
		s.open.Add(-1)
	}
	switch rand.IntN(100) {
	case 0:
		panic("in the middle")
	case 1:
		return Verdict{}, errors.New("no verdict")
	case 2, 3:
		time.Sleep(time.Duration(rand.IntN(20)) * time.Millisecond)
	}
	if ev.Code == CodeEOM && rand.IntN(10) == 0 {
		_ = ev.Progress()
		return Verdict{Changes: []Change{{Code: ReplyReplaceBody, Value: strings.Repeat("x", 1<<20)}}}, nil
	}
	return Verdict{}, nil
}
