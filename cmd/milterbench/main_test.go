package main

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// commandVariable makes this test binary run as the command, so that it can start itself as the command does.
const commandVariable = "MILTERBENCH_TEST_COMMAND"

func TestMain(m *testing.M) {
	if os.Getenv(commandVariable) != "" {
		main()
	}
	os.Exit(m.Run())
}

// allowedCPU is one that this process may run on; a container may not have the first.
func allowedCPU(t *testing.T) int {
	t.Helper()
	var set unix.CPUSet
	if err := unix.SchedGetaffinity(0, &set); err != nil {
		t.Fatal(err)
	}
	for cpu := range 8 * int(unsafe.Sizeof(set)) {
		if set.IsSet(cpu) {
			return cpu
		}
	}
	t.Fatal("no CPU may be used")
	return 0
}

func (b *bench) testPinned(t *testing.T) {
	temp := filepath.Join(b.dir, "t")
	if err := os.Mkdir(temp, 0o755); err != nil {
		t.Fatal(err)
	}
	command := func(args string) (*exec.Cmd, *bytes.Buffer) {
		cmd := exec.Command(os.Args[0], append(strings.Fields(args), b.flags()...)...)
		cmd.Env = append(os.Environ(), commandVariable+"=1", "TMPDIR="+temp)
		var out bytes.Buffer
		cmd.Stdout, cmd.Stderr = &out, &out
		return cmd, &out
	}
	cpu := "--cpu " + strconv.Itoa(allowedCPU(t))
	cmd, out := command("table " + cpu + " --filters noop --mails small --conns 1 --rounds 1 --messages 20 --round-time 1m")
	if err := cmd.Run(); err != nil || !strings.Contains(out.String(), "noop, small mail") {
		t.Errorf("got %v and %s, want a table", err, out)
	}
	cmd, out = command("table " + cpu + " --filters noop --mails small --conns 1 --rounds 1000 --round-time 1m")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	end := time.Now().Add(time.Minute)
	for started := false; !started; time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			_ = cmd.Process.Kill()
			t.Fatal("no peer has been started")
		}
		sockets, err := filepath.Glob(filepath.Join(temp, "*", "*", "s"))
		if err != nil {
			t.Fatal(err)
		}
		started = len(sockets) > 0
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil || out.String() != "milterbench: interrupted\n" {
		t.Errorf("got %v and %q, want that it was interrupted", err, out)
	}
	left, err := os.ReadDir(temp)
	if err != nil || len(left) > 0 {
		t.Errorf("got %v, %v, want an empty folder", left, err)
	}
}

func TestUsage(t *testing.T) {
	for _, c := range []struct {
		args string
		code int
		want string
	}{
		{"--help", 0, "milterbench latency"},
		{"table --help", 0, "--per-connection"},
		{"scaling --help", 0, "--luamilter"},
		{"", 1, "no command"},
		{"nothing", 1, `there is no command "nothing"`},
		{"table more", 1, `"more" is no flag`},
		{"table --filters addheader,no", 1, `--filters: there is no "no", there are noop, addheader, body, rewrite`},
		{"table --conns 0", 1, "--conns: 0 is not"},
		{"table --rounds 0", 1, "--rounds: 0"},
		{"table --round-time 2h", 1, "--round-time: 2h"},
		{"table --write-size 1", 1, "--write-size 1"},
		{"table --format xml", 1, `there is no "xml"`},
		{"table --nice -21", 1, "--nice is -21"},
		{"latency --rate -1", 1, "--rate: -1"},
		{"idle --idle -1", 1, "--idle is -1"},
	} {
		t.Run("milterbench "+c.args, func(t *testing.T) {
			var out, errOut bytes.Buffer
			code := milterbench(strings.Fields(c.args), &out, &errOut)
			if got := out.String() + errOut.String(); code != c.code || !strings.Contains(got, c.want) {
				t.Errorf("got exit code %d and %q, want %d and %q", code, got, c.code, c.want)
			}
		})
	}
}
