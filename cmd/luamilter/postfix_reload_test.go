package main_test

import (
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

// TestPostfixReload rewrites a filter while four sessions send mail through a real Postfix. Each mail has to arrive once,
// judged by one version, also if the next one goes live between its envelope and its data.
func TestPostfixReload(t *testing.T) {
	const sessions, rewrites, least = 4, 20, 25 // mails of each session
	r := &postfixReload{postfix: startPostfix(t, map[string]string{"reload": ""}), filter: filepath.Join(shortTempDir(t), "filter.lua")}
	r.rewrite(t, 1)
	r.milter(t, "reload", "--script", r.filter)

	var wg sync.WaitGroup
	var over atomic.Bool
	stop := sync.OnceFunc(func() { over.Store(true); wg.Wait() })
	t.Cleanup(stop)
	var sent [sessions]int
	for s := range sessions {
		c := newSMTP(t, r.smtpd["reload"])
		wg.Go(func() {
			tick := time.NewTicker(100 * time.Millisecond)
			defer tick.Stop()
			for ; sent[s] < least || !over.Load(); sent[s]++ {
				hold := func() {}
				if s == 0 {
					hold = func() { r.awaitNext(&over) }
				}
				if err := sendReloaded(c, reloadToken(s, sent[s]), hold); err != nil {
					t.Errorf("session %d, mail %d: %v", s, sent[s], err)
					return
				}
				<-tick.C
			}
		})
	}
	seen := 0
	for version := 1; version <= 1+rewrites; version++ {
		if version > 1 {
			r.rewrite(t, version)
		}
		seen = r.awaitLive(t, version, seen)
	}
	stop()
	if t.Failed() {
		return
	}
	c := newSMTP(t, r.smtpd["reload"])
	if err := sendReloaded(c, "last", func() {}); err != nil {
		t.Fatal(err)
	}
	r.waitQueueEmpty(t)
	if got, want := r.sink.wait(t, "last@sink.example").header("X-Version"), fmt.Sprintf("[%d %[1]d]", 1+rewrites); fmt.Sprint(got) != want {
		t.Errorf("the last mail: got X-Version %v, want %s", got, want)
	}
	r.checkDelivered(t, sent[:], 1+rewrites)
}

// postfixReload is a filter that is rewritten under a Postfix.
type postfixReload struct {
	*postfix
	filter  string
	live    atomic.Int64 // version that has judged a mail
	outlive atomic.Int64 // mails that were in flight when the next version was live
}

// rewrite puts a version of the filter in place; every second one is renamed over, the others are written in place.
func (r *postfixReload) rewrite(t *testing.T, version int) {
	t.Helper()
	text := fmt.Sprintf(`local version = %d
function on_mail()
  msg.version = version
  return nil
end
function on_eom()
  add_header("X-Version", msg.version .. " " .. version)
end
`, version)
	if version%2 == 0 {
		r.must(t, os.WriteFile(r.filter, []byte(text), 0o644))
	} else {
		r.must(t, os.WriteFile(r.filter+".tmp", []byte(text), 0o644))
		r.must(t, os.Rename(r.filter+".tmp", r.filter))
	}
}

// awaitNext returns when the next version is live, or none will follow.
func (r *postfixReload) awaitNext(over *atomic.Bool) {
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for now := r.live.Load(); r.live.Load() == now; <-tick.C {
		if over.Load() {
			return
		}
	}
	r.outlive.Add(1)
}

// awaitLive waits until a mail by the version has arrived, looking at the mails after the first seen ones only.
func (r *postfixReload) awaitLive(t *testing.T, version, seen int) int {
	t.Helper()
	want := fmt.Sprintf("[%d %[1]d]", version)
	eventually(t, fmt.Sprintf("a mail by version %d arrives", version), func() bool {
		r.sink.mu.Lock()
		got := r.sink.got[seen:]
		r.sink.mu.Unlock()
		seen += len(got)
		for _, d := range got {
			if fmt.Sprint(d.header("X-Version")) == want {
				r.live.Store(int64(version))
				return true
			}
		}
		return t.Failed() // the mail failed; that is told already
	})
	return seen
}

// checkDelivered wants each mail to have arrived once, with the field of one of the versions.
func (r *postfixReload) checkDelivered(t *testing.T, sent []int, newest int) {
	t.Helper()
	versions, total := map[int]bool{}, 0
	for s, mails := range sent {
		total += mails
		for n := range mails {
			token := reloadToken(s, n)
			got := r.sink.all(token + "@sink.example")
			if len(got) != 1 {
				t.Errorf("%s arrived %d times, want once", token, len(got))
				continue
			}
			fields := got[0].header("X-Version")
			begin, end := 0, 0
			if len(fields) == 1 {
				fmt.Sscanf(fields[0], "%d %d", &begin, &end)
			}
			if begin != end || begin < 1 || begin > newest {
				t.Errorf("%s arrived with X-Version %q, want one field of one version", token, fields)
			}
			versions[begin] = true
		}
	}
	if len(versions) != newest {
		t.Errorf("got mails by %d versions, want %d", len(versions), newest)
	}
	if got, want := r.outlive.Load(), int64(newest/2); got < want {
		t.Errorf("%d mails were in flight when the next version was live, want %d or more: this test tests too little", got, want)
	}
	t.Logf("%d mails by %d versions; %d outlived theirs", total, len(versions), r.outlive.Load())
}

func reloadToken(session, mail int) string { return fmt.Sprintf("reload-%d-%d", session, mail) }

// sendReloaded sends one mail; hold is called between the envelope and the data.
func sendReloaded(c *smtpClient, token string, hold func()) error {
	for _, line := range []string{"MAIL FROM:<" + token + "@client.example>", "RCPT TO:<" + token + "@sink.example>"} {
		if got := c.cmd(line); len(got) < 3 || got[:3] != "250" {
			return fmt.Errorf("%q: got %q, want 250", line, got)
		}
	}
	hold()
	if got := c.cmd("DATA"); len(got) < 3 || got[:3] != "354" {
		return fmt.Errorf("DATA: got %q, want 354", got)
	}
	if got := c.cmd("Subject: test\r\n\r\nHello.\r\n."); len(got) < 3 || got[:3] != "250" {
		return fmt.Errorf("the data: got %q, want 250", got)
	}
	return nil
}
