package main_test

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

const (
	watchdogLimit = 20 * time.Millisecond
	// silence is many times the gap between two pings.
	silence = 25 * watchdogLimit
)

func TestNotifyFromStartToEnd(t *testing.T) {
	for _, c := range []struct{ name, address string }{
		{"a socket with a path", filepath.Join(shortTempDir(t), "notify")},
		{"an abstract socket", fmt.Sprintf("@luamilter-notify-%d", os.Getpid())},
	} {
		t.Run(c.name, func(t *testing.T) {
			systemd := listenNotify(t, c.address)
			script := newGatedScript(t)
			m := startMilter(t, "unix:"+shortTempDir(t)+"/s", "--no-watch", "--script", script.path)

			systemd.pingsWithout(t, "READY=1") // it takes connections, but the script is still loading
			script.open(t)
			want(t, "after start", systemd.until(t, "READY=1"), "READY=1\nSTATUS=generation 1 is live")
			mta := mustDialRaw(t, m.listen)
			if err := mta.connect(1); err != nil {
				t.Errorf("a connection when it is ready: %v", err)
			}

			script.shut(t)
			before := monotonicUsec(t)
			m.cmd.Process.Signal(syscall.SIGHUP)
			reloading := systemd.until(t, "RELOADING=1")
			usec, err := strconv.ParseInt(strings.TrimPrefix(reloading, "RELOADING=1\nMONOTONIC_USEC="), 10, 64)
			if after := monotonicUsec(t); err != nil || usec < before || usec > after {
				t.Errorf("on SIGHUP: got %q, want the time between %d and %d", reloading, before, after)
			}
			systemd.pingsWithout(t, "READY=1")
			script.open(t)
			want(t, "after a reload", systemd.until(t, "READY=1"), "READY=1\nSTATUS=generation 2 is live")

			script.damage(t)
			m.cmd.Process.Signal(syscall.SIGHUP)
			systemd.until(t, "RELOADING=1")
			failed := systemd.until(t, "READY=1")
			if !strings.HasPrefix(failed, "READY=1\nSTATUS=reload failed, generation 2 goes on: ") ||
				!strings.Contains(failed, "gated.lua:2: ") || strings.Count(failed, "\n") != 1 {
				t.Errorf("after a reload that failed: got %q", failed)
			}

			if reply, _, err := mta.exchange('M', "<a@client.example>\x00"); err != nil || reply != 'c' {
				t.Fatalf("M: reply %q, %v", reply, err)
			}
			m.cmd.Process.Signal(syscall.SIGTERM)
			want(t, "on SIGTERM", systemd.until(t, "STOPPING=1"), "STOPPING=1\nSTATUS=1 connections are left")
			systemd.pingsWithout(t, "READY=1") // a message in flight may take long
			mta.c.Close()
			m.endsWell(t)
		})
	}
}

func TestNotifyNeverReadyIfTheStartFails(t *testing.T) {
	dir := shortTempDir(t)
	systemd := listenNotify(t, filepath.Join(dir, "notify"))
	script := newGatedScript(t)
	script.damage(t)
	occupied := filepath.Join(dir, "occupied")
	l, err := net.Listen("unix", occupied)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for _, c := range []struct{ name, listen, script string }{
		{"a script that does not load", filepath.Join(dir, "s"), script.path},
		{"an address in use", occupied, filepath.Join("..", "..", "scripts", "hello.lua")},
	} {
		t.Run(c.name, func(t *testing.T) {
			var exit *exec.ExitError
			cmd := exec.Command(commandPath(t), "--listen", "unix:"+c.listen, "--script", c.script)
			if out, err := cmd.CombinedOutput(); !errors.As(err, &exit) || exit.ExitCode() != 1 {
				t.Errorf("got %v, want exit code 1:\n%s", err, out)
			}
			for {
				// What it has sent is in the queue.
				text, ok := systemd.next(t, time.Millisecond)
				if !ok {
					break
				}
				if text != "WATCHDOG=1" {
					t.Errorf("got %q", text)
				}
			}
		})
	}
}

// TestNotifyNoPingFromAMainLoopThatHangs blocks the main loop where it may happen in life: in a write to a log that nobody
// reads.
func TestNotifyNoPingFromAMainLoopThatHangs(t *testing.T) {
	systemd := listenNotify(t, filepath.Join(shortTempDir(t), "notify"))
	script := newGatedScript(t)
	script.open(t)
	m := startMilter(t, "unix:"+shortTempDir(t)+"/s", "--no-watch", "--script", script.path)
	systemd.until(t, "READY=1")
	systemd.pingsWithout(t, "STOPPING=1")
	script.damage(t)
	resume := m.log.stall(t, m.cmd.Process.Pid)
	m.cmd.Process.Signal(syscall.SIGHUP) // an error is written to the log at once
	eventually(t, "no ping while the main loop hangs", func() bool {
		_, ok := systemd.next(t, silence)
		return !ok
	})
	resume()
	systemd.until(t, "READY=1") // the reload has failed
	systemd.pingsWithout(t, "STOPPING=1")
	m.cmd.Process.Signal(syscall.SIGTERM)
	systemd.until(t, "STOPPING=1")
	m.endsWell(t)
}

