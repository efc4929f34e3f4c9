//go:build linux

package protocol

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"os"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func TestLoopsGiveBackWhatTheyTake(t *testing.T) {
	before := descriptors(t)
	for range 3 {
		s := &Server{Handler: silent, Log: slog.New(slog.DiscardHandler), Loops: 2}
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		served := make(chan error, 1)
		go func() { served <- s.Serve(l) }()
		for range 50 {
			nc, err := net.Dial("tcp", l.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			c := NewClient(nc)
			if _, err := c.Negotiate(offerV6); err != nil {
				t.Fatal(err)
			}
			sendMail(t, c)
			_ = c.Close()
		}
		if err := s.Shutdown(t.Context()); err != nil {
			t.Error(err)
		}
		<-served
	}
	eventually(t, "all descriptors are closed", func() bool { return descriptors(t) <= before+1 }) // Go's own epoll
}

func descriptors(t testing.TB) int {
	t.Helper()
	list, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(list)
}

// TestLoopsUnderLoad has Sessions that wait now and then, peers that hang up anywhere, and a Shutdown in the middle.
func TestLoopsUnderLoad(t *testing.T) {
	var open atomic.Int64
	s := &Server{Loops: 2, IdleTimeout: time.Hour, Handler: countingHandler{&open, func(ev *Event) {
		if ev.Code == CodeRcpt && rand.IntN(200) == 0 {
			time.Sleep(time.Duration(rand.IntN(15)) * time.Millisecond)
		}
	}}}
	dial := startLoop(t, s)
	clients := make([]*Client, 40)
	for i := range clients {
		clients[i] = dial()
	}
	var group sync.WaitGroup
	for i, c := range clients {
		group.Go(func() {
			if err := talk(c, i); err != nil {
				t.Errorf("connection %d: %v", i, err)
			}
		})
	}
	group.Wait()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	if err := s.Shutdown(ctx); err != nil {
		t.Error(err)
	}
	want(t, "sessions that have not been closed", open.Load(), int64(0))
}

// talk sends messages, and hangs up in the middle of the last one if n is odd.
func talk(c *Client, n int) error {
	if _, err := c.Negotiate(offerV6); err != nil {
		return err
	}
	for m := range 30 {
		if _, err := c.Mail("<a@b>"); err != nil {
			return fmt.Errorf("MAIL of message %d: %w", m, err)
		}
		if _, err := c.Rcpt("<b@c>"); err != nil {
			return fmt.Errorf("RCPT of message %d: %w", m, err)
		}
		if m == 29 && n%2 == 1 {
			return c.Close()
		}
		if _, err := c.EOM(); err != nil {
			return fmt.Errorf("end of message %d: %w", m, err)
		}
	}
	if err := c.Quit(); err != nil {
		return err
	}
	if _, _, err := c.Receive(); !errors.Is(err, io.EOF) {
		return fmt.Errorf("after QUIT: %w", err)
	}
	return c.Close()
}

// countingHandler counts the sessions that are open.
type countingHandler struct {
	open *atomic.Int64
	hook func(*Event)
}

func (h countingHandler) NewSession(Peer, Session) Session {
	h.open.Add(1)
	return handlerFunc(func(_ context.Context, ev *Event) (Verdict, error) {
		h.hook(ev)
		if ev.Code == CodeClose {
			h.open.Add(-1)
		}
		return Verdict{}, nil
	})
}

// BenchmarkConnections sends messages on 64 connections whose Sessions answer at once, or after some time.
func BenchmarkConnections(b *testing.B) {
	for _, delay := range []time.Duration{0, time.Millisecond, 20 * time.Millisecond} {
		for _, loops := range []int{0, 1} {
			b.Run(fmt.Sprintf("session=%v/loops=%d", delay, loops), func(b *testing.B) {
				handler := handlerFunc(func(_ context.Context, ev *Event) (Verdict, error) {
					if ev.Code == CodeEOM {
						time.Sleep(delay)
					}
					return Verdict{}, nil
				})
				benchmarkConnections(b, &Server{Handler: handler, Loops: loops})
			})
		}
	}
}

func benchmarkConnections(b *testing.B, s *Server) {
	dial := startLoop(b, s)
	clients := make(chan *Client, 64)
	for range cap(clients) {
		clients <- negotiatedBy(b, dial)
	}
	var group sync.WaitGroup
	for b.Loop() {
		c := <-clients
		group.Go(func() {
			sendMail(b, c)
			clients <- c
		})
	}
	group.Wait()
}
