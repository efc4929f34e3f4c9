package protocol

import (
	"runtime"
	"sync/atomic"
	"time"
)

const (
	// longTurn is a turn so long that the Session may have waited for something. A loop saves a few microseconds a turn,
	// so it is of no use to such a Session anyway.
	longTurn = 200 * time.Microsecond
	// judgeEvery is how often the time of long turns is judged: if it is more than a part of waitPart, and the process had
	// not even half of it on a CPU, connections leave the loops for slowTime.
	judgeEvery = 100 * time.Millisecond
	waitPart   = 8
	slowTime   = 10 * time.Second
)

// loops are those of a server.
type loops struct {
	all   []*loop
	count atomic.Uint32 // connections that have been given a loop
	hot   chan struct{} // wakes the goroutine that looks at the loops
	slow  atomic.Bool   // Sessions keep their peers waiting: loops are of no use
	since time.Time     // when turns were last judged
	cpu   time.Duration // of the process by then
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
	defer ticker.Stop()
	for {
		select {
		case <-s.drained:
			for _, l := range ls.all {
				l.end()
			}
			return
		case <-ls.hot:
			if time.Since(ls.since) > 2*judgeEvery {
				ls.newWindow(time.Now())
			}
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
		busy = l.look() || busy
	}
	if window := now.Sub(ls.since); window >= judgeEvery {
		before := ls.cpu
		long := ls.newWindow(now)
		ls.judge(window, long, ls.cpu-before)
	}
	return busy
}

// newWindow gives the time of long turns since the window before began.
func (ls *loops) newWindow(now time.Time) (long time.Duration) {
	for _, l := range ls.all {
		long += time.Duration(l.long.Swap(0))
	}
	ls.since, ls.cpu = now, processCPU()
	return long
}

// judge finds out whether Sessions wait for other things than the CPU: between them they could, in one loop they can't.
func (ls *loops) judge(window, long, cpu time.Duration) {
	if long > window/waitPart && cpu < long/2 && ls.slow.CompareAndSwap(false, true) {
		time.AfterFunc(slowTime, func() { ls.slow.Store(false) })
	}
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
