package engine

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"testing/synctest"
	"time"

	"luamilter/luabind"
	"luamilter/protocol"
)

func TestPoolMakesNoMoreStatesThanAllowed(t *testing.T) {
	r := newRig(t, func(c *Config) { c.States = 2 }, `function on_mail() end`)
	synctest.Test(t, func(t *testing.T) {
		p := r.load(`function on_mail() end`).pools[0]
		first, _, err := p.get(nil, luabind.Limit{Time: time.Second, Context: t.Context()})
		if err != nil {
			t.Fatal(err)
		}
		second, _, err := p.get(nil, luabind.Limit{Time: time.Second, Context: t.Context()})
		if err != nil || second == first {
			t.Fatalf("got %p and %p, %v, want two states", first, second, err)
		}
		ticks := 0
		start := time.Now()
		_, _, err = p.get(nil, luabind.Limit{Time: 3500 * time.Millisecond, Context: t.Context(), Tick: func() { ticks++ }})
		if !errors.Is(err, errNoState) || time.Since(start) != 3500*time.Millisecond || ticks != 3 {
			t.Errorf("got %v after %s with %d ticks, want %v after 3.5s with 3 ticks", err, time.Since(start), ticks, errNoState)
		}
		go func() {
			time.Sleep(time.Second)
			p.put(first)
		}()
		got, deadline, err := p.get(nil, luabind.Limit{Time: 10 * time.Second, Context: t.Context()})
		if err != nil || got != first {
			t.Errorf("got %p, %v, want the state that was given back", got, err)
		}
		if left := time.Until(deadline); left != 9*time.Second {
			t.Errorf("got %s left to run, want 9s: the waiting counts", left)
		}
		go p.drop(second)
		third, _, err := p.get(nil, luabind.Limit{Time: 10 * time.Second, Context: t.Context()})
		if err != nil || third == second {
			t.Errorf("got %p, %v, want a new state for the one thrown away", third, err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, _, err := p.get(nil, luabind.Limit{Time: time.Second, Context: ctx}); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v for a connection that is being cut, want %v", err, context.Canceled)
		}
	})
}

// TestWhoGivesUpTheWaitIsNotKept: one gives up when a state has just come for it, and another one asks.
func TestWhoGivesUpTheWaitIsNotKept(t *testing.T) {
	r := newRig(t, func(c *Config) { c.States = 1 }, `function on_mail() end`)
	p := r.host.Generation().pools[0]
	var spun time.Time
	for n := range 100_000 {
		st := p.take(nil)
		if p.take(nil) != nil {
			t.Fatal("got two states, want one")
		}
		p.put(st)
		left := make(chan struct{})
		go func() {
			p.leave()
			close(left)
		}()
		for range n % 100 {
			spun = time.Now() // another moment each time
		}
		st, _, err := p.get(nil, luabind.Limit{Time: time.Minute, Context: t.Context()})
		if err != nil {
			t.Fatal(err)
		}
		select {
		case <-left:
		case <-time.After(30 * time.Second):
			t.Fatalf("at %d: the one that gave up waits for a state that another one has (%s)", n, spun)
		}
		p.put(st)
	}
}

func TestAnIdleConnectionKeepsNoStateInMemory(t *testing.T) {
	r := newRig(t, func(c *Config) { c.States = 1 }, `function on_mail(sender) if sender == "fail" then error("no") end return nil end`)
	gone := make(chan struct{})
	func() {
		p := r.host.Generation().pools[0]
		st := p.take(nil)
		runtime.AddCleanup(st, func(int) { close(gone) }, 0)
		p.put(st)
	}()
	idle := r.connect()
	idle.message("a@example.org")
	failing := r.connect()
	failing.Mail("<fail>")
	for start := time.Now(); ; runtime.GC() {
		select {
		case <-gone:
			idle.message("a@example.org")
			return
		default:
		}
		if time.Since(start) > 20*time.Second {
			t.Fatal("the state that failed is still in memory")
		}
	}
}

func TestNoStateInTimeCountsAsAFailingScript(t *testing.T) {
	r := newRig(t, func(c *Config) { c.States = 1; c.CallbackTimeout = 20 * time.Millisecond }, `function on_mail() return nil end`)
	p := r.host.Generation().pools[0]
	st, _, err := p.get(nil, luabind.Limit{Time: time.Second, Context: t.Context()})
	if err != nil {
		t.Fatal(err)
	}
	d := r.connect()
	a, err := d.Mail("<a@b>")
	d.want("tempfail 451 4.3.0 Message filter failed - try again later", a, err)
	p.put(st)
	d.Abort()
	d.ok(d.Mail("<a@b>"))
}

func TestProgressIsSentNowAndThen(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sent := 0
		tick := progress(func() error { sent++; return nil })
		for range 21 {
			time.Sleep(time.Second)
			tick()
		}
		if sent != 4 {
			t.Errorf("got %d in 21 s, want 4: one every %s", sent, progressEvery)
		}
	})
}

func TestParseOnError(t *testing.T) {
	for _, word := range []OnError{OnErrorTempfail, OnErrorReject, OnErrorAccept, OnErrorContinue} {
		if got, err := ParseOnError(string(word)); err != nil || got != word {
			t.Errorf("got %q, %v, want %q", got, err, word)
		}
	}
	_, err := ParseOnError("explode")
	if want := `"explode" is none of tempfail reject accept continue`; err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if got, want := OnErrorReject.verdict().Kind, protocol.VerdictReject; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}
