package archive

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// childRole has the test binary run as another process that uses the file in childFile.
const childRole, childFile = "LUAMILTER_TEST_MBOX", "LUAMILTER_TEST_FILE"

func TestMain(m *testing.M) {
	path := os.Getenv(childFile)
	switch os.Getenv(childRole) {
	case "":
		os.Exit(m.Run())
	case "append":
		for i := range 25 {
			if err := Append(context.Background(), path, numbered(9, i), Envelope{}, false, nil); err != nil {
				fmt.Println(err)
				os.Exit(1)
			}
		}
	case "hold": // as another program does: with the lock that belongs to the process
		f, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE, 0o600)
		if err == nil {
			err = unix.FcntlFlock(f.Fd(), unix.F_SETLK, &unix.Flock_t{Type: unix.F_WRLCK})
		}
		fmt.Println("held", err)
		os.Stdin.Read(make([]byte, 1))
	case "full":
		err := unix.Setrlimit(unix.RLIMIT_FSIZE, &unix.Rlimit{Cur: 200_000, Max: 200_000})
		if err == nil {
			err = Append(context.Background(), path, strings.Repeat("x", 1<<20), Envelope{}, false, nil)
		}
		fmt.Println(err)
	}
}

func child(t *testing.T, role, path string) *exec.Cmd {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childRole+"="+role, childFile+"="+path)
	return cmd
}

// numbered is a message of which each line says whose it is, longer than what is written at a time.
func numbered(writer, n int) string {
	return strings.Repeat(fmt.Sprintf("w%d n%d\r\n", writer, n), 10_000+n)
}

var sunday = time.Date(2025, 11, 2, 3, 4, 5, 0, time.FixedZone("", 3600))

