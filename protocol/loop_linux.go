package protocol

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"syscall"
	"time"
	"unsafe"
)

// loop serves many connections in one goroutine, which waits for them in the kernel (epoll) and not in Go's scheduler.
// That saves each wait an attempt to read that finds nothing, a look without waiting, and the switches between
// goroutines and their threads.
//
// It is meant for Sessions that answer at once. One that does not is found by a look every reliefEvery: then another
// goroutine goes on with the loop, and the one that is held up ends when its connection has been answered. Where much
// time is spent on waiting so, loops.slow has connections leave their loop for goroutines of their own.
type loop struct {
	server *Server
	epoll  int
	waker  int  // an eventfd, readable when the loop is to end
	greedy bool // it may keep a processor while it waits

	// turn is odd while a connection is served. A goroutine leads the loop as long as nobody else has moved turn on.
	turn atomic.Uint64
	seen uint64       // turn at the last look
	hot  atomic.Bool  // it is not in a wait that may be long
	long atomic.Int64 // nanoseconds for which long turns held it up, since that was last judged

	// epoch is counted up idleEpochs times in each idle timeout.
	epoch atomic.Uint32

	mu    sync.Mutex
	conns map[int32]*conn // those that epoll watches, by descriptor
}

const (
	// eventMost is how many connections one wait may give.
	eventMost = 64
	// hotWait is how long the loop keeps its processor while it waits, hotWaits how often it does so again after Go's
	// scheduler wanted it.
	hotWait  = 10 * time.Millisecond
	hotWaits = 3
	// reliefEvery is how often a loop is looked at, while there is something to do.
	reliefEvery = 5 * time.Millisecond
	// heldMost is how long a turn holds up the loop: at the second look another goroutine leads it.
	heldMost = 2 * reliefEvery
	// idleEpochs is the precision of the idle timeout.
	idleEpochs = 16
)

func newLoop(s *Server, greedy bool) (*loop, error) {
	epoll, err := syscall.EpollCreate1(syscall.EPOLL_CLOEXEC)
	if err != nil {
		return nil, fmt.Errorf("epoll_create1: %w", err)
	}
	waker, _, errno := syscall.RawSyscall(syscall.SYS_EVENTFD2, 0, syscall.O_CLOEXEC|syscall.O_NONBLOCK, 0)
	if errno != 0 {
		_ = syscall.Close(epoll)
		return nil, fmt.Errorf("eventfd2: %w", errno)
	}
	l := &loop{server: s, epoll: epoll, waker: int(waker), greedy: greedy, conns: make(map[int32]*conn)}
	if err := l.watch(l.waker); err != nil {
		l.close()
		return nil, err
	}
	l.hot.Store(true)
	go l.lead()
	return l, nil
}

// watch has epoll tell when a descriptor can be read, or its peer is gone.
func (l *loop) watch(fd int) error {
	event := syscall.EpollEvent{Events: syscall.EPOLLIN, Fd: int32(fd)}
	if err := syscall.EpollCtl(l.epoll, syscall.EPOLL_CTL_ADD, fd, &event); err != nil {
		return fmt.Errorf("epoll_ctl: %w", err)
	}
	return nil
}

// end ends the loop, which has no connections any more.
func (l *loop) end() {
	one := [8]byte{7: 1}
	_, _ = syscall.Write(l.waker, one[:]) // a counter at 0 takes it
}

func (l *loop) close() {
	_ = syscall.Close(l.epoll)
	_ = syscall.Close(l.waker)
}

// remove ends the watch over a connection; its owner calls it before the descriptor becomes another's.
func (l *loop) remove(c *conn) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.removeLocked(c)
}

func (l *loop) removeLocked(c *conn) {
	if fd := int32(c.link.fd); l.conns[fd] == c {
		delete(l.conns, fd)
		_ = syscall.EpollCtl(l.epoll, syscall.EPOLL_CTL_DEL, c.link.fd, nil) // it may not be there yet
	}
}

// finish ends a connection that the caller owns.
func (l *loop) finish(c *conn, err error) {
	l.remove(c)
	c.finish(err)
	c.server.remove(c)
}