// endsWell waits for the end of a process that has been told to stop.
func (m *milter) endsWell(t *testing.T) {
	t.Helper()
	select {
	case <-m.ended:
		if m.err != nil {
			t.Errorf("after SIGTERM: %v, want exit code 0", m.err)
		}
	case <-time.After(patience):
		t.Error("it does not end after SIGTERM")
	}
}

// stall reads no more of the log of a process and fills the pipe that it comes through, until resume.
func (b *logBuffer) stall(t *testing.T, pid int) (resume func()) {
	t.Helper()
	b.mu.Lock()
	resume = sync.OnceFunc(b.mu.Unlock)
	t.Cleanup(resume)
	// The same pipe, opened once more so that this end alone does not wait.
	fd, err := unix.Open(fmt.Sprintf("/proc/%d/fd/2", pid), unix.O_WRONLY|unix.O_NONBLOCK|unix.O_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer unix.Close(fd)
	capacity, err := unix.FcntlInt(uintptr(fd), unix.F_GETPIPE_SZ, 0)
	if err != nil {
		t.Fatal(err)
	}
	// More than it holds goes in, because the reader takes a part before it is stalled.
	written := 0
	eventually(t, "the log is full", func() bool {
		for size := 4096; size > 0; {
			n, err := unix.Write(fd, make([]byte, size))
			if err != nil {
				size /= 2
			}
			written += max(n, 0)
		}
		return written > capacity
	})
	return resume
}

// notifySocket is the end of systemd.
type notifySocket struct{ conn *net.UnixConn }

// listenNotify makes a notification socket and tells processes that are started from now on of it.
func listenNotify(t *testing.T, address string) *notifySocket {
	t.Helper()
	conn, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Net: "unixgram", Name: address})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	t.Setenv("NOTIFY_SOCKET", address)
	t.Setenv("WATCHDOG_USEC", strconv.FormatInt(watchdogLimit.Microseconds(), 10))
	t.Setenv("WATCHDOG_PID", "")
	return &notifySocket{conn}
}

// next is the next notification, if there is one in time.
func (s *notifySocket) next(t *testing.T, within time.Duration) (text string, ok bool) {
	t.Helper()
	s.conn.SetReadDeadline(time.Now().Add(within))
	buf := make([]byte, 64<<10)
	n, err := s.conn.Read(buf)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return "", false
	}
	if err != nil {
		t.Fatal(err)
	}
	return string(buf[:n]), true
}

// until gives the first notification that is no ping, which has to begin with a line.
func (s *notifySocket) until(t *testing.T, line string) string {
	t.Helper()
	for deadline := time.Now().Add(patience); ; {
		text, ok := s.next(t, time.Until(deadline))
		switch first, _, _ := strings.Cut(text, "\n"); {
		case !ok:
			t.Fatalf("no notification but pings within %v, want %s", patience, line)
		case first == line:
			return text
		case text != "WATCHDOG=1":
			t.Fatalf("got %q, want %s", text, line)
		}
	}
}

// pingsWithout waits for pings, among which nothing else may come; it names what one would fear.
func (s *notifySocket) pingsWithout(t *testing.T, feared string) {
	t.Helper()
	for range 3 {
		text, ok := s.next(t, patience)
		if !ok || text != "WATCHDOG=1" {
			t.Fatalf("got %q, want pings and no %s", text, feared)
		}
	}
}

// gatedScript is a filter that loads only while its gate is open.
type gatedScript struct{ path, gate string }

func newGatedScript(t *testing.T) gatedScript {
	t.Helper()
	dir := t.TempDir()
	s := gatedScript{filepath.Join(dir, "gated.lua"), filepath.Join(dir, "gate")}
	source := fmt.Sprintf("local gate\nrepeat gate = io.open(%q) until gate\ngate:close()\nfunction on_eom() return accept() end\n", s.gate)
	if err := os.WriteFile(s.path, []byte(source), 0o600); err != nil {
		t.Fatal(err)
	}
	return s
}

func (s gatedScript) open(t *testing.T) {
	t.Helper()
	if err := os.WriteFile(s.gate, nil, 0o600); err != nil {
		t.Fatal(err)
	}
}

func (s gatedScript) shut(t *testing.T) {
	t.Helper()
	if err := os.Remove(s.gate); err != nil {
		t.Fatal(err)
	}
}

// damage makes it a script that does not load.
func (s gatedScript) damage(t *testing.T) {
	t.Helper()
	if err := os.WriteFile(s.path, []byte("function on_eom(\n"), 0o600); err != nil {
		t.Fatal(err)
	}
}

func monotonicUsec(t *testing.T) int64 {
	t.Helper()
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now); err != nil {
		t.Fatal(err)
	}
	return now.Nano() / 1000
}

func want(t *testing.T, what, got, want string) {
	t.Helper()
	if got != want {
		t.Errorf("%s: got %q, want %q", what, got, want)
	}
}