func content(t *testing.T, path string) string {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestFormat(t *testing.T) {
	const from = "From a@example.org Sun Nov  2 02:04:05 2025\n"
	tests := []struct{ name, before, sender, message, want string }{
		{"a message", "", "a@example.org", "Subject: x\r\n\r\nbody\r\n", from + "Subject: x\n\nbody\n\n"},
		{"lines that look like the first", "", "a@example.org", "A: b\n\nFrom x\n>From y\n>>From z\n >From\nfrom\nFrom\n",
			from + "A: b\n\n>From x\n>>From y\n>>>From z\n >From\nfrom\nFrom\n\n"},
		{"no line end at the end", "", "<a@example.org>", "A: b\n\nFrom x", from + "A: b\n\n>From x\n\n"},
		{"a bare CR and NUL stay", "", "a@example.org", "A\rFrom b\x00\r\r\n", from + "A\rFrom b\x00\r\n\n"},
		{"nothing", "", "a@example.org", "", from + "\n"},
		{"the null sender", "", "", "x", "From MAILER-DAEMON Sun Nov  2 02:04:05 2025\nx\n\n"},
		{"a sender that breaks the line", "", "\"a\r\nFrom b\"@c", "x", "From \"a__From_b\"@c Sun Nov  2 02:04:05 2025\nx\n\n"},
		{"after another message", "From b\nx\n\n", "a@example.org", "x", "From b\nx\n\n" + from + "x\n\n"},
		{"after one without an empty line", "From b\nx\n", "a@example.org", "x", "From b\nx\n\n" + from + "x\n\n"},
		{"after half a message", "From b\nx", "a@example.org", "x", "From b\nx\n\n" + from + "x\n\n"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "mbox")
			if tt.before != "" {
				if err := os.WriteFile(path, []byte(tt.before), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if err := Append(t.Context(), path, tt.message, Envelope{tt.sender, sunday}, true, nil); err != nil {
				t.Fatal(err)
			}
			if got := content(t, path); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
			if info, err := os.Stat(path); err != nil || info.Mode() != 0o600 {
				t.Errorf("got the mode %v, %v, want 0600", info.Mode(), err)
			}
		})
	}
}

// TestManyWriters appends from goroutines and from another process at once.
func TestManyWriters(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mbox")
	other := child(t, "append", path)
	var out bytes.Buffer
	other.Stdout = &out
	if err := other.Start(); err != nil {
		t.Fatal(err)
	}
	var all sync.WaitGroup
	for writer := range 4 {
		all.Go(func() {
			for i := range 25 {
				if err := Append(t.Context(), path, numbered(writer, i), Envelope{}, false, nil); err != nil {
					t.Error(err)
				}
			}
		})
	}
	all.Wait()
	if err := other.Wait(); err != nil {
		t.Fatalf("%v: %s", err, out.String())
	}
	messages := strings.Split(content(t, path), "From MAILER-DAEMON ")[1:]
	if len(messages) != 5*25 {
		t.Fatalf("got %d messages, want %d", len(messages), 5*25)
	}
	for _, m := range messages {
		_, m, _ = strings.Cut(m, "\n")
		var writer, n int
		if _, err := fmt.Sscanf(m, "w%d n%d", &writer, &n); err != nil {
			t.Fatal(err)
		}
		if want := strings.ReplaceAll(numbered(writer, n), "\r", "") + "\n"; m != want {
			t.Fatalf("message %d of writer %d is mixed with another: %d bytes, want %d", n, writer, len(m), len(want))
		}
	}
}

func TestLockOfAnotherProgram(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mbox")
	holder := child(t, "hold", path)
	in, err := holder.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := holder.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	said := make([]byte, 100)
	n, _ := out.Read(said)
	if got := string(said[:n]); got != "held <nil>\n" {
		t.Fatalf("the other process says %q", got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	waits := 0
	err = Append(ctx, path, "x", Envelope{}, false, func(int) {
		if waits++; waits == 3 {
			cancel()
		}
	})
	want := fmt.Sprintf("%s: another program has locked it (uid %d)", path, os.Geteuid())
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	in.Close()
	holder.Wait()
	if err := Append(t.Context(), path, "x", Envelope{}, false, nil); err != nil {
		t.Errorf("after the other has gone: %v", err)
	}
}

func TestFileThatIsMovedAwayWhileItIsLocked(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mbox")
	holder, err := openLocked(t.Context(), path, func(int) {})
	if err != nil {
		t.Fatal(err)
	}
	defer holder.Close()
	moved := false
	err = Append(t.Context(), path, "x", Envelope{}, false, func(int) {
		if !moved {
			moved = true
			if err := os.Rename(path, path+".1"); err != nil {
				t.Error(err)
			}
			holder.Close()
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if old, now := content(t, path+".1"), content(t, path); old != "" || !strings.Contains(now, "x") {
		t.Errorf("got %q in the old file and %q in the new one, want the message in the new one", old, now)
	}
}

func TestPartOfAMessageIsTakenBack(t *testing.T) {
	path := filepath.Join(t.TempDir(), "mbox")
	before := "From b\n" + strings.Repeat("y", 100_000) + "\n\n"
	if err := os.WriteFile(path, []byte(before), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := child(t, "full", path).CombinedOutput()
	want := fmt.Sprintf("%s: write: file too large (uid %d)\n", path, os.Geteuid())
	if err != nil || string(out) != want {
		t.Errorf("got %q, %v, want %q", out, err, want)
	}
	if got := content(t, path); got != before {
		t.Errorf("got %d bytes, want the %d of before", len(got), len(before))
	}

	stop := errors.New("stop")
	func() {
		defer func() {
			if r := recover(); r != stop {
				t.Errorf("got the panic %v, want that of work", r)
			}
		}()
		n := 0
		Append(t.Context(), path, strings.Repeat("x\n", 100_000), Envelope{}, false, func(int) {
			if n++; n == 90_000 {
				panic(stop)
			}
		})
	}()
	if got := content(t, path); got != before {
		t.Errorf("after a panic: got %d bytes, want the %d of before", len(got), len(before))
	}
	if err := Append(t.Context(), path, "x", Envelope{}, false, nil); err != nil {
		t.Errorf("after a panic: %v, want the lock free", err)
	}
}

func TestFilesThatAreRefused(t *testing.T) {
	dir := t.TempDir()
	link, pipe := filepath.Join(dir, "link"), filepath.Join(dir, "pipe")
	if err := errors.Join(os.Symlink("target", link), syscall.Mkfifo(pipe, 0o600)); err != nil {
		t.Fatal(err)
	}
	tests := map[string]string{
		link:                          "it is a symbolic link",
		pipe:                          "it is no regular file",
		"/dev/null":                   "it is no regular file",
		dir:                           "open: is a directory",
		filepath.Join(dir, "no", "m"): "open: no such file or directory",
		"a\x00b":                      "open: invalid argument",
		"":                            "open: no such file or directory",
	}
	for path, want := range tests {
		err := Append(t.Context(), path, "x", Envelope{}, false, nil)
		if want := fmt.Sprintf("%s: %s (uid %d)", path, want, os.Geteuid()); err == nil || err.Error() != want {
			t.Errorf("got %v, want %s", err, want)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "target")); err == nil {
		t.Error("the target of the link was made")
	}
}
