//go:build linux

package protocol

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"
)

func TestLoopsAreOfNoUseToSessionsThatWait(t *testing.T) {
	for _, tt := range []struct {
		name  string
		turns []time.Duration // in one window
		cpu   time.Duration
		want  bool
	}{
		{"short turns", []time.Duration{longTurn, longTurn}, 0, false},
		{"waits", []time.Duration{5 * time.Millisecond, 5 * time.Millisecond, 5 * time.Millisecond}, 0, true},
		{"computations", []time.Duration{5 * time.Millisecond, 5 * time.Millisecond, 5 * time.Millisecond}, 8 * time.Millisecond, false},
		{"a computation that began in a window before", []time.Duration{time.Second}, judgeEvery, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			l := &loop{}
			ls := loops{all: []*loop{l}}
			for _, took := range tt.turns {
				l.heldUp(took)
			}
			ls.judge(judgeEvery, ls.newWindow(time.Now()), tt.cpu)
			want(t, "of no use", ls.slow.Load(), tt.want)
		})
	}
}

func TestLeavingALoopTakesNoDescriptor(t *testing.T) {
	body := strings.Repeat("0123456789abcde\n", 1<<17)
	s := &Server{Loops: 1, Handler: bodyHandler(body)}
	c := negotiatedBy(t, startLoop(t, s))
	must(t)(c.Mail("<a@b>"))
	must(t)(c.Rcpt("<b@c>"))
	useUpDescriptors(t)
	if err := c.Send(CodeEOM, nil); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the connection has left the loop", func() bool { return inLoops(s) == 0 })
	for code := ReplyReplaceBody; code == ReplyReplaceBody; {
		var err error
		if code, _, err = c.Receive(); err != nil {
			t.Fatal(err)
		}
	}
	must(t)(c.Mail("<again@b>"))
}

// useUpDescriptors leaves the process no file descriptor until the test ends.
func useUpDescriptors(t *testing.T) {
	t.Helper()
	var before syscall.Rlimit
	if err := syscall.Getrlimit(syscall.RLIMIT_NOFILE, &before); err != nil {
		t.Fatal(err)
	}
	few := before
	few.Cur = min(few.Cur, 200)
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &few); err != nil {
		t.Fatal(err)
	}
	var files []*os.File
	t.Cleanup(func() {
		for _, f := range files {
			_ = f.Close()
		}
		if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, &before); err != nil {
			t.Error(err)
		}
	})
	for {
		f, err := os.Open(os.DevNull)
		if errors.Is(err, syscall.EMFILE) {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		files = append(files, f)
	}
}

func TestShutdownCutsConnectionsThatHaveLeftTheirLoop(t *testing.T) {
	var log logBuffer
	s := &Server{Loops: 1, Handler: bodyHandler(strings.Repeat("x", 2<<20)), Log: log.logger(slog.LevelInfo)}
	dial := startLoop(t, s)
	writing, reading := negotiatedBy(t, dial), negotiatedBy(t, dial)
	must(t)(writing.Mail("<a@b>"))
	if err := writing.Send(CodeEOM, nil); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the first has left", func() bool { return inLoops(s) == 1 })
	s.loops.slow.Store(true)
	must(t)(reading.Mail("<a@b>"))
	want(t, "connections in the loop", inLoops(s), 0)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := s.Shutdown(ctx); err == nil {
		t.Error("nothing was cut")
	}
	eventually(t, "both have ended", func() bool { return s.Connections() == 0 })
	if got := strings.Count(log.String(), `in the middle of a message"`); got != 2 {
		t.Errorf("log: %s", log.String())
	}
}

func TestIdleConnectionThatHasLeftItsLoopIsClosed(t *testing.T) {
	var log logBuffer
	s := &Server{Loops: 1, Handler: silent, Log: log.logger(slog.LevelInfo), IdleTimeout: time.Second}
	c := negotiatedBy(t, startLoop(t, s))
	s.loops.slow.Store(true)
	must(t)(c.Mail("<a@b>"))
	want(t, "connections in the loop", inLoops(s), 0)
	wantClosed(t, c)
	eventually(t, "it has ended", func() bool { return s.Connections() == 0 })
	if !strings.Contains(log.String(), `reason="idle for 1s"`) {
		t.Errorf("log: %s", log.String())
	}
}
