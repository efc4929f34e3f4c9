package guard

import (
	"context"
	"errors"
	"runtime/metrics"
	"sync/atomic"
	"time"

	lua "github.com/yuin/gopher-lua"
)

// Why a script was interrupted; Fuel.Err returns one of them.
var (
	ErrTime    = errors.New("script ran past its time limit")
	ErrMemory  = errors.New("script interrupted: memory is short")
	ErrStopped = errors.New("script interrupted: stopping")
)

const (
	// slice is the number of VM instructions (or their equal in Go code) between two looks at the clock: about 0.1 ms.
	slice = 1024
	// bytesPerStep turns allocated bytes into instructions: memory costs time, mostly in the collector.
	bytesPerStep = 64
	// A callback that ran this long, or took this much, is the likely cause of a full heap.
	guiltyAfter = 50 * time.Millisecond
	guiltyBytes = 16 << 20
	// recheckBytes is how much may be allocated between two looks at the heap.
	recheckBytes = 1 << 20
	// tickEvery is how often the tick of Begin is called.
	tickEvery = time.Second
)

// closed is what Done gives an interrupted script.
var closed = func() chan struct{} { c := make(chan struct{}); close(c); return c }()

// Fuel interrupts a running script. The VM asks its context's Done before every instruction, so Done itself counts
// and no timer or goroutine is needed. A Fuel belongs to one state; all methods but Stop are for the goroutine that
// runs it. It must not be given to Go code that waits on a context: see Context.
type Fuel struct {
	left      int64  // steps left of this slice; 0 or less leads to the slow path
	beat      uint32 // the heartbeat at the last look at the clock
	stopped   atomic.Bool
	err       error
	memory    *Memory
	began     time.Time     // zero until the first slice is used up
	limit     time.Duration // counted from began; 0 is none
	deadline  time.Time     // zero until known
	tick      func()
	nextTick  time.Time
	allocated int64 // bytes in this callback, as far as they are charged
	recheck   int64 // value of allocated at which the heap is looked at again
	depth     int   // coroutines that run inside each other
	sample    [1]metrics.Sample
	state     *state                 // set by NewState
	spender   func(steps int64) bool // spend, made once: a method value is an allocation
}

// NewFuel gives a Fuel that watches m; a nil m is no memory limit.
func NewFuel(m *Memory) *Fuel {
	f := &Fuel{memory: m}
	f.sample[0].Name = heapMetric
	f.spender = f.spend
	f.begin(nil)
	return f
}

// Begin arms the Fuel for one callback of at most limit (0: no limit). The clock is first read when the first slice
// of instructions is used up, so that a short callback never pays for it. The goroutine that runs the script calls
// tick, which may be nil, about once a second from then on.
func (f *Fuel) Begin(limit time.Duration, tick func()) {
	f.begin(tick)
	f.limit = limit
}

// BeginAt is Begin with a fixed deadline; the zero time is no limit.
func (f *Fuel) BeginAt(deadline time.Time, tick func()) {
	f.begin(tick)
	f.deadline = deadline
}

func (f *Fuel) begin(tick func()) {
	pulse.touch()
	f.beat = pulse.count.Load()
	f.left, f.err, f.tick = slice, nil, tick
	f.began, f.limit, f.deadline, f.nextTick = time.Time{}, 0, time.Time{}, time.Time{}
	f.allocated, f.recheck, f.depth = 0, recheckBytes, 0
}

// End disarms the Fuel after a callback. Err still tells how that callback ended.
func (f *Fuel) End() {
	f.tick = nil
	f.limit, f.deadline = 0, time.Time{}
}

// Stop interrupts the script within the next slice, from any goroutine and for good: later callbacks of this Fuel are
// interrupted as well.
func (f *Fuel) Stop() { f.stopped.Store(true) }

// Err says why the script was interrupted: ErrTime, ErrMemory or ErrStopped; nil if it was not.
func (f *Fuel) Err() error { return f.err }

