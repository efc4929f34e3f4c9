package engine

import (
	"context"
	"log/slog"
	"time"

	"luamilter/luabind"
	"luamilter/protocol"
)

// startTimers runs what the scripts gave to every(), until stopTimers.
func (g *Generation) startTimers(h *Host) {
	ctx, cancel := context.WithCancel(context.Background())
	g.stopTimers = cancel
	for i, script := range g.scripts {
		for n, interval := range script.Timers() {
			t := timer{host: h, gen: g, script: script, pool: g.pools[i], number: n}
			if h.cfg.Clock != nil {
				g.due = append(g.due, dueTimer{timer: t, ctx: ctx, every: interval, in: interval})
				continue
			}
			go t.run(ctx, interval)
		}
	}
}

// timer is one function that runs now and then.
type timer struct {
	host   *Host
	gen    *Generation
	script *luabind.Script
	pool   *pool
	number int
}

// run calls the function each interval; one that takes longer than that misses turns.
func (t timer) run(ctx context.Context, interval time.Duration) {
	ticker := time.NewTicker(interval)
	defer ticker.Stop()
	for {
		select {
		case <-ticker.C:
			t.call(ctx)
		case <-ctx.Done():
			return
		}
	}
}

// call runs the function once, with the time limit of the end of a message: nobody waits for it.
func (t timer) call(ctx context.Context) {
	cfg := t.host.cfg
	log := cfg.Log.With("generation", t.gen.number, "hash", t.gen.hash)
	limit := luabind.Limit{Time: cfg.MessageTimeout, Context: ctx}
	st, deadline, err := t.pool.get(nil, limit)
	if ctx.Err() != nil {
		if err == nil {
			t.pool.put(st)
		}
		return
	}
	start := time.Now()
	if err == nil {
		scope := &luabind.Scope{
			Conn:    &luabind.Conn{Family: protocol.FamilyUnknown},
			Macros:  new(protocol.Macros),
			MaxSize: cfg.MaxMessageSize,
			Log:     log,
		}
		limit.Deadline = deadline
		unstopped := context.AfterFunc(ctx, st.Stop)
		err = st.RunTimer(t.number, scope, limit)
		cfg.Observer.Callback(luabind.OnTimer, time.Since(start))
		// Before the state is put back: a message that had it then would be stopped.
		if unstopped() && err == nil {
			t.pool.put(st)
			return
		}
		t.pool.drop(st) // it failed, or was stopped for good
	}
	if ctx.Err() != nil {
		return // cut, because another generation is live
	}
	t.host.noteFailure(t.script, luabind.OnTimer, err)
	attrs := []slog.Attr{slog.String("script", t.script.Path()), slog.String("callback", luabind.OnTimer.String())}
	attrs = append(attrs, failureAttrs(err)...)
	attrs = append(attrs, slog.Duration("took", time.Since(start)))
	log.LogAttrs(context.Background(), slog.LevelError, "timer failed", attrs...)
}
