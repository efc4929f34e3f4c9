package main

import (
	"os"
	"runtime"
	"strings"
	"syscall"
	"time"
	"unsafe"
)

// Go's runtime has a monitor thread (sysmon) that goes to sleep when all its processors are idle, and looks every 20 us
// for a while after one has woken. A milter goes idle and wakes several times a message, so that the monitor ran 8,000
// times a second and took 12 % of the CPU, and more by what its timer and its switches cost the rest. A monitor that
// never sees all processors idle settles at 100 times a second.
//
// So, while there is traffic, one more processor than there are CPUs is kept from being idle: a goroutine waits on it in
// a system call that the scheduler does not know of. What stops the world (a garbage collection) or wants the processor
// interrupts that call by a signal, as it does with any goroutine that runs for long.

const (
	// lookEvery is how often a quiet process looks whether there is traffic.
	lookEvery = 250 * time.Millisecond
	// awakeFor is how long it is kept awake at least once there was.
	awakeFor = 2 * time.Second
	// waitEvery is the traffic that matters: threads begin to wait that often.
	waitEvery = 500 * time.Microsecond
	// occupyMost bounds one wait, in case a signal does not come: the scheduler sends one every 10 ms, and the collector
	// when it wants to look at the stack.
	occupyMost = 20 * time.Millisecond
)

// keepAwake runs until the process ends.
func keepAwake() {
	if strings.Contains(os.Getenv("GODEBUG"), "asyncpreemptoff=1") {
		return // there are no signals then
	}
	runtime.GOMAXPROCS(runtime.GOMAXPROCS(0) + 1)
	go func() {
		runtime.LockOSThread() // other goroutines are not queued behind this one, but handed to another thread
		for last := waits(); ; {
			time.Sleep(lookEvery)
			now := waits()
			for quiet := lookEvery; now-last > int64(quiet/waitEvery); quiet = awakeFor {
				occupy(awakeFor)
				last, now = now, waits()
			}
			last = now
		}
	}()
}

// occupy keeps its processor from being idle for a time.
func occupy(d time.Duration) {
	for end := time.Now().Add(d); time.Now().Before(end); {
		timeout := syscall.NsecToTimespec(occupyMost.Nanoseconds())
		_, _, _ = syscall.RawSyscall6(syscall.SYS_PPOLL, 0, 0, uintptr(unsafe.Pointer(&timeout)), 0, 0, 0)
		yield()
	}
}

// yield must stay a function that is called: where it begins, a goroutine looks whether the collector wants it to stop.
// Gosched alone loses that wish, and the collector asks again and again for hundreds of milliseconds.
//
//go:noinline
func yield() { runtime.Gosched() }

// waits is how often the threads of the process have begun to wait so far.
func waits() int64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return usage.Nvcsw
}
