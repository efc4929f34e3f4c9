package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/spf13/pflag"
)

func idleFlags(o *options, fs *pflag.FlagSet) {
	o.roundTime = 5 * time.Second
	o.idleConns, o.busyConns = 5000, 1000
	fs.IntVar(&o.idleConns, "idle", o.idleConns, "`NUMBER` of idle connections")
	fs.IntVar(&o.busyConns, "busy", o.busyConns, "`NUMBER` of busy connections")
	fs.DurationVar(&o.roundTime, "round-time", o.roundTime, "`TIME` for which they are busy")
}

// busyStates is the number of Lua states that serve the busy connections.
const busyStates = 4

// settleTime is how long memory is left to come to rest.
const settleTime = 2 * time.Second

// runIdle measures what an idle connection keeps, then has few Lua states serve many connections.
func runIdle(b *bench) error {
	var lines [][]string
	for _, name := range []string{"luamilter", "libmilter-tuned", "libmilter"} {
		line, err := b.idle(name)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		lines = append(lines, line)
	}
	b.print.table(fmt.Sprintf("addheader, %d connections idle after HELO", b.idleConns),
		strings.Split("peer,RSS before MiB,RSS MiB,KiB/connection", ","), lines)
	return b.busy()
}

// idle gives the line of one peer. It is warm before the connections come: it has served a few messages.
func (b *bench) idle(name string) ([]string, error) {
	r, err := b.startPeer(peerArgs{name: name, filter: "addheader"})
	if err != nil {
		return nil, err
	}
	defer r.stop()
	m := mailKinds()["typical"]()
	s := newTraffic(expect("addheader", m, false), m, b.writeSize)
	warm := load{conns: 8, perConnection: 20, messages: 1000}
	if _, err := warm.run(r, s); err != nil {
		return nil, err
	}
	time.Sleep(settleTime)
	before, err := memory(r.pid(), "VmRSS")
	if err != nil {
		return nil, err
	}
	sessions, err := openSessions(r, s, b.idleConns)
	defer closeSessions(sessions)
	if err != nil {
		return nil, r.explain(err)
	}
	time.Sleep(settleTime)
	after, err := memory(r.pid(), "VmRSS")
	if err != nil {
		return nil, err
	}
	if err := turn(sessions); err != nil { // each of them is still served
		return nil, r.explain(err)
	}
	each := float64(after-before) / float64(b.idleConns)
	b.print.benchmark(fmt.Sprintf("Idle/conns=%d/%s", b.idleConns, name), b.idleConns, metric{each, "B/conn"})
	return []string{name, mebibytes(before), mebibytes(after), fmt.Sprintf("%.2f", each/1024)}, nil
}

// busy prints how luamilter serves many connections at once with few Lua states.
func (b *bench) busy() error {
	r, err := b.startPeer(peerArgs{name: "luamilter", filter: "addheader", more: []string{"--states", fmt.Sprint(busyStates)}})
	if err != nil {
		return err
	}
	defer r.stop()
	m := mailKinds()["typical"]()
	l := load{conns: b.busyConns, perConnection: 20, duration: b.roundTime}
	result, err := l.run(r, newTraffic(expect("addheader", m, false), m, b.writeSize))
	if err != nil {
		return err
	}
	peak, err := memory(r.pid(), "VmHWM")
	if err != nil {
		return err
	}
	b.print.benchmark(fmt.Sprintf("Busy/conns=%d/states=%d/luamilter", b.busyConns, busyStates), result.messages,
		metric{1e9 / result.rate(), "ns/op"}, metric{peerCPU(result) * 1e9, "cpu-ns/op"}, metric{float64(peak), "peak-B"})
	b.print.table(fmt.Sprintf("addheader, typical mail, %d busy connections on %d Lua states, every answer right", b.busyConns, busyStates),
		strings.Split("peer,messages,messages/s,CPU s/1000,p50 us,p99 us,peak MiB", ","),
		[][]string{{"luamilter", fmt.Sprint(result.messages), fmt.Sprintf("%.0f", result.rate()), fmt.Sprintf("%.4f", peerCPU(result)*1e3),
			micros(latency(0.5)(result)), micros(latency(0.99)(result)), mebibytes(peak)}})
	return nil
}
