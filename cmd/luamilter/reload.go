package main

import (
	"context"
	"errors"
	"fmt"

	"luamilter/engine"
	"luamilter/luabind"
)

// loaded is what came of loading the scripts.
type loaded struct {
	generation *engine.Generation
	err        error
}

// load loads the scripts in the background: that may take long, and signals must be obeyed meanwhile.
func (m *milter) load(ctx context.Context) {
	if m.loading {
		m.again = true
		return
	}
	m.loading = true
	host := m.host
	if host != nil {
		m.notify.reloading()
	}
	go func() {
		var l loaded
		if host == nil {
			l.generation, l.err = engine.Load(ctx, m.config)
		} else {
			l.generation, l.err = host.Reload(ctx)
		}
		m.loads <- l
	}()
}

// goLive goes on with what came of loading. An error is one at start.
func (m *milter) goLive(l loaded) error {
	switch {
	case m.host == nil && l.err != nil:
		return l.err
	case l.err != nil:
		live := m.host.Generation().Number()
		m.log.Error("reload failed, the running scripts go on", "error", l.err, "generation", live)
		m.notify.ready(fmt.Sprintf("reload failed, generation %d goes on: %v", live, l.err))
	case m.host == nil:
		m.host = engine.NewHost(m.config, l.generation)
		m.warn(l.generation)
		m.serve()
		m.notify.ready(fmt.Sprintf("generation %d is live", l.generation.Number()))
	default:
		m.warn(l.generation)
		m.log.Info("reloaded", "generation", l.generation.Number(), "hash", l.generation.Hash())
		m.notify.ready(fmt.Sprintf("generation %d is live", l.generation.Number()))
	}
	m.watch(l)
	return nil
}

// warn logs what check would warn of.
func (m *milter) warn(g *engine.Generation) {
	for _, script := range g.Scripts() {
		for _, w := range script.Warnings() {
			m.log.Warn("script", "warning", w.String())
		}
	}
}

// watch waits for a change of the files that were loaded; after a failure, of those that would mend it.
func (m *milter) watch(l loaded) {
	if !m.flags.watch {
		return
	}
	if m.watcher == nil {
		m.watcher = engine.NewWatcher(m.log, engine.WatchTimes{})
	}
	var problem *luabind.LoadError
	switch {
	case l.err == nil:
		m.watcher.Watch(l.generation.Files())
	case errors.As(l.err, &problem):
		m.watcher.Watch(problem.Files)
	}
}

// changed has a value when a watched file has changed; never with --no-watch.
func (m *milter) changed() <-chan struct{} {
	if m.watcher == nil {
		return nil
	}
	return m.watcher.Changed()
}
