package main_test

import (
	"os"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// TestEscapes runs each script of escapes.lua: it gets a temporary error in time, while the process lives, its
// memory is bounded, and other connections are served.
func TestEscapes(t *testing.T) {
	const (
		limit      = 400 * time.Millisecond // --callback-timeout
		slack      = 2 * time.Second        // for a garbage collection on a busy machine
		memoryLine = 256                    // MiB, --memory-limit
		memoryMost = 768                    // MiB that the process may ever hold
	)
	src, err := os.ReadFile(filterPath(t, "escapes.lua"))
	if err != nil {
		t.Fatal(err)
	}
	cases := regexp.MustCompile(`(?m)^function (bombs|harmless|either)\.(\w+)\(`).FindAllStringSubmatch(string(src), -1)
	if len(cases) < 50 {
		t.Fatalf("found %d scripts in escapes.lua, want 50 or more", len(cases))
	}
	dir := shortTempDir(t)
	t.Setenv("ESCAPE_FIFO", dir+"/fifo")
	if err := syscall.Mkfifo(dir+"/fifo", 0o600); err != nil {
		t.Fatal(err)
	}
	m := startMilter(t, "unix:"+dir+"/s", "--script", filterPath(t, "escapes.lua"), "--states", "4",
		"--callback-timeout", limit.String(), "--memory-limit", "256MiB")
	slowest := serveOthers(t, m.listen)
	c := mustDialRaw(t, m.listen)
	if err := c.connect(1); err != nil {
		t.Fatal(err)
	}
	for _, match := range cases {
		kind, name := match[1], match[2]
		t.Run(kind+" "+name, func(t *testing.T) {
			start := time.Now()
			reply, data, err := c.exchange('M', "<"+kind+"."+name+"@client.example>\x00")
			took := time.Since(start)
			if err != nil {
				select {
				case <-m.ended:
					t.Fatalf("the process ended: %v", m.err)
				case <-time.After(time.Second):
					t.Fatalf("no reply after %v: %v", took, err)
				}
			}
			failed := reply == 'y' && strings.HasPrefix(data, "451 4.3.0 ")
			if kind != "harmless" && failed == (reply == 'c') || kind == "bombs" && !failed || kind == "harmless" && reply != 'c' {
				t.Errorf("got reply %q %q of a script that is %s", reply, data, kind)
			}
			if took > limit+slack {
				t.Errorf("reply after %v, want it within %v", took, limit+slack)
			}
			if err := c.send('A', ""); err != nil {
				t.Fatal(err)
			}
		})
		if !m.alive() {
			t.Fatalf("the process has ended: %v", m.err)
		}
	}
	if err := c.message(); err != nil {
		t.Errorf("a mail after all that: %v", err)
	}
	worst, count := slowest()
	t.Run("many at once", func(t *testing.T) {
		var wg sync.WaitGroup
		for n := range 12 { // with 4 states, so that most wait for one; that counts as well
			c := mustDialRaw(t, m.listen)
			name := []string{"loop_in_pcall", "table_of_strings", "concat_in_loop", "pattern_stars"}[n%4]
			wg.Go(func() {
				start := time.Now()
				reply, data, err := c.exchange('M', "<bombs."+name+"@client.example>\x00")
				if took := time.Since(start); took > limit+slack || err != nil || reply != 'y' || !strings.HasPrefix(data, "451 4.3.0 ") {
					t.Errorf("%s: got reply %q %q, %v after %v, want 451 4.3.0 within %v", name, reply, data, err, took, limit+slack)
				}
			})
		}
		wg.Wait()
		if err := c.message(); err != nil {
			t.Errorf("a mail after that: %v", err)
		}
	})
	most := m.residentMiB(t, "VmHWM")
	t.Logf("%d scripts; %d other messages, the slowest took %v; the process held %.0f MiB at most with a line of %d MiB", len(cases), count, worst, most, memoryLine)
	if worst > limit+slack {
		t.Errorf("another connection waited %v, want at most %v", worst, limit+slack)
	}
	if most > memoryMost {
		t.Errorf("the process held %.0f MiB, want at most %d", most, memoryMost)
	}
}

// serveOthers sends one message after the other on a connection of its own, until the function that it returns is
// called; that says how long the slowest one took and how many there were. Each has to pass.
func serveOthers(t *testing.T, listen string) (slowest func() (time.Duration, int)) {
	t.Helper()
	c := mustDialRaw(t, listen)
	if err := c.connect(2); err != nil {
		t.Fatal(err)
	}
	stop, stopped := make(chan struct{}), make(chan struct{})
	var worst time.Duration
	var count int
	var failure error
	pause := time.NewTicker(5 * time.Millisecond)
	go func() {
		defer close(stopped)
		for failure == nil {
			select {
			case <-stop:
				return
			case <-pause.C:
			}
			start := time.Now()
			failure = c.message()
			worst = max(worst, time.Since(start))
			count++
		}
	}()
	return func() (time.Duration, int) {
		close(stop)
		<-stopped
		pause.Stop()
		if failure != nil {
			t.Errorf("message %d of another connection: %v", count, failure)
		}
		return worst, count
	}
}
