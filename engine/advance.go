package engine

import (
	"context"
	"time"
)

// dueTimer is a timer that waits for Host.Advance.
type dueTimer struct {
	timer
	ctx   context.Context
	every time.Duration
	in    time.Duration // how long until it is due
}

// Advance moves Config.Clock on by d, which is not negative, and runs what is due on the way, each at its time, as long as
// ctx lasts; the error is that of ctx. No other call of Advance may run meanwhile.
func (h *Host) Advance(ctx context.Context, d time.Duration) error {
	due := h.Generation().due
	for ctx.Err() == nil {
		next := nextDue(due)
		if next == nil || next.in > d {
			h.pass(due, d)
			return nil
		}
		d -= next.in
		h.pass(due, next.in)
		next.in = next.every
		next.call(next.ctx)
	}
	return ctx.Err()
}

// nextDue is the timer that is due first; of several, the one that was set up first.
func nextDue(due []dueTimer) *dueTimer {
	var next *dueTimer
	for i := range due {
		if next == nil || due[i].in < next.in {
			next = &due[i]
		}
	}
	return next
}

// pass lets time pass in which no timer runs.
func (h *Host) pass(due []dueTimer, d time.Duration) {
	for i := range due {
		due[i].in -= d
	}
	h.cfg.Clock.Advance(d)
}
