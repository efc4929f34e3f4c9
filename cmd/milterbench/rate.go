package main

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// schedule is an open loop: message k is due at a time that does not depend on when the others were answered, and its
// latency counts from then, so that a filter that stalls is charged for each message it kept waiting.
type schedule struct {
	rate          float64 // messages a second
	duration      time.Duration
	conns         int
	perConnection int
}

// A filter counts as too slow for the rate if a round takes maxOverrun times as long as planned, and graceTime.
const (
	maxOverrun = 5
	graceTime  = 10 * time.Second
)

// run sends messages on schedule. The first wrong answer ends it with an error.
func (o *schedule) run(p *peer, s *traffic) (*result, error) {
	total := int(o.rate * o.duration.Seconds())
	if total < 1 {
		return nil, fmt.Errorf("%.2f messages a second are none in %v", o.rate, o.duration)
	}
	limit := maxOverrun*o.duration + graceTime
	ctx, cancel := context.WithTimeout(context.Background(), limit)
	defer cancel()
	due := make(chan time.Time, total)
	workers := make([]paced, o.conns)
	var ready, done sync.WaitGroup
	for i := range workers {
		w := &workers[i]
		*w = paced{traffic: s, socket: p.socket, perConnection: o.perConnection, sent: i}
		ready.Add(1)
		done.Go(func() {
			if w.err = w.run(ctx, due, &ready); w.err != nil {
				cancel()
			}
		})
	}
	ready.Wait()
	m, err := startMeter(p)
	if err == nil {
		err = pace(ctx, due, total, time.Duration(float64(time.Second)/o.rate))
	}
	close(due)
	done.Wait()
	if err != nil {
		return nil, err
	}
	r, err := m.stop()
	if err != nil {
		return nil, err
	}
	for i := range workers {
		if err := workers[i].err; err != nil {
			return nil, p.explain(err)
		}
		r.messages += workers[i].sent - i
		r.latencies = append(r.latencies, workers[i].latencies...)
	}
	if r.messages < total {
		return nil, p.explain(fmt.Errorf("%.0f messages a second are too many: %d of %d are answered within %v", o.rate, r.messages, total, limit))
	}
	slices.Sort(r.latencies)
	return r, nil
}

// pace hands out the times at which messages are due, when they are due. It waits on a timer of the kernel: Go's own are
// up to a millisecond late where nothing else runs.
func pace(ctx context.Context, due chan<- time.Time, total int, interval time.Duration) error {
	fd, err := unix.TimerfdCreate(unix.CLOCK_MONOTONIC, unix.TFD_NONBLOCK|unix.TFD_CLOEXEC)
	if err != nil {
		return fmt.Errorf("timer: %w", err)
	}
	timer := os.NewFile(uintptr(fd), "timerfd")
	defer timer.Close()
	every := unix.NsecToTimespec(interval.Nanoseconds())
	start := time.Now()
	if err := unix.TimerfdSettime(fd, 0, &unix.ItimerSpec{Interval: every, Value: every}, nil); err != nil {
		return fmt.Errorf("timer: %w", err)
	}
	var expirations [8]byte
	for sent := 0; sent < total && ctx.Err() == nil; {
		if _, err := timer.Read(expirations[:]); err != nil {
			return fmt.Errorf("timer: %w", err)
		}
		for n := binary.NativeEndian.Uint64(expirations[:]); n > 0 && sent < total; n-- {
			sent++
			due <- start.Add(time.Duration(sent) * interval)
		}
	}
	return nil
}

// paced is one connection at a time that sends what is due.
type paced struct {
	*traffic
	socket        string
	perConnection int
	sent          int // begins with the worker's number
	latencies     []time.Duration
	err           error
}

// run opens a connection, says ready, and sends until nothing more comes.
func (w *paced) run(ctx context.Context, due <-chan time.Time, ready *sync.WaitGroup) error {
	s, err := openSession(w.socket, w.traffic)
	ready.Done()
	for err == nil {
		var more bool
		if more, err = w.session(ctx, due, s); err != nil || !more {
			return errors.Join(err, s.conn.Close())
		}
		if err = s.close(); err == nil {
			s, err = openSession(w.socket, w.traffic)
		}
	}
	return err
}

// session sends the messages of one connection; more is false after the last of the round.
func (w *paced) session(ctx context.Context, due <-chan time.Time, s *session) (more bool, err error) {
	for range w.perConnection {
		select {
		case <-ctx.Done():
			return false, nil
		case at, open := <-due:
			if !open {
				return false, nil
			}
			refused, err := s.message(isSpam(w.sent))
			if err != nil {
				return false, err
			}
			if w.sent++; !refused {
				w.latencies = append(w.latencies, time.Since(at))
			}
		}
	}
	return true, nil
}
