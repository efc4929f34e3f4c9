package main_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"
)

// TestHandover passes one listening socket from host to host while MTAs go on connecting: no connection may be refused
// or closed early, and each message is answered by one host.
func TestHandover(t *testing.T) {
	const handovers, connections = 6, 8
	for _, c := range []struct {
		name, network string
		overlap       bool
	}{
		{"a TCP socket, the next host serves before the last one stops", "tcp", true},
		{"a TCP socket, the next host starts when the last one has ended", "tcp", false},
		{"a unix socket, the next host serves before the last one stops", "unix", true},
		{"a unix socket, the next host starts when the last one has ended", "unix", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			socket, listen := listeningSocket(t, c.network)
			hosts := []*milter{startWithSocket(t, socket, listen)}
			traffic := startTraffic(t, listen, connections)
			for range handovers {
				last := hosts[len(hosts)-1]
				traffic.goesOn(t)
				if !c.overlap {
					last.stop(t)
				}
				hosts = append(hosts, startWithSocket(t, socket, listen))
				if c.overlap {
					last.stop(t)
				}
			}
			traffic.goesOn(t)
			got, want := 0, traffic.stop()
			for i, host := range hosts {
				host.stop(t)
				messages := strings.Count(host.log.String(), " msg=message ")
				if messages == 0 {
					t.Errorf("host %d of %d got no message", i+1, len(hosts))
				}
				got += messages
			}
			if got != want {
				t.Errorf("messages in the logs of the hosts: got %d, want the %d that were answered", got, want)
			}
			t.Logf("%d messages in %d hosts", want, len(hosts))
		})
	}
}

// listeningSocket is a socket as systemd makes it for a socket unit, and its address as --listen takes it.
func listeningSocket(t *testing.T, network string) (socket *os.File, listen string) {
	t.Helper()
	address := "127.0.0.1:0"
	if network == "unix" {
		address = filepath.Join(shortTempDir(t), "s")
	}
	l, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	if socket, err = l.(interface{ File() (*os.File, error) }).File(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { socket.Close() })
	if tcp, ok := l.Addr().(*net.TCPAddr); ok {
		return socket, fmt.Sprintf("inet:%d@127.0.0.1", tcp.Port)
	}
	return socket, "unix:" + address
}

// startWithSocket runs luamilter as systemd does for a socket unit, and waits until it serves.
func startWithSocket(t *testing.T, socket *os.File, listen string) *milter {
	t.Helper()
	m := &milter{listen: listen, log: &logBuffer{}, ended: make(chan struct{})}
	// Only the process itself knows its LISTEN_PID in time.
	m.cmd = exec.Command("/bin/sh", "-c", `LISTEN_PID=$$ LISTEN_FDS=1 exec "$0" "$@"`, commandPath(t),
		"--listen", "systemd", "--script", filepath.Join("..", "..", "scripts", "hello.lua"))
	m.cmd.ExtraFiles = []*os.File{socket}
	m.cmd.Stdout, m.cmd.Stderr = m.log, m.log
	m.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
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
			t.Logf("log of luamilter %d:\n%s", m.cmd.Process.Pid, tail(m.log.String(), 1<<10))
		}
	})
	eventually(t, "luamilter serves the socket", func() bool {
		if !m.alive() {
			t.Fatalf("luamilter ended at start (%v):\n%s", m.err, m.log)
		}
		return strings.Contains(m.log.String(), "msg=listening")
	})
	return m
}

// traffic is a number of MTAs, each of which opens a new connection for each message.
type traffic struct {
	cancel context.CancelFunc
	all    sync.WaitGroup
	done   atomic.Int64 // messages that were answered
}

// trafficPace keeps the MTAs from using up the ports of the machine.
const trafficPace = 5 * time.Millisecond

func startTraffic(t *testing.T, listen string, connections int) *traffic {
	ctx, cancel := context.WithCancel(t.Context())
	tr := &traffic{cancel: cancel}
	for n := range connections {
		tr.all.Go(func() {
			pace := time.NewTicker(trafficPace)
			defer pace.Stop()
			for ctx.Err() == nil {
				if err := oneMessage(listen, n); err != nil {
					t.Errorf("connection %d, after %d messages of all: %v", n, tr.done.Load(), err)
				} else {
					tr.done.Add(1)
				}
				<-pace.C
			}
		})
	}
	t.Cleanup(func() { tr.stop() })
	return tr
}

// oneMessage is one connection with one message.
func oneMessage(listen string, n int) error {
	m, err := dialRaw(listen)
	if err != nil {
		return err
	}
	defer m.c.Close()
	if err := m.connect(n); err != nil {
		return err
	}
	if err := m.message(); err != nil {
		return err
	}
	_ = m.send('Q', "") // a host that stops may have closed the connection after the message
	return nil
}

// goesOn waits until a number of messages more have been answered.
func (tr *traffic) goesOn(t *testing.T) {
	t.Helper()
	before := tr.done.Load()
	eventually(t, "messages are answered", func() bool { return tr.done.Load() >= before+100 })
}

// stop ends the traffic, and gives the number of messages.
func (tr *traffic) stop() int {
	tr.cancel()
	tr.all.Wait()
	return int(tr.done.Load())
}
