package main

import (
	"fmt"
	"os"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// cpuTime gives the CPU time that a process has used, all threads, user and system. pid 0 is the own process.
func cpuTime(pid int) (time.Duration, error) {
	// The clock id of a process as clock_getcpuclockid(3) makes it: the complement of the pid above the kind of clock.
	const schedClock = 2
	clock := int32(unix.CLOCK_PROCESS_CPUTIME_ID)
	if pid != 0 {
		clock = int32(^pid<<3 | schedClock)
	}
	var t unix.Timespec
	if err := unix.ClockGettime(clock, &t); err != nil {
		return 0, fmt.Errorf("CPU clock of process %d: %w", pid, err)
	}
	return time.Duration(t.Nano()), nil
}

// meter measures what a peer and the generator use from its start to its stop.
type meter struct {
	peer       *peer
	start      time.Time
	peerBefore time.Duration
	ownBefore  time.Duration
}

func startMeter(p *peer) (*meter, error) {
	m := &meter{peer: p}
	var err error
	if m.peerBefore, err = cpuTime(p.pid()); err != nil {
		return nil, err
	}
	if m.ownBefore, err = cpuTime(0); err != nil {
		return nil, err
	}
	m.start = time.Now()
	return m, nil
}

// stop gives a result that has the times only.
func (m *meter) stop() (*result, error) {
	elapsed := time.Since(m.start)
	peerNow, err := cpuTime(m.peer.pid())
	if err != nil {
		return nil, m.peer.explain(err)
	}
	ownNow, err := cpuTime(0)
	if err != nil {
		return nil, err
	}
	return &result{elapsed: elapsed, peerCPU: peerNow - m.peerBefore, ownCPU: ownNow - m.ownBefore}, nil
}

// memory gives a size that the kernel keeps of a process, such as VmHWM or VmRSS, in bytes.
func memory(pid int, key string) (int64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	if err != nil {
		return 0, err
	}
	for line := range strings.Lines(string(status)) {
		var kib int64
		if _, err := fmt.Sscanf(line, key+": %d kB", &kib); err == nil {
			return kib << 10, nil
		}
	}
	return 0, fmt.Errorf("process %d has no %s", pid, key)
}
