package main

import (
	"context"
	"errors"
	"math"
	"slices"
	"sync"
	"time"
)

// load is a closed loop: each connection sends its next message when the last is answered.
type load struct {
	conns         int
	perConnection int           // messages of one connection before the next is opened
	duration      time.Duration // of one round; 0: by messages alone
	messages      int           // of one round; 0: by duration alone
}

// result is what one round of one peer gave.
type result struct {
	messages  int // sent, the refused ones included
	elapsed   time.Duration
	peerCPU   time.Duration
	ownCPU    time.Duration
	latencies []time.Duration // of the messages that were taken, sorted
}

// rate is in messages a second.
func (r *result) rate() float64 { return float64(r.messages) / r.elapsed.Seconds() }

// peerCPU and ownCPU are in seconds a message.
func peerCPU(r *result) float64 { return r.peerCPU.Seconds() / float64(r.messages) }
func ownCPU(r *result) float64  { return r.ownCPU.Seconds() / float64(r.messages) }

// latency gives a percentile in seconds.
func latency(p float64) func(*result) float64 {
	return func(r *result) float64 { return percentile(r.latencies, p).Seconds() }
}

// share is the part of one CPU that filter and generator had. Pinned to one CPU it is about 1 in closed loop, and less where
// other programs ran there.
func share(r *result) float64 { return (r.peerCPU + r.ownCPU).Seconds() / r.elapsed.Seconds() }

// run puts load on a peer. The first wrong answer ends it with an error, and there is no result.
func (l *load) run(p *peer, s *traffic) (*result, error) {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	if l.duration > 0 {
		timer := time.AfterFunc(l.duration, cancel)
		defer timer.Stop()
	}
	m, err := startMeter(p)
	if err != nil {
		return nil, err
	}
	var wg sync.WaitGroup
	workers := make([]worker, l.conns)
	for i := range workers {
		w := &workers[i]
		*w = worker{load: l, traffic: s, socket: p.socket, first: i, sent: i, last: math.MaxInt}
		if l.messages > 0 {
			w.last = i + (l.messages+l.conns-1-i)/l.conns
		}
		wg.Go(func() {
			if w.err = w.run(ctx); w.err != nil {
				cancel()
			}
		})
	}
	wg.Wait()
	r, err := m.stop()
	if err != nil {
		return nil, err
	}
	for i := range workers {
		if err := workers[i].err; err != nil {
			return nil, p.explain(err)
		}
		r.messages += workers[i].sent - workers[i].first
		r.latencies = append(r.latencies, workers[i].latencies...)
	}
	slices.Sort(r.latencies)
	return r, nil
}

// worker is one connection at a time.
type worker struct {
	*load
	*traffic
	socket    string
	first     int // the worker's number, so that not all send the spam at once
	sent      int // counts from first
	last      int // ends the round when sent gets there
	latencies []time.Duration
	err       error
}

func (w *worker) run(ctx context.Context) error {
	for w.more(ctx) {
		s, err := openSession(w.socket, w.traffic)
		if err != nil {
			return err
		}
		if err := w.session(ctx, s); err != nil {
			return errors.Join(err, s.conn.Close())
		}
		if err := s.close(); err != nil {
			return err
		}
	}
	return nil
}

// more says whether the round goes on. Each worker sends one message, however short the round.
func (w *worker) more(ctx context.Context) bool {
	return w.sent < w.last && (w.sent == w.first || ctx.Err() == nil)
}

// session sends the messages of one connection.
func (w *worker) session(ctx context.Context, s *session) error {
	for n := 0; n < w.perConnection && w.more(ctx); n++ {
		start := time.Now()
		refused, err := s.message(isSpam(w.sent))
		if err != nil {
			return err
		}
		w.sent++
		if !refused {
			w.latencies = append(w.latencies, time.Since(start))
		}
	}
	return nil
}

// spamEvery: one message of so many comes from the sender that filters refuse.
const spamEvery = 20

// isSpam: every spamEvery-th message, and not the first.
func isSpam(n int) bool { return n%spamEvery == spamEvery/2 }
