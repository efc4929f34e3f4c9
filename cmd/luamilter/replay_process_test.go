package main_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
)

// writeMbox makes a folder with an mbox of n mails, the seventh of which is spam, and a filter that rejects it.
func writeMbox(t *testing.T, n int) (filter, mbox string) {
	t.Helper()
	dir := t.TempDir()
	filter, mbox = filepath.Join(dir, "filter.lua"), filepath.Join(dir, "mbox")
	var b strings.Builder
	for i := range n {
		sender := "joe"
		if i == 6 {
			sender = "spam"
		}
		fmt.Fprintf(&b, "From x Mon Jun  1 10:00:00 2026\nFrom: %s@example.org\n\n%s\n\n", sender, strings.Repeat("x", i%100))
	}
	const source = "function on_eom() if msg.sender:match('^spam') then print('seen') return reject('no spam') end end\n"
	for path, text := range map[string]string{filter: source, mbox: b.String()} {
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return filter, mbox
}

// replayOnTerminal has util-linux' script(1) make a pseudo terminal for a replay, and gives what came to it.
func replayOnTerminal(t *testing.T, filter, mbox, redirect string) []byte {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), 4*patience)
	defer cancel()
	command := fmt.Sprintf("stty cols 100; '%s' replay --script '%s' '%s' %s", commandPath(t), filter, mbox, redirect)
	cmd := exec.CommandContext(ctx, tool(t, "script", "bsdutils"), "-qec", command, "/dev/null")
	cmd.Env = append(os.Environ(), "TERM=xterm")
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, tail(string(out), 4<<10))
	}
	return out
}

func TestReplayOnATerminal(t *testing.T) {
	filter, mbox := writeMbox(t, 500)
	out := replayOnTerminal(t, filter, mbox, "")
	for _, want := range []string{
		`\r\[#{30}\] 100%  500 mails, \d+/s\x1b\[K\r\n`, // the last drawing, which stays
		`\#7: reject: 550 5\.7\.1 no spam\r\n`,
		`\n500 mails\r\n  499 accept, unchanged\r\n  1 reject\r\n$`,
	} {
		if !regexp.MustCompile(want).Match(out) {
			t.Errorf("no %s in %q", want, tail(string(out), 2<<10))
		}
	}
	// A line of the output begins at the left, and the bar that stood there has been erased.
	whole := regexp.MustCompile(`^(.*\r\x1b\[K)?(/\S+#\d+|  499) accept, unchanged$`)
	for line := range strings.SplitSeq(strings.ReplaceAll(string(out), ": accept", " accept"), "\r\n") {
		if strings.Contains(line, "accept") && !whole.MatchString(line) {
			t.Errorf("a line is mixed with something: %q", line)
		}
	}
}

// TestTheProgressBarStaysWhereTheOutputIsNotOnTheTerminal: only the one log line takes it away for a moment.
func TestTheProgressBarStaysWhereTheOutputIsNotOnTheTerminal(t *testing.T) {
	filter, mbox := writeMbox(t, 500)
	out := string(replayOnTerminal(t, filter, mbox, "> /dev/null"))
	if n := strings.Count(out, "\r\x1b[K"); n > 1 {
		t.Errorf("the bar was erased %d times in %q", n, tail(out, 1<<10))
	}
	if !regexp.MustCompile(`\r\[#{30}\] 100%  500 mails, \d+/s\x1b\[K\r\n$`).MatchString(out) {
		t.Errorf("no full bar in %q", tail(out, 1<<10))
	}
}

// TestReplayEndsWhenItIsInterrupted waits for a named pipe that nobody writes on.
func TestReplayEndsWhenItIsInterrupted(t *testing.T) {
	filter, mbox := writeMbox(t, 10)
	pipe := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 4*patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, commandPath(t), "replay", "--jobs", "1", "--script", filter, mbox, mbox, pipe)
	var out bytes.Buffer
	log := &logBuffer{}
	cmd.Stdout, cmd.Stderr = &out, log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	eventually(t, "the second mbox", func() bool { return strings.Count(log.String(), "seen") == 2 })
	if err := cmd.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != 1 {
		t.Errorf("exit code: got %d, want 1", code)
	}
	if !strings.HasSuffix(log.String(), "luamilter: interrupted: there are more mails\n") {
		t.Errorf("stderr: got %s", log)
	}
	// Whether those that follow the second spam are done is a matter of time.
	if !regexp.MustCompile(`(?s)mbox#7: reject: 550 5.7.1 no spam\n.*\n(17|18|19|20) mails\n  \d+ accept, unchanged\n  2 reject\n$`).Match(out.Bytes()) {
		t.Errorf("stdout: got %s", &out)
	}
}

// TestReplayOfManyMailsHoldsFew sends a stream of mails that would not fit in what the process may hold.
func TestReplayOfManyMailsHoldsFew(t *testing.T) {
	filter, _ := writeMbox(t, 1)
	ctx, cancel := context.WithTimeout(context.Background(), 4*patience)
	defer cancel()
	cmd := exec.CommandContext(ctx, commandPath(t), "replay", "--jobs", "2", "--script", filter, "-")
	var out bytes.Buffer
	cmd.Stdout = &out
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	mail := "From x Mon Jun  1 10:00:00 2026\nFrom: joe@example.org\n\n" + strings.Repeat(strings.Repeat("x", 77)+"\n", 1300) + "\n"
	const count = 2000
	for range count {
		if _, err := in.Write([]byte(mail)); err != nil {
			t.Fatal(err)
		}
	}
	held := (&milter{cmd: cmd}).residentMiB(t, "VmHWM")
	in.Close()
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	if !strings.HasSuffix(out.String(), fmt.Sprintf("\n%d mails\n  %d accept, unchanged\n", count, count)) {
		t.Errorf("got %s", tail(out.String(), 1<<10))
	}
	const most = 120 // MiB; the mails have 200
	if held > most {
		t.Errorf("it held %.0f MiB, want at most %d", held, most)
	}
}
