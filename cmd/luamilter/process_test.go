package main_test

import (
	"bytes"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"
)

// patience is how long a test waits for what must happen; nothing waits that long when all is well.
const patience = 30 * time.Second

// buildBinary compiles the command once. It goes beside the test binary, in the folder that `go test` removes.
var buildBinary = sync.OnceValues(func() (string, error) {
	self, err := os.Executable()
	if err != nil {
		return "", err
	}
	path := filepath.Join(filepath.Dir(self), "luamilter-under-test")
	if out, err := exec.Command("go", "build", "-o", path, ".").CombinedOutput(); err != nil {
		return "", fmt.Errorf("go build: %w\n%s", err, out)
	}
	return path, nil
})

// commandPath is the command under test: TEST_LUAMILTER, to test an installed one, or this source tree's.
func commandPath(t *testing.T) string {
	t.Helper()
	if path := os.Getenv("TEST_LUAMILTER"); path != "" {
		return path
	}
	path, err := buildBinary()
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// tool finds a program that a test cannot do without.
func tool(t *testing.T, name, debianPackage string) string {
	t.Helper()
	for _, dir := range []string{"/usr/sbin", "/usr/bin", "/usr/local/sbin", "/usr/local/bin"} {
		path := filepath.Join(dir, name)
		if _, err := os.Stat(path); err == nil {
			return path
		}
	}
	path, err := exec.LookPath(name)
	if err != nil {
		t.Fatalf("this test drives the milter with %s, which is not installed (apt-get install %s)", name, debianPackage)
	}
	return path
}

// filterPath is a filter of testdata/lua/e2e.
func filterPath(t *testing.T, name string) string {
	t.Helper()
	path, err := filepath.Abs(filepath.Join("..", "..", "testdata", "lua", "e2e", name))
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// lineOf is the place of a text in a filter, as an error message names it: "name.lua:12:".
func lineOf(t *testing.T, name, text string) string {
	t.Helper()
	src, err := os.ReadFile(filterPath(t, name))
	if err != nil {
		t.Fatal(err)
	}
	before, _, ok := strings.Cut(string(src), text)
	if !ok {
		t.Fatalf("%s has no %q", name, text)
	}
	return fmt.Sprintf("%s:%d:", name, 1+strings.Count(before, "\n"))
}

// shortTempDir is a folder whose path is short enough for a unix socket (108 bytes), open to other users.
func shortTempDir(t *testing.T) string {
	t.Helper()
	dir, err := os.MkdirTemp("", "lm")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	if err := os.Chmod(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	return dir
}

// logBuffer collects what a process writes; it may be read while the process runs.
type logBuffer struct {
	mu  sync.Mutex
	buf bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.buf.String()
}

// milter is a running luamilter.
type milter struct {
	listen string
	log    *logBuffer
	cmd    *exec.Cmd
	ended  chan struct{}
	err    error // of Wait, once ended is closed
}

// startMilter runs luamilter on an address and waits until it takes connections. When the test ends it gets
// SIGTERM and has to exit with 0; its log is shown if the test has failed.
func startMilter(t *testing.T, listen string, args ...string) *milter {
	t.Helper()
	m := &milter{listen: listen, log: &logBuffer{}, ended: make(chan struct{})}
	m.cmd = exec.Command(commandPath(t), append([]string{"run", "--listen", listen}, args...)...)
	m.cmd.Stdout, m.cmd.Stderr = m.log, m.log
	m.cmd.Env = slices.DeleteFunc(os.Environ(), func(v string) bool { return strings.HasPrefix(v, "LUAMILTER_") })
	m.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL} // when `go test` gives up on us
	if err := m.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		m.err = m.cmd.Wait()
		close(m.ended)
	}()
	t.Cleanup(func() {
		m.stop(t)
		if t.Failed() {
			t.Logf("log of luamilter %s:\n%s", strings.Join(args, " "), tail(m.log.String(), 16<<10))
		}
	})
	m.takesConnections(t, listen)
	if i := slices.Index(args, "--admin"); i >= 0 {
		m.takesConnections(t, args[i+1])
	}
	return m
}

// takesConnections waits until the milter listens.
func (m *milter) takesConnections(t *testing.T, at string) {
	t.Helper()
	eventually(t, "luamilter takes connections on "+at, func() bool {
		select {
		case <-m.ended:
			t.Fatalf("luamilter ended at start (%v):\n%s", m.err, m.log)
		default:
		}
		c, err := dial(at)
		if err == nil {
			c.Close()
		}
		return err == nil
	})
}

// dial connects to one of the two address forms that these tests use.
func dial(listen string) (net.Conn, error) {
	if rest, ok := strings.CutPrefix(listen, "inet:"); ok {
		port, host, _ := strings.Cut(rest, "@")
		return net.Dial("tcp", net.JoinHostPort(host, port))
	}
	return net.Dial("unix", strings.TrimPrefix(listen, "unix:"))
}

// alive says whether the process still runs.
func (m *milter) alive() bool {
	select {
	case <-m.ended:
		return false
	default:
		return true
	}
}

// stop ends the process in good order, which has to take no longer than patience.
func (m *milter) stop(t *testing.T) {
	t.Helper()
	if !m.alive() {
		return
	}
	m.cmd.Process.Signal(syscall.SIGTERM)
	select {
	case <-m.ended:
		if m.err != nil {
			t.Errorf("luamilter after SIGTERM: %v, want exit code 0", m.err)
		}
	case <-time.After(patience):
		t.Error("luamilter does not end after SIGTERM")
		m.kill()
	}
}

// kill ends the process as a crash does.
func (m *milter) kill() {
	m.cmd.Process.Kill()
	<-m.ended
}

// residentMiB is the memory that the process holds now (VmRSS) or held at most (VmHWM).
func (m *milter) residentMiB(t *testing.T, field string) float64 {
	t.Helper()
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", m.cmd.Process.Pid))
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(status)) {
		var kib float64
		if n, _ := fmt.Sscanf(line, field+": %f kB", &kib); n == 1 {
			return kib / 1024
		}
	}
	t.Fatalf("no %s in /proc/PID/status", field)
	return 0
}

// eventually polls until the condition holds.
func eventually(t *testing.T, what string, condition func() bool) {
	t.Helper()
	tick := time.NewTicker(10 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); ; <-tick.C {
		if condition() {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("not within %v: %s", patience, what)
		}
	}
}

// tail is the end of a text.
func tail(s string, n int) string {
	if len(s) <= n {
		return s
	}
	return "[...]" + s[len(s)-n:]
}

// freePorts finds TCP ports of the loopback address that nobody uses.
func freePorts(t *testing.T, n int) []int {
	t.Helper()
	ports := make([]int, n)
	for i := range ports {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close() // only after all are found, so that they differ
		ports[i] = l.Addr().(*net.TCPAddr).Port
	}
	return ports
}
