package protocol

import (
	"runtime"
	"sync/atomic"
	"time"
)

const (
	// heldUpMost is how often in heldUpTime the loops may be held up before connections leave them for slowTime: each
	// time the other connections of a loop wait up to twice reliefEvery.
	heldUpMost = 3
	heldUpTime = time.Second
	slowTime   = 10 * time.Second
)

// loops are those of a server.
type loops struct {
	all   []*loop
	count atomic.Uint32 // connections that have been given a loop
	hot   chan struct{} // wakes the goroutine that looks at the loops
	slow  atomic.Bool   // Sessions keep their peers waiting: loops are of no use
	held  []time.Time   // the last times that a loop was held up; of the goroutine that looks
}

// startLoops begins with the first Serve. What can't be had is done without.
func (s *Server) startLoops() {
	ls := &s.loops
	ls.hot = make(chan struct{}, 1)
	for range s.Loops {
		l, err := newLoop(s, s.Loops < runtime.GOMAXPROCS(0))
		if err != nil {
			s.logger().Warn("every connection gets a goroutine of its own", "reason", err.Error())
			break
		}
		ls.all = append(ls.all, l)
	}
	if len(ls.all) > 0 {
		ls.wake()
		go s.lookAfterLoops()
	}
	if len(ls.all) > 0 && s.IdleTimeout > 0 {
		go s.endIdle()
	}
}

// next gives the loop of a new connection; nil: it gets a goroutine.
func (ls *loops) next() *loop {
	if len(ls.all) == 0 || ls.slow.Load() {
		return nil
	}
	return ls.all[int(ls.count.Add(1))%len(ls.all)]
}

// wake has the loops looked at, now that one of them has something to do.
func (ls *loops) wake() {
	select {
	case ls.hot <- struct{}{}:
	default:
	}
}

// lookAfterLoops runs until the server has shut down, and ends the loops then.
func (s *Server) lookAfterLoops() {
	ls := &s.loops
	ticker := time.NewTicker(reliefEvery)
	ticker.Stop()
	for {
		select {
		case <-s.drained:
			ticker.Stop()
			for _, l := range ls.all {
				l.end()
			}
			return
		case <-ls.hot:
			ticker.Reset(reliefEvery)
		case now := <-ticker.C:
			if !ls.look(now) {
				ticker.Stop()
			}
		}
	}
}

// look relieves the loops that are held up, and reports whether there is more to look at.
func (ls *loops) look(now time.Time) bool {
	busy := false
	for _, l := range ls.all {
		loopBusy, heldUp := l.look()
		busy = busy || loopBusy
		if heldUp {
			ls.held = append(ls.held, now)
		}
	}
	for len(ls.held) > 0 && now.Sub(ls.held[0]) > heldUpTime {
		ls.held = ls.held[1:]
	}
	if len(ls.held) >= heldUpMost && ls.slow.CompareAndSwap(false, true) {
		time.AfterFunc(slowTime, func() { ls.slow.Store(false) })
	}
	return busy
}

// endIdle ends connections in loops that are idle for too long, until the server has shut down.
func (s *Server) endIdle() {
	ticker := time.NewTicker(max(s.IdleTimeout/idleEpochs, time.Millisecond))
	defer ticker.Stop()
	for {
		select {
		case <-s.drained:
			return
		case <-ticker.C:
			for _, l := range s.loops.all {
				l.endIdle(s.IdleTimeout)
			}
		}
	}
}
