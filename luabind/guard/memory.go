package guard

import (
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"sync"
	"time"
)

const heapMetric = "/memory/classes/heap/objects:bytes"

// Memory is the process-wide line for the Go heap. It is shared by all Fuels, in any goroutine.
type Memory struct {
	limit     int64
	mu        sync.Mutex
	collected time.Time // when collect ran last in vain
}

// NewMemory gives a line of limit bytes; 0 means three quarters of what the machine, or the cgroup, has.
func NewMemory(limit int64) *Memory {
	if limit <= 0 {
		limit = machineMemory("/") / 4 * 3
	}
	return &Memory{limit: limit}
}

// Limit is the line in bytes.
func (m *Memory) Limit() int64 { return m.limit }

// HintGC tells the garbage collector of the line (debug.SetMemoryLimit), so that it works harder near it.
func (m *Memory) HintGC() { debug.SetMemoryLimit(m.limit) }

// short says whether a callback must end: past the line those that are likely the cause, 25 % past it all. pending
// bytes are about to be allocated.
func (m *Memory) short(sample *[1]metrics.Sample, pending int64, guilty bool) bool {
	line := m.limit
	if !guilty {
		line += line / 4
	}
	if heapSize(sample)+pending <= line {
		return false
	}
	return m.collect(sample, line-pending)
}

// futile is how long after a collection that freed too little none is forced again.
const futile = time.Second

// collect says whether the heap is over the line without its garbage, which the metric includes.
func (m *Memory) collect(sample *[1]metrics.Sample, line int64) bool {
	m.mu.Lock()
	defer m.mu.Unlock()
	if heapSize(sample) <= line {
		return false // another callback collected
	}
	if time.Since(m.collected) < futile {
		return true
	}
	runtime.GC()
	heap := heapSize(sample)
	if heap > line/4*3 {
		m.collected = time.Now()
	}
	return heap > line
}

// heapSize is what objects take in bytes, with those that are not swept yet.
func heapSize(sample *[1]metrics.Sample) int64 {
	metrics.Read(sample[:])
	return int64(sample[0].Value.Uint64())
}
