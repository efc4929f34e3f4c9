package main

import (
	"fmt"
	"log/slog"
	"math"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"golang.org/x/sys/unix"
)

// notifier tells systemd how the milter is (sd_notify(3), Type=notify). Without NOTIFY_SOCKET nobody has asked, and every
// method does nothing. Only the goroutine of milter.run uses it.
type notifier struct {
	log  *slog.Logger
	conn *net.UnixConn // nil: nobody has asked
	tick *time.Ticker  // nil: there is no watchdog
}

const (
	// notifyTimeout is for a systemd that does not read: it must not keep the milter from its signals.
	notifyTimeout = time.Second
	// statusMax is the most bytes of a status. An error of Lua may be long, and a datagram that is too long is not sent.
	statusMax = 1000
)

func newNotifier(getenv func(string) string, log *slog.Logger) *notifier {
	n := &notifier{log: log}
	socket := getenv("NOTIFY_SOCKET")
	if socket == "" {
		return n
	}
	// An "@" in front is an abstract socket to systemd and to package net alike.
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Net: "unixgram", Name: socket})
	if err != nil {
		log.Warn("cannot notify systemd", "NOTIFY_SOCKET", socket, "error", err)
		return n
	}
	n.conn = conn
	limit, err := watchdogLimit(getenv)
	if err != nil {
		log.Warn("the watchdog of systemd is not served", "error", err)
	}
	if limit > 0 {
		n.tick = time.NewTicker(limit / 2) // as sd_watchdog_enabled(3) advises
	}
	return n
}

// watchdogLimit is how long systemd lets this process be silent; 0 for ever.
func watchdogLimit(getenv func(string) string) (time.Duration, error) {
	value, pid := getenv("WATCHDOG_USEC"), getenv("WATCHDOG_PID")
	if value == "" || pid != "" && pid != strconv.Itoa(os.Getpid()) {
		return 0, nil
	}
	us, err := strconv.ParseInt(value, 10, 64)
	if err != nil || us < 2 || us > math.MaxInt64/1000 {
		return 0, fmt.Errorf("WATCHDOG_USEC is %q, not a number of microseconds", value)
	}
	return time.Duration(us) * time.Microsecond, nil
}

// ready tells that the milter serves, at start and after each reload, good or bad.
func (n *notifier) ready(status string) { n.send("READY=1", statusLine(status)) }

// reloading tells that scripts are being loaded. The time lets systemd see whether that answers its own request
// (Type=notify-reload).
func (n *notifier) reloading() {
	var now unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &now); err != nil {
		n.log.Warn("cannot notify systemd", "error", err)
		return
	}
	n.send("RELOADING=1", fmt.Sprintf("MONOTONIC_USEC=%d", now.Nano()/1000))
}

// stopping tells that no connection is accepted any more.
func (n *notifier) stopping(status string) { n.send("STOPPING=1", statusLine(status)) }

// watchdog is when alive is due; never without a watchdog. The main loop itself must wait for it, so that a loop that
// hangs is silent and systemd starts another process.
func (n *notifier) watchdog() <-chan time.Time {
	if n.tick == nil {
		return nil
	}
	return n.tick.C
}

// alive tells the watchdog that the milter answers.
func (n *notifier) alive() { n.send("WATCHDOG=1") }

func (n *notifier) close() {
	if n.tick != nil {
		n.tick.Stop()
	}
	if n.conn != nil {
		n.conn.Close()
	}
}

func (n *notifier) send(lines ...string) {
	if n.conn == nil {
		return
	}
	_ = n.conn.SetWriteDeadline(time.Now().Add(notifyTimeout))
	if _, err := n.conn.Write([]byte(strings.Join(lines, "\n"))); err != nil {
		n.log.Warn("cannot notify systemd", "message", lines[0], "error", err)
	}
}

// statusLine makes one line of a text: the next line of an error message would be an assignment to systemd, such as
// MAINPID=1. It also wants UTF-8.
func statusLine(text string) string {
	line := strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, text)
	return "STATUS=" + strings.ToValidUTF8(line[:min(len(line), statusMax)], "?")
}
