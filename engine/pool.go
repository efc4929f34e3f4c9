package engine

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"sync"
	"time"

	"luamilter/luabind"
)

// errNoState says that all Lua states stayed busy for the whole time limit of a callback.
var errNoState = errors.New("no Lua state became free in time")

// pool lends the Lua states of one script. The state that came back last goes first: it is warm in the cache, and it may
// still have the fields of the message that asks.
type pool struct {
	script *luabind.Script
	most   int
	rotate bool                // Config.Rotate
	freed  chan *luabind.State // states for those that wait
	room   chan struct{}       // one token for each state that may still be made
	broken chan error          // why one could not be made, for whoever waits

	mu      sync.Mutex
	idle    []*luabind.State
	waiting int  // how many wait for freed, less the states in it
	retired bool // another generation is live: states that come back are not kept
}

// newPool makes a pool that is full.
func newPool(ctx context.Context, script *luabind.Script, most int) (*pool, error) {
	p := &pool{
		script: script,
		most:   most,
		freed:  make(chan *luabind.State, most),
		room:   make(chan struct{}, most),
		broken: make(chan error),
	}
	errs := make(chan error, most)
	for range most {
		go func() {
			st, err := p.newState(ctx)
			if err == nil {
				p.put(st)
			}
			errs <- err
		}()
	}
	var first error
	for range most {
		if err := <-errs; err != nil && first == nil {
			first = err
		}
	}
	if first != nil {
		p.empty()
	}
	return p, first
}

// newState makes a state; the host's own panic is an error, since it runs in a goroutine of its own.
func (p *pool) newState(ctx context.Context) (st *luabind.State, err error) {
	defer func() {
		if r := recover(); r != nil {
			st, err = nil, fmt.Errorf("panic: %v\n%s", r, debug.Stack())
		}
	}()
	return p.script.NewState(ctx)
}

// get takes a state that is idle, last if that is one of them, or waits for one. The waiting counts: the deadline that it
// gives is set if it had to.
func (p *pool) get(last *luabind.State, limit luabind.Limit) (*luabind.State, time.Time, error) {
	if st := p.take(last); st != nil {
		return st, limit.Deadline, nil
	}
	if limit.Deadline.IsZero() {
		limit.Deadline = time.Now().Add(limit.Time)
	}
	st, err := p.wait(limit)
	if err != nil {
		p.leave()
	}
	return st, limit.Deadline, err
}

// take gives an idle state, or nil and the promise of one for freed.
func (p *pool) take(last *luabind.State) *luabind.State {
	p.mu.Lock()
	defer p.mu.Unlock()
	n := len(p.idle)
	if n == 0 {
		p.waiting++
		return nil
	}
	if p.rotate {
		st := p.idle[0]
		p.idle = slices.Delete(p.idle, 0, 1)
		return st
	}
	st := p.idle[n-1]
	if st != last && last != nil {
		if i := slices.Index(p.idle, last); i >= 0 {
			st, p.idle[i] = last, st
		}
	}
	p.idle[n-1] = nil
	p.idle = p.idle[:n-1]
	return st
}

// leave gives up the wait. The state that came in the same moment is for another.
func (p *pool) leave() {
	p.mu.Lock()
	if p.waiting > 0 {
		p.waiting--
		p.mu.Unlock()
		return
	}
	st := <-p.freed // it is there: whoever comes to wait later must not take it first, and have this one wait for longer
	p.mu.Unlock()
	p.put(st)
}

// wait waits for a state that comes back or is made in the stead of one thrown away. Making one may take longer than a
// callback may; then it is there for a later one.
func (p *pool) wait(limit luabind.Limit) (*luabind.State, error) {
	patience := time.Until(limit.Deadline)
	over := time.NewTimer(patience)
	defer over.Stop()
	second := time.NewTicker(time.Second)
	defer second.Stop()
	room := p.room
	for {
		select {
		case st := <-p.freed:
			return st, nil
		case <-room:
			room = nil // one for each that waits
			go p.grow()
		case err := <-p.broken:
			return nil, fmt.Errorf("make a Lua state: %w", err)
		case <-second.C:
			if limit.Tick != nil {
				limit.Tick()
			}
		case <-over.C:
			_, used := p.counts()
			return nil, fmt.Errorf("%w: %s, %d of %d in use", errNoState, patience.Round(time.Millisecond), used, p.most)
		case <-limit.Context.Done():
			return nil, limit.Context.Err()
		}
	}
}

// grow makes a state; the room for it was taken.
func (p *pool) grow() {
	st, err := p.newState(context.Background())
	if err == nil {
		p.put(st)
		return
	}
	p.room <- struct{}{}
	select {
	case p.broken <- err:
	case <-time.After(time.Second): // nobody waits any more
	}
}

// put gives a state back, to one that waits if there is one.
func (p *pool) put(st *luabind.State) {
	p.mu.Lock()
	switch {
	case p.waiting > 0:
		p.waiting--
		p.freed <- st
	case p.retired:
		p.mu.Unlock()
		p.drop(st)
		return
	default:
		p.idle = append(p.idle, st)
	}
	p.mu.Unlock()
}

// drop throws a state away that failed.
func (p *pool) drop(st *luabind.State) {
	defer func() { p.room <- struct{}{} }()
	st.Close()
}

// forget has the idle states let go of a message or connection that is over: they may be idle for long.
func (p *pool) forget(fields *luabind.Fields) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, st := range p.idle {
		st.Forget(fields)
	}
}

// retire frees the states that are idle, and those in use when they come back.
func (p *pool) retire() {
	p.mu.Lock()
	p.retired = true
	p.mu.Unlock()
	p.empty()
}

// empty frees the states that are idle.
func (p *pool) empty() {
	p.mu.Lock()
	idle := p.idle
	p.idle = nil
	p.mu.Unlock()
	for _, st := range idle {
		p.drop(st)
	}
}

// counts says how many states are idle and how many are in use.
func (p *pool) counts() (idle, used int) {
	p.mu.Lock()
	idle = len(p.idle)
	p.mu.Unlock()
	return idle, max(p.most-idle-len(p.room), 0)
}
