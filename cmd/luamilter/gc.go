package main

import (
	"os"
	"runtime"
	"runtime/debug"
	runtimemetrics "runtime/metrics"
	"slices"
)

const (
	// gcRoom is how much garbage may gather at least before it is collected: a small heap would be collected hundreds of
	// times a second for what one message leaves behind.
	gcRoom = 32 << 20
	// gcPercentMax bounds what a heap of nearly nothing is given (GOGC); gcPercentMin is Go's own.
	gcPercentMax, gcPercentMin = 800, 100
	// gcRecent is how many collections are looked back on: what is live goes up and down with the messages in flight.
	gcRecent = 8
)

// tuneGC gives a small heap more room before each collection. A large one is left to Go's own rule, and all to the memory
// limit (debug.SetMemoryLimit). An operator who has chosen (GOGC) gets what was chosen.
func tuneGC() {
	if os.Getenv("GOGC") != "" {
		return
	}
	live := []runtimemetrics.Sample{{Name: "/gc/heap/live:bytes"}}
	var recent [gcRecent]uint64 // a percentage of the least of them would be too much for the others
	last := 0
	var collected func(n int)
	collected = func(n int) {
		runtimemetrics.Read(live)
		recent[n%gcRecent] = max(live[0].Value.Uint64(), 1)
		percent := min(max(int(100*gcRoom/slices.Max(recent[:])), gcPercentMin), gcPercentMax)
		if percent > last+last/8 || percent < last-last/8 { // setting it stops the world
			debug.SetGCPercent(percent)
			last = percent
		}
		runtime.AddCleanup(new([16]byte), collected, n+1)
	}
	collected(0)
}