// lead is the loop, until another goroutine leads it or it ends.
func (l *loop) lead() {
	var events [eventMost]syscall.EpollEvent
	turn := l.turn.Load()
	for {
		n := l.wait(&events)
		for i := range events[:n] {
			if events[i].Fd == int32(l.waker) {
				l.close()
				return
			}
			c := l.ready(events[i].Fd)
			if c == nil {
				continue
			}
			c.turnNumber = turn + 1
			l.turn.Store(c.turnNumber)
			start := time.Now()
			alone := l.serve(c)
			l.heldUp(time.Since(start))
			leads := l.turn.CompareAndSwap(turn+1, turn+2)
			if alone && leads {
				go c.goOn()
			} else if alone {
				c.goOn()
			}
			if !leads {
				return
			}
			turn += 2
		}
	}
}

// heldUp counts a turn if it was long.
func (l *loop) heldUp(took time.Duration) {
	if took > longTurn {
		l.long.Add(int64(min(took, heldMost)))
	}
}

// wait gives how many connections are ready.
func (l *loop) wait(events *[eventMost]syscall.EpollEvent) int {
	for {
		if n := l.waitHot(events); n > 0 {
			return n
		}
		l.hot.Store(false)
		n, err := syscall.EpollWait(l.epoll, events[:], -1)
		l.hot.Store(true)
		l.server.loops.wake()
		if err == nil {
			return n
		}
	}
}

// waitHot waits for a short time without a word to Go's scheduler, which ends that by a signal when it wants the
// processor; if it goes on wanting it, it gets it.
func (l *loop) waitHot(events *[eventMost]syscall.EpollEvent) int {
	for range hotWaits {
		if !l.greedy {
			break
		}
		n, _, errno := syscall.RawSyscall6(syscall.SYS_EPOLL_PWAIT, uintptr(l.epoll),
			uintptr(unsafe.Pointer(events)), eventMost, uintptr(hotWait/time.Millisecond), 0, 0)
		if errno == 0 {
			return int(n)
		}
		yield()
	}
	return 0
}

// yield must stay a function that is called: where it begins, a goroutine looks whether the collector wants it to stop.
// Gosched alone loses that wish, and the collector asks again and again for hundreds of milliseconds.
//
//go:noinline
func yield() { runtime.Gosched() }

// ready takes the connection of a descriptor. One that somebody else has taken is not watched any longer.
func (l *loop) ready(fd int32) *conn {
	l.mu.Lock()
	defer l.mu.Unlock()
	c := l.conns[fd]
	if c == nil || c.take() {
		return c
	}
	l.removeLocked(c)
	return nil
}

// serve takes what a connection has sent, and leaves it to the loop again, or reports that it is to be served alone.
func (l *loop) serve(c *conn) (alone bool) {
	if l.server.loops.slow.Load() {
		return true
	}
	if err := c.turn(); err != nil {
		l.finish(c, err)
		return false
	}
	if c.loop == nil {
		return true
	}
	l.mu.Lock()
	watched := l.conns[int32(c.link.fd)] == c
	rests := watched && l.rest(c)
	l.mu.Unlock()
	if watched && !rests {
		l.finish(c, errShutdown)
	}
	return !watched
}

// rest leaves a connection to whoever takes it.
func (l *loop) rest(c *conn) bool {
	c.heard.Store(l.epoch.Load())
	return c.rest()
}

// turn reads once, and answers.
func (c *conn) turn() (err error) {
	defer recovered(&err)
	if err := c.frames.read(&c.link); err == errNothing {
		return nil
	} else if err != nil {
		return err
	}
	return c.answer()
}

// look has another goroutine lead the loop if a connection has held it up since the last look, and reports whether
// there is more to look at.
func (l *loop) look() (busy bool) {
	turn := l.turn.Load()
	serves := turn&1 == 1
	if serves && turn == l.seen {
		l.relieve(turn)
	}
	l.seen = turn
	return serves || l.hot.Load()
}

// relieve has another goroutine lead the loop, unless that turn is over.
func (l *loop) relieve(turn uint64) {
	if l.turn.CompareAndSwap(turn, turn+1) {
		go l.lead()
	}
}

// processCPU is the CPU time of the process so far.
func processCPU() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}

// endIdle ends the connections that have said nothing for the idle timeout.
func (l *loop) endIdle(timeout time.Duration) {
	epoch := l.epoch.Add(1)
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.conns {
		if epoch-c.heard.Load() > idleEpochs && c.take() { // both are settled while mu is held
			go l.finish(c, idleError(timeout))
		}
	}
}
