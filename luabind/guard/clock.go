package guard

import (
	"sync"
	"time"

	lua "github.com/yuin/gopher-lua"
)

// Clock is the time that scripts are told. A nil one, and one that was never set, is that of the machine; one that was set
// stands still until it is moved. Limits of time do not heed it. Many goroutines may use it.
type Clock struct {
	mu    sync.Mutex
	set   bool
	at    time.Time
	moved time.Duration // what Elapsed gives while it stands
}

// started is what os.clock counts from.
var started = time.Now()

// Now is the time of day, in the zone that scripts take for their own.
func (c *Clock) Now() time.Time {
	now, _ := c.read()
	return now
}

// Elapsed is the time since some moment; setting the clock back does not change it.
func (c *Clock) Elapsed() time.Duration {
	_, elapsed := c.read()
	return elapsed
}

func (c *Clock) read() (now time.Time, elapsed time.Duration) {
	if c == nil {
		return time.Now(), time.Since(started)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.readLocked()
}

func (c *Clock) readLocked() (now time.Time, elapsed time.Duration) {
	if c.set {
		return c.at, c.moved
	}
	return time.Now(), time.Since(started)
}

// Set stops the clock at t, whose zone becomes that of the scripts.
func (c *Clock) Set(t time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	now, elapsed := c.readLocked()
	c.set, c.at, c.moved = true, t, elapsed+max(t.Sub(now), 0)
}

// Run lets the clock go again, with the time of the machine.
func (c *Clock) Run() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.set = false
}

// Advance moves the clock on, and stops it where it is then.
func (c *Clock) Advance(d time.Duration) { c.Set(c.Now().Add(d)) }

// ClockOf is the clock of the state that L, or the coroutine L, belongs to. It may be nil.
func ClockOf(L *lua.LState) *Clock { return stateOf(L).clock }
