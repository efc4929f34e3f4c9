package main

import (
	"bytes"
	"fmt"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"
)

func TestNotifyStatusIsOneLine(t *testing.T) {
	for _, c := range []struct{ name, text, want string }{
		{"plain", "generation 1 is live", "STATUS=generation 1 is live"},
		{"an error that would set another variable", "a.lua:1: x\nMAINPID=1\r\n", "STATUS=a.lua:1: x MAINPID=1  "},
		{"bytes that systemd would not take", "a\x00b\xffc", "STATUS=a b\uFFFDc"},
		{"too long for a datagram", strings.Repeat("x", 1<<20), "STATUS=" + strings.Repeat("x", statusMax)},
		{"cut within a character", strings.Repeat("x", statusMax-1) + "é", "STATUS=" + strings.Repeat("x", statusMax-1) + "?"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := statusLine(c.text); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestNotifyWatchdogLimit(t *testing.T) {
	self := strconv.Itoa(os.Getpid())
	for _, c := range []struct {
		name, usec, pid string
		want            time.Duration
		wantErr         bool
	}{
		{"there is none", "", "", 0, false},
		{"for this process", "30000000", self, 30 * time.Second, false},
		{"for whoever reads it", "2", "", 2 * time.Microsecond, false},
		{"for another process", "30000000", "1", 0, false},
		{"no number", "30s", self, 0, true},
		{"zero", "0", self, 0, true},
		{"for ever, as systemd writes it", "18446744073709551615", self, 0, true},
		{"more than a duration holds", "9223372036854775807", self, 0, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := watchdogLimit(environment{"WATCHDOG_USEC": c.usec, "WATCHDOG_PID": c.pid}.get)
			if got != c.want || (err != nil) != c.wantErr {
				t.Errorf("got %v, %v, want %v and an error: %v", got, err, c.want, c.wantErr)
			}
		})
	}
}

func TestNotifyNobody(t *testing.T) {
	for _, c := range []struct {
		name   string
		env    environment
		logged bool
	}{
		{"without systemd", environment{"WATCHDOG_USEC": "1000"}, false},
		{"at a socket that is not there", environment{"NOTIFY_SOCKET": filepath.Join(t.TempDir(), "none"), "WATCHDOG_USEC": "1000"}, true},
		{"at an address of another kind", environment{"NOTIFY_SOCKET": "vsock:2:1234", "WATCHDOG_USEC": "1000"}, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			var log bytes.Buffer
			n := newNotifier(c.env.get, slog.New(slog.NewTextHandler(&log, nil)))
			defer n.close()
			n.ready("")
			n.reloading()
			n.alive()
			n.stopping("")
			if n.watchdog() != nil {
				t.Error("got a watchdog, want none")
			}
			if logged := strings.Contains(log.String(), "level=WARN"); logged != c.logged {
				t.Errorf("a warning: got %v, want %v: %s", logged, c.logged, &log)
			}
		})
	}
}

// A systemd that reads nothing must not keep the main loop.
func TestNotifyDoesNotWaitForLong(t *testing.T) {
	address := filepath.Join(t.TempDir(), "notify")
	l, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Net: "unixgram", Name: address})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var log bytes.Buffer
	n := newNotifier(environment{"NOTIFY_SOCKET": address}.get, slog.New(slog.NewTextHandler(&log, nil)))
	defer n.close()
	const queue = 10_000 // net.unix.max_dgram_qlen is 10 to some hundred
	for range queue {
		if log.Len() > 0 {
			break
		}
		n.alive()
	}
	if got, want := log.String(), "i/o timeout"; !strings.Contains(got, want) {
		t.Errorf("got the log %q, want %q", got, want)
	}
}

// environment stands for the variables of the process.
type environment map[string]string

func (e environment) get(name string) string { return e[name] }

// TestNotifyUnitFile checks what the unit file says against what the program does.
func TestNotifyUnitFile(t *testing.T) {
	unit := readUnit(t, "luamilter.service")
	program, args, _ := strings.Cut(unit["ExecStart"], " ")
	f := defaultRunFlags()
	if err := f.parse(strings.Fields(args), os.Stdout); err != nil {
		t.Fatalf("ExecStart=%s: %v", unit["ExecStart"], err)
	}
	if got, want := fmt.Sprint(f.listen), "[systemd]"; got != want {
		t.Errorf("--listen: got %s, want %s", got, want)
	}
	if got, want := unit["ExecReload"], program+" check "+strings.Join(f.scripts, " ")+"; /bin/sh -c 'kill -HUP $MAINPID'"; got != want {
		t.Errorf("ExecReload: got %q, want %q", got, want)
	}
	if got, want := unit["Type"], "notify"; got != want {
		t.Errorf("Type: got %q, want %q", got, want)
	}
	if got, least := unitTime(t, unit, "TimeoutStopSec"), time.Duration(f.shutdownTimeout); got <= least {
		t.Errorf("TimeoutStopSec: got %v, want more than --shutdown-timeout %v", got, least)
	}
	// Postfix waits 30 s (milter_connect_timeout) for a milter that has the connection in its backlog.
	if got, most := unitTime(t, unit, "TimeoutStopSec"), 30*time.Second; got >= most {
		t.Errorf("TimeoutStopSec: got %v, want less than %v", got, most)
	}
	if got, least := unitTime(t, unit, "TimeoutStartSec"), time.Duration(f.messageTimeout); got <= least {
		t.Errorf("TimeoutStartSec: got %v, want more than a script may take to load, %v", got, least)
	}
	address := strings.TrimPrefix(defaultRunFlags().listen[0], "inet:")
	if got := readUnit(t, "luamilter.socket")["ListenStream"]; got != address {
		t.Errorf("ListenStream: got %q, want the default address %q", got, address)
	}
}

// readUnit gives the settings of a unit file; those that come several times are joined.
func readUnit(t *testing.T, name string) map[string]string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join("..", "..", "dist", name))
	if err != nil {
		t.Fatal(err)
	}
	settings := make(map[string]string)
	for line := range strings.Lines(string(data)) {
		key, value, ok := strings.Cut(strings.TrimSpace(line), "=")
		if !ok || strings.HasPrefix(key, "#") {
			continue
		}
		if before := settings[key]; before != "" {
			value = before + "; " + value
		}
		settings[key] = value
	}
	return settings
}

func unitTime(t *testing.T, unit map[string]string, key string) time.Duration {
	t.Helper()
	d, err := time.ParseDuration(strings.Replace(unit[key], "min", "m", 1))
	if err != nil {
		t.Fatalf("%s: %v", key, err)
	}
	return d
}