// Done is called by the VM before every instruction (context.Context).
func (f *Fuel) Done() <-chan struct{} {
	f.left--
	if f.left > 0 && f.beat == pulse.count.Load() {
		return nil
	}
	return f.slow()
}

// Deadline is never set: the VM does not ask for it (context.Context).
func (f *Fuel) Deadline() (time.Time, bool) { return time.Time{}, false }

// Value holds nothing (context.Context).
func (f *Fuel) Value(any) any { return nil }

func (f *Fuel) slow() <-chan struct{} {
	if f.err == nil {
		pulse.touch()
		f.hear(pulse.count.Load())
		f.err = f.check(0)
	}
	if f.err != nil {
		f.left = 0 // every instruction from here on comes back at once, whatever the script tries to catch
		return closed
	}
	f.left = slice
	return nil
}

// hear notes a heartbeat; a profile that is being made counts those since the last one.
func (f *Fuel) hear(beat uint32) {
	if periods := beat - f.beat; periods > 0 {
		if p := profiling.Load(); p != nil {
			p.sample(f.state, periods)
		}
	}
	f.beat = beat
}

// check finds a reason to interrupt; pending is the size of an allocation that is about to be made.
func (f *Fuel) check(pending int64) error {
	if f.stopped.Load() {
		return ErrStopped
	}
	now := time.Now()
	if f.began.IsZero() {
		f.began, f.nextTick = now, now.Add(tickEvery)
		if f.limit > 0 {
			f.deadline = now.Add(f.limit)
		}
	}
	if !f.deadline.IsZero() && !now.Before(f.deadline) {
		return ErrTime
	}
	if f.tick != nil && !now.Before(f.nextTick) {
		f.nextTick = now.Add(tickEvery)
		f.tick()
	}
	return f.checkMemory(now, pending)
}

func (f *Fuel) checkMemory(now time.Time, pending int64) error {
	if f.memory == nil {
		return nil
	}
	guilty := f.allocated > guiltyBytes || now.Sub(f.began) > guiltyAfter
	if f.memory.short(&f.sample, pending, guilty) {
		return ErrMemory
	}
	return nil
}

// spend takes n steps and says whether the script may go on.
func (f *Fuel) spend(n int64) bool {
	f.left -= n
	return f.left > 0 || f.slow() == nil
}

// Charge takes n steps, each worth a VM instruction, for work done by a Go function. It raises in L when the script
// is interrupted.
func (f *Fuel) Charge(L *lua.LState, n int) {
	if !f.spend(int64(max(n, 0))) {
		f.raise(L)
	}
}

// Alloc announces that a Go function is about to take bytes of memory. It raises in L when the script is interrupted.
func (f *Fuel) Alloc(L *lua.LState, bytes int) {
	if !f.alloc(int64(max(bytes, 0))) {
		f.raise(L)
	}
}

func (f *Fuel) alloc(bytes int64) bool {
	f.allocated += bytes
	if f.allocated >= f.recheck && f.err == nil {
		// A few big allocations can fill the heap within one slice.
		f.recheck = f.allocated + recheckBytes
		f.err = f.check(bytes)
		if f.err != nil {
			f.left = 0
		}
	}
	return f.spend(bytes / bytesPerStep)
}

func (f *Fuel) raise(L *lua.LState) { L.RaiseError("%s", f.err) }

// Context is a real context that ends when the callback's time does, for Go code that blocks (DNS, sockets). The
// caller must call the CancelFunc.
func (f *Fuel) Context() (context.Context, context.CancelFunc) {
	if f.deadline.IsZero() && f.limit > 0 {
		f.began = time.Now()
		f.nextTick = f.began.Add(tickEvery)
		f.deadline = f.began.Add(f.limit)
	}
	if f.deadline.IsZero() {
		return context.WithCancel(context.Background())
	}
	return context.WithDeadline(context.Background(), f.deadline)
}

// FuelOf is the Fuel of the state that L, or the coroutine L, belongs to. L must come from NewState.
func FuelOf(L *lua.LState) *Fuel { return L.Context().(*Fuel) }
