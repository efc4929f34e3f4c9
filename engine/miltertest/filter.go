package miltertest

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"sync"
	"syscall"
	"time"
)

// stopAfter is how long a program that was started may take to end.
const stopAfter = 10 * time.Second

// processes are the programs that a script has started. A script that is stuck may still hold it when they are stopped.
type processes struct {
	mu   sync.Mutex
	list []*process // the newest last
}

type process struct {
	cmd   *exec.Cmd
	ended chan struct{}
}

// startFilter is mt.startfilter(path, arg1, ...). A path without a slash is one in the working directory.
func startFilter(c *call) int {
	c.takes(1, -1)
	args := make([]string, c.GetTop())
	for i := range args {
		args[i] = c.text(i + 1)
	}
	if c.run.Filter != nil {
		return c.result(nil)
	}
	p := &process{
		cmd:   &exec.Cmd{Path: args[0], Args: args, Stdout: c.run.Out, Stderr: c.run.Err, WaitDelay: time.Second},
		ended: make(chan struct{}),
	}
	if err := p.cmd.Start(); err != nil {
		var path *fs.PathError
		if errors.As(err, &path) {
			err = path.Err
		}
		c.fail("%s: %s", args[0], err)
	}
	go func() {
		_ = p.cmd.Wait() // ProcessState tells it
		close(p.ended)
	}()
	c.run.started.add(p)
	return c.result(nil)
}

// signalFilter is mt.signal(n), for the program that was started last.
func signalFilter(c *call) int {
	c.takes(1, 1)
	signal := syscall.Signal(c.number(1))
	send := c.run.started.signal()
	if c.run.Filter != nil {
		send = c.run.Filter.Signal
	}
	if send == nil {
		c.fail("Filter not running")
	}
	if err := send(signal); err != nil {
		c.fail("kill(): %s", err)
	}
	return c.result(nil)
}

func (ps *processes) add(p *process) {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	ps.list = append(ps.list, p)
}

// signal gives what sends a signal to the newest; nil where there is none.
func (ps *processes) signal() func(syscall.Signal) error {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	if len(ps.list) == 0 {
		return nil
	}
	newest := ps.list[len(ps.list)-1].cmd.Process
	return func(s syscall.Signal) error { return newest.Signal(s) }
}

// stop asks the programs to end, and tells which did not end well.
func (ps *processes) stop() error {
	ps.mu.Lock()
	defer ps.mu.Unlock()
	var errs []error
	for _, p := range ps.list {
		errs = append(errs, p.stop())
	}
	return errors.Join(errs...)
}

func (p *process) stop() error {
	if err := p.cmd.Process.Signal(syscall.SIGTERM); err != nil && !errors.Is(err, os.ErrProcessDone) {
		return fmt.Errorf("stop %s: %w", p.cmd.Path, err)
	}
	patience := time.NewTimer(stopAfter)
	defer patience.Stop()
	select {
	case <-p.ended:
	case <-patience.C:
		_ = p.cmd.Process.Kill()
		<-p.ended
		return fmt.Errorf("%s has not ended %v after SIGTERM", p.cmd.Path, stopAfter)
	}
	status := p.cmd.ProcessState.Sys().(syscall.WaitStatus)
	if code := status.ExitStatus(); status.Exited() && code != 0 || status.Signaled() && status.Signal() != syscall.SIGTERM {
		return fmt.Errorf("%s: %v", p.cmd.Path, p.cmd.ProcessState)
	}
	return nil
}
