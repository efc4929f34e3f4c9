package engine

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync/atomic"
	"time"

	"luamilter/luabind"
)

// errNoState says that all Lua states stayed busy for the whole time limit of a callback.
var errNoState = errors.New("no Lua state became free in time")

// pool lends the Lua states of one script.
type pool struct {
	script  *luabind.Script
	idle    chan *luabind.State
	room    chan struct{} // one token for each state that may still be made
	broken  chan error    // why one could not be made, for whoever waits
	retired atomic.Bool   // another generation is live: states that come back are not kept
}

// newPool makes a pool that is full.
func newPool(ctx context.Context, script *luabind.Script, most int) (*pool, error) {
	p := &pool{
		script: script,
		idle:   make(chan *luabind.State, most),
		room:   make(chan struct{}, most),
		broken: make(chan error),
	}
	errs := make(chan error, most)
	for range most {
		go func() {
			st, err := p.newState(ctx)
			if err == nil {
				p.idle <- st
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

// get takes a state that is idle, or waits for one. The waiting counts: the deadline that it gives is set if it had to.
func (p *pool) get(limit luabind.Limit) (*luabind.State, time.Time, error) {
	select {
	case st := <-p.idle:
		return st, limit.Deadline, nil
	default:
	}
	if limit.Deadline.IsZero() {
		limit.Deadline = time.Now().Add(limit.Time)
	}
	st, err := p.wait(limit)
	return st, limit.Deadline, err
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
		case st := <-p.idle:
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
			return nil, fmt.Errorf("%w: %s, %d of %d in use", errNoState, patience.Round(time.Millisecond), used, cap(p.idle))
		case <-limit.Context.Done():
			return nil, limit.Context.Err()
		}
	}
}

// grow makes a state; the room for it was taken.
func (p *pool) grow() {
	st, err := p.newState(context.Background())
	if err == nil {
		p.idle <- st
		return
	}
	p.room <- struct{}{}
	select {
	case p.broken <- err:
	case <-time.After(time.Second): // nobody waits any more
	}
}

// put gives a state back.
func (p *pool) put(st *luabind.State) {
	if p.retired.Load() {
		p.drop(st)
		return
	}
	p.idle <- st
}

// drop throws a state away that failed.
func (p *pool) drop(st *luabind.State) {
	defer func() { p.room <- struct{}{} }()
	st.Close()
}

// retire frees the states that are idle, and those in use when they come back.
func (p *pool) retire() {
	p.retired.Store(true)
	p.empty()
}

// empty frees the states that are idle.
func (p *pool) empty() {
	for {
		select {
		case st := <-p.idle:
			p.drop(st)
		default:
			return
		}
	}
}

// counts says how many states are idle and how many are in use.
func (p *pool) counts() (idle, used int) {
	idle = len(p.idle)
	return idle, max(cap(p.idle)-idle-len(p.room), 0)
}
