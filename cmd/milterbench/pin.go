package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// pinnedVariable names in the environment the temporary folder of the process that pin was called in.
const pinnedVariable = "MILTERBENCH_PINNED"

// pin runs this program again with more arguments on one CPU and at another priority, so that each of its threads and all
// that it starts share them and Go's scheduler knows from the start; then it waits for the end. To pin a running process
// would miss threads.
func (b *bench) pin(ctx context.Context, more []string) error {
	runtime.LockOSThread() // never unlocked: the thread stays on the CPU
	if b.cpu >= 0 {
		var set unix.CPUSet
		set.Set(b.cpu)
		if err := unix.SchedSetaffinity(0, &set); err != nil {
			return fmt.Errorf("pin to CPU %d: %w", b.cpu, err)
		}
	}
	if b.nice != 0 {
		if err := unix.Setpriority(unix.PRIO_PROCESS, 0, b.nice); err != nil {
			return fmt.Errorf("set priority %d: %w", b.nice, err)
		}
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, self, append(os.Args[1:], more...)...)
	cmd.Env = append(os.Environ(), pinnedVariable+"="+b.dir)
	cmd.Stdin, cmd.Stdout, cmd.Stderr = os.Stdin, os.Stdout, os.Stderr
	cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	err = cmd.Run()
	if ctx.Err() != nil {
		return errInterrupted
	}
	var exit *exec.ExitError
	if errors.As(err, &exit) && exit.Exited() {
		return errReported // it has said why
	}
	return err
}
