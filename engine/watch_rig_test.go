package engine

import (
	"log/slog"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"
	"time"

	"luamilter/luabind"
)

// byEvents lets nothing be found by polling.
var byEvents = WatchTimes{Quiet: watchQuiet, Ceiling: never, Poll: never}

// watched is a Watcher on files of one folder.
type watched struct {
	testing.TB
	dir   string
	log   *logBuffer
	w     *Watcher
	files []luabind.File
}

func newWatched(t testing.TB, times WatchTimes) *watched {
	t.Helper()
	log := newLogBuffer()
	return watchedBy(t, log, NewWatcher(slog.New(slog.NewJSONHandler(log, nil)), times))
}

func watchedBy(t testing.TB, log *logBuffer, w *Watcher) *watched {
	t.Cleanup(w.Close)
	return &watched{TB: t, dir: t.TempDir(), log: log, w: w}
}

func (r *watched) path(name string) string { return filepath.Join(r.dir, filepath.FromSlash(name)) }

func (r *watched) must(err error) {
	r.Helper()
	if err != nil {
		r.Fatal(err)
	}
}

func (r *watched) mkdir(name string)      { r.Helper(); r.must(os.MkdirAll(r.path(name), 0o755)) }
func (r *watched) rename(from, to string) { r.Helper(); r.must(os.Rename(r.path(from), r.path(to))) }
func (r *watched) remove(name string)     { r.Helper(); r.must(os.RemoveAll(r.path(name))) }
func (r *watched) link(target, name string) {
	r.Helper()
	r.must(os.Symlink(target, r.path(name)))
}

func (r *watched) write(name, content string) {
	r.Helper()
	r.must(os.WriteFile(r.path(name), []byte(content), 0o644))
}

func (r *watched) append(name, content string) {
	r.Helper()
	f, err := os.OpenFile(r.path(name), os.O_WRONLY|os.O_APPEND, 0)
	r.must(err)
	_, err = f.WriteString(content)
	r.must(err)
	r.must(f.Close())
}

// replace puts a new file over another, with one event for its name.
func (r *watched) replace(name, content string) {
	r.Helper()
	r.write(name+".new", content)
	r.rename(name+".new", name)
}

// now is what the files hold.
func (r *watched) now() []luabind.File {
	files := slices.Clone(r.files)
	for i := range files {
		files[i].Hash, _ = readHash(files[i].Path)
	}
	return files
}

// watch watches the files as they are.
func (r *watched) watch(names ...string) {
	r.files = nil
	for _, name := range names {
		r.files = append(r.files, luabind.File{Path: r.path(name)})
	}
	r.w.Watch(r.now())
}

// begin watches the files as they are, and returns when the first look is over: what is told later was seen by events
// (or polling).
func (r *watched) begin(names ...string) {
	r.Helper()
	r.mkdir("canary")
	r.write("canary/c.lua", "alive")
	r.watch(append(names, "canary/c.lua")...)
	r.replace("canary/c.lua", "chirps")
	r.told()
}

// told waits until the Watcher has told of the files as they are, and no more after that.
func (r *watched) told() {
	r.Helper()
	late := time.After(deadline)
	for {
		select {
		case <-r.w.Changed():
		case <-late:
			r.Fatal("the change was not told")
		}
		r.w.mu.Lock()
		known := slices.Clone(r.w.known)
		select {
		case <-r.w.changed: // told since, and so in known
		default:
		}
		r.w.mu.Unlock()
		if reflect.DeepEqual(known, r.now()) {
			return
		}
	}
}

// silent fails if anything is told.
func (r *watched) silent(d time.Duration) {
	r.Helper()
	select {
	case <-r.w.Changed():
		r.Fatal("a change was told")
	case <-time.After(d):
	}
}

// kubernetes writes a volume as the kubelet does: a folder of its own for each version, and one symbolic link to it.
func (r *watched) kubernetes(version, content string) {
	r.Helper()
	old, _ := os.Readlink(r.path("..data"))
	r.mkdir(version)
	r.write(version+"/filter.lua", content)
	r.link(version, "..data_tmp")
	r.rename("..data_tmp", "..data")
	if old != "" {
		r.remove(old)
	}
}
