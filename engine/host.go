package engine

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"luamilter/protocol"
)

// Host gives each connection from an MTA a session of the generation that is live.
type Host struct {
	cfg     Config
	live    atomic.Pointer[Generation]
	started time.Time

	sessions atomic.Int64 // connections
	staying  atomic.Int64 // connections that can't move to the live generation
	messages atomic.Int64 // in flight
	failures atomic.Int64 // callbacks

	reload sync.Mutex // one at a time
	mu     sync.Mutex // of what follows
	number int        // of the newest generation
	recent recent
}

// NewHost makes a host whose live generation is gen.
func NewHost(cfg Config, gen *Generation) *Host {
	if cfg.Observer == nil {
		cfg.Observer = ignorant{}
	}
	h := &Host{cfg: cfg, started: time.Now()}
	h.Swap(gen)
	return h
}

// now is the time since the host was made. It costs half of time.Now, and goes on when the clock is set.
func (h *Host) now() time.Duration { return time.Since(h.started) }

// Swap makes gen live: messages that begin from now on are judged by it, unless their connection was negotiated for less
// than it needs. gen must not have been live before.
func (h *Host) Swap(gen *Generation) {
	h.mu.Lock()
	h.number++
	gen.number, gen.since = h.number, time.Now()
	h.mu.Unlock()
	gen.startTimers(h)
	if before := h.live.Swap(gen); before != nil {
		before.retire()
	}
}

// Reload loads the scripts anew and makes them live. If they do not load, the live generation goes on, and the error is
// kept for Status. Several calls follow each other.
func (h *Host) Reload(ctx context.Context) (*Generation, error) {
	h.reload.Lock()
	defer h.reload.Unlock()
	gen, err := Load(ctx, h.cfg)
	if ctx.Err() != nil { // the host stops: there is no outcome to tell
		if gen != nil {
			gen.emptyPools()
		}
		return nil, ctx.Err()
	}
	h.cfg.Observer.Reload(err)
	h.noteReload(err)
	if err != nil {
		return nil, err
	}
	h.Swap(gen)
	return gen, nil
}

// Generation is the live one.
func (h *Host) Generation() *Generation { return h.live.Load() }

// Failures is how many callbacks have failed since the host was made.
func (h *Host) Failures() int64 { return h.failures.Load() }

// NewSession begins a connection. One that follows another on the same socket keeps its generation and what was
// negotiated for it.
func (h *Host) NewSession(peer protocol.Peer, previous protocol.Session) protocol.Session {
	h.sessions.Add(1)
	p, follows := previous.(*session)
	if !follows {
		return newSession(h, h.Generation(), peer)
	}
	s := newSession(h, p.gen, peer)
	s.offer, s.wish = p.offer, p.wish
	return s
}

// Close ends what the live generation does on its own: its timers. Messages are judged as before.
func (h *Host) Close() { h.Generation().stopTimers() }
