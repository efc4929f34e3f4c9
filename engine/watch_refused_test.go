package engine

import (
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/fsnotify/fsnotify"
)

// refusedMessage is the one line about a refused watch.
const refusedMessage = "the system refused to watch files; they are polled instead"

// refuseAll has no watcher, as with too many of them (inotify_init(2), EMFILE).
func refuseAll(log *slog.Logger, poll time.Duration) *folders {
	return newFoldersOn(nil, nil, os.NewSyscallError("inotify_init1", syscall.EMFILE), log, poll)
}

// refuseEach refuses each folder, as with too many watches (inotify_add_watch(2), ENOSPC).
func refuseEach(log *slog.Logger, poll time.Duration) *folders {
	n, err := fsnotify.NewWatcher()
	if err != nil {
		panic(err)
	}
	return newFoldersOn(n, func(string) error { return syscall.ENOSPC }, nil, log, poll)
}

func TestWatchPollsWhatTheSystemRefusesToWatch(t *testing.T) {
	for _, c := range []struct {
		name, limit string
		make        func(*slog.Logger, time.Duration) *folders
	}{
		{"any watcher", "fs.inotify.max_user_instances or open files", refuseAll},
		{"each folder", "fs.inotify.max_user_watches", refuseEach},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			times := WatchTimes{Quiet: watchQuiet, Ceiling: never, Poll: watchQuiet}
			log := newLogBuffer()
			r := watchedBy(t, log, startWatcher(c.make(slog.New(slog.NewJSONHandler(log, nil)), times.Poll), times))
			r.write("filter.lua", "one")
			r.begin("filter.lua", "a/m.lua")
			r.replace("filter.lua", "two")
			r.told()
			r.mkdir("a")
			r.write("a/m.lua", "one")
			r.told()
			r.watch("filter.lua", "b/m.lua")
			r.replace("filter.lua", "three")
			r.told()
			r.silent(silence)
			got := log.lines(t, refusedMessage)
			if len(got) != 1 || got[0]["level"] != "WARN" || got[0]["limit"] != c.limit || got[0]["error"] == "" {
				t.Errorf("got log lines %v, want one warning with the limit %q", got, c.limit)
			}
		})
	}
}

func TestWatchStillWatchesTheFoldersThatAreNotRefused(t *testing.T) {
	n, err := fsnotify.NewWatcher()
	if err != nil {
		t.Fatal(err)
	}
	add := func(folder string) error {
		if filepath.Base(folder) == "refused" {
			return syscall.EACCES
		}
		return n.Add(folder)
	}
	log := newLogBuffer()
	f := newFoldersOn(n, add, nil, slog.New(slog.NewJSONHandler(log, nil)), never)
	r := watchedBy(t, log, startWatcher(f, byEvents))
	r.mkdir("refused")
	r.write("filter.lua", "one")
	r.write("refused/m.lua", "one")
	r.begin("filter.lua", "refused/m.lua")
	r.replace("filter.lua", "two")
	r.told()
	got := log.lines(t, refusedMessage)
	if len(got) != 1 || got[0]["folder"] != r.path("refused") {
		t.Errorf("got log lines %v, want one of the folder %s", got, r.path("refused"))
	}
}

// resources are what a Watcher takes: inotify descriptors and goroutines.
func resources(t *testing.T) (descriptors, goroutines int) {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		target, err := os.Readlink("/proc/self/fd/" + e.Name())
		if err != nil && !errors.Is(err, os.ErrNotExist) {
			t.Fatal(err)
		}
		if strings.Contains(target, "inotify") {
			descriptors++
		}
	}
	stacks := make([]byte, 1<<20)
	stacks = stacks[:runtime.Stack(stacks, true)]
	for stack := range strings.SplitSeq(string(stacks), "\n\n") {
		if strings.Contains(stack, "engine.(*Watcher)") || strings.Contains(stack, "engine.(*folders)") ||
			strings.Contains(stack, "fsnotify.") {
			goroutines++
		}
	}
	return descriptors, goroutines
}

func TestWatchCloseFreesDescriptorsAndGoroutines(t *testing.T) {
	fds, gos := resources(t)
	for _, c := range []struct {
		name string
		use  func(r *watched)
	}{
		{"before anything is watched", func(*watched) {}},
		{"in the pause after Watch", func(r *watched) { r.watch("filter.lua") }},
		{"after a change", func(r *watched) { r.begin("filter.lua"); r.write("filter.lua", "two"); r.told() }},
		{"with a change that nobody has taken", func(r *watched) { r.begin("filter.lua"); r.write("filter.lua", "two") }},
	} {
		t.Run(c.name, func(t *testing.T) {
			r := newWatched(t, byEvents)
			r.write("filter.lua", "one")
			c.use(r)
			if d, _ := resources(t); d <= fds {
				t.Fatalf("got %d inotify descriptors with a Watcher, want more than the %d without", d, fds)
			}
			r.w.Close()
			r.w.Close()
			r.w.Watch(r.now())
			late := time.Now().Add(deadline)
			for {
				d, g := resources(t)
				if d <= fds && g <= gos {
					return
				}
				// A goroutine is there a moment longer than its last statement.
				if time.Now().After(late) {
					t.Fatalf("got %d inotify descriptors and %d goroutines after Close, want %d and %d", d, g, fds, gos)
				}
				runtime.Gosched()
			}
		})
	}
}
