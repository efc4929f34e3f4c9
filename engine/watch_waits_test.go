package engine

import (
	"fmt"
	"log/slog"
	"testing"
	"time"
)

// slowly writes a file in pieces, each long before the pause after the one before would end.
func (r *watched) slowly(name string, until func(piece int) bool) {
	r.Helper()
	tick := time.NewTicker(watchQuiet)
	defer tick.Stop()
	for piece := 0; !until(piece); piece++ {
		<-tick.C
		r.append(name, fmt.Sprintln("piece", piece))
	}
}

func TestWatchWaitsForAWriterToEnd(t *testing.T) {
	for _, c := range []struct {
		name string
		poll time.Duration
		make func(*slog.Logger, time.Duration) *folders
	}{
		{"seen by events", never, newFolders},
		{"seen by polling", watchQuiet, refuseAll},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			times := WatchTimes{Quiet: time.Second, Ceiling: never, Poll: c.poll}
			log := newLogBuffer()
			r := watchedBy(t, log, startWatcher(c.make(slog.New(slog.NewJSONHandler(log, nil)), c.poll), times))
			r.write("filter.lua", "begin")
			r.begin("filter.lua")
			// Half as long again as the pause, so that one begun with the first piece would end too early.
			r.slowly("filter.lua", func(piece int) bool { return piece == int(times.Quiet*3/2/watchQuiet) })
			if len(r.w.Changed()) > 0 {
				t.Fatal("a change was told while the file was being written")
			}
			r.told()
			r.silent(silence)
		})
	}
}

func TestWatchDoesNotWaitLongerThanTheCeiling(t *testing.T) {
	r := newWatched(t, byEvents)
	r.write("filter.lua", "one")
	r.begin("filter.lua")
	r.w.Close()

	log := newLogBuffer()
	times := WatchTimes{Quiet: never, Ceiling: 5 * watchQuiet, Poll: never}
	r.w = NewWatcher(slog.New(slog.NewJSONHandler(log, nil)), times)
	t.Cleanup(r.w.Close)
	r.watch("filter.lua")
	late := time.Now().Add(deadline)
	r.slowly("filter.lua", func(int) bool {
		if time.Now().After(late) {
			t.Fatal("no change was told while the file was being written")
		}
		return len(r.w.Changed()) > 0
	})
	r.told()
}

func TestWatchIsNotHeldUpByALogFileBesideTheScript(t *testing.T) {
	r := newWatched(t, byEvents)
	r.write("filter.lua", "one")
	r.write("messages.log", "")
	r.begin("filter.lua")
	r.replace("filter.lua", "two")
	late := time.Now().Add(deadline)
	for len(r.w.Changed()) == 0 {
		r.append("messages.log", "line\n")
		if time.Now().After(late) {
			t.Fatal("the change was not told")
		}
	}
	r.told()
}
