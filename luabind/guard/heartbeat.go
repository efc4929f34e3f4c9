package guard

import (
	"sync/atomic"
	"time"
)

const (
	// beatEvery bounds how long a script runs between two looks at the clock and the heap, even where single
	// instructions are heavy: #t behind a million nils, t[4000000]=1.
	beatEvery = 5 * time.Millisecond
	// idleBeats is after how many beats without a callback the goroutine ends.
	idleBeats = 40
)

// heartbeat counts time in steps of beatEvery while callbacks run. Reading the count costs the VM one load for each
// instruction; there is one heartbeat for the process, and its goroutine ends when no script runs.
type heartbeat struct {
	count atomic.Uint32
	awake atomic.Bool
	used  atomic.Bool
}

var pulse heartbeat

// touch keeps the heartbeat going for a while.
func (h *heartbeat) touch() {
	if !h.used.Load() { // a store by each callback would bounce the cache line
		h.used.Store(true)
	}
	if !h.awake.Load() && h.awake.CompareAndSwap(false, true) {
		go h.run()
	}
}

func (h *heartbeat) run() {
	ticker := time.NewTicker(beatEvery)
	defer ticker.Stop()
	last := time.Now()
	for idle := 0; ; idle++ {
		<-ticker.C
		beats := max(time.Since(last)/beatEvery, 1) // a ticker drops those that nobody has waited for
		last = last.Add(beats * beatEvery)
		h.count.Add(uint32(beats))
		if h.used.Swap(false) {
			idle = 0
		}
		if idle < idleBeats {
			continue
		}
		h.awake.Store(false)
		// touch sets used before it looks at awake, so one of the two sees the other.
		if !h.used.Load() || !h.awake.CompareAndSwap(false, true) {
			return
		}
	}
}
