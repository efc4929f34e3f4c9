package engine

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/fsnotify/fsnotify"
)

// readHash is the SHA-256 of a file in hexadecimal, or "" for one that is not there or cannot be read. It is not ok
// if that says nothing of the file: a pipe gives its content once, and may block; a lack of descriptors passes.
func readHash(path string) (hash string, ok bool) {
	info, err := os.Stat(path)
	if err == nil && !info.Mode().IsRegular() {
		return "", info.IsDir()
	}
	file, err := os.Open(path)
	if err != nil {
		return "", !errors.Is(err, syscall.EMFILE) && !errors.Is(err, syscall.ENFILE)
	}
	defer file.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, file); err != nil {
		return "", true
	}
	return hex.EncodeToString(sum.Sum(nil)), true
}

// trail is what decides which file a path leads to. Both maps hold absolute paths without symbolic links.
type trail struct {
	folders map[string]bool // where the file, and each symbolic link on the way to it, is an entry
	entries map[string]bool // those entries
}

func trailOf(paths []string) *trail {
	t := &trail{folders: map[string]bool{}, entries: map[string]bool{}}
	for _, path := range paths {
		if !filepath.IsAbs(path) {
			// filepath.Abs would take "link/.." away, which is not where the system goes.
			if wd, err := os.Getwd(); err == nil {
				path = wd + "/" + path
			}
		}
		t.add(path)
	}
	return t
}

// mostLinks is how many symbolic links Linux follows in one path (path_resolution(7)).
const mostLinks = 40

// add walks a path as the system does. It ends at the file, or in the folder where the path breaks off.
func (t *trail) add(path string) {
	folder, rest, links := "/", strings.Split(path, "/"), 0
	for len(rest) > 0 {
		name := rest[0]
		rest = rest[1:]
		switch name {
		case "", ".":
			continue
		case "..":
			folder = filepath.Dir(folder)
			continue
		}
		entry := filepath.Join(folder, name)
		info, err := os.Lstat(entry)
		if err == nil && info.IsDir() && len(rest) > 0 {
			folder = entry
			continue
		}
		t.folders[folder], t.entries[entry] = true, true
		if err != nil || info.Mode()&fs.ModeSymlink == 0 {
			return
		}
		target, err := os.Readlink(entry)
		if links++; err != nil || links > mostLinks {
			return
		}
		if filepath.IsAbs(target) {
			folder = "/"
		}
		rest = append(strings.Split(target, "/"), rest...)
	}
}

// concerns says whether an event of this name can change where the paths lead or what is there. A log file that grows
// beside a script does not.
func (t *trail) concerns(name string) bool { return t.entries[name] || t.folders[name] }

// folders watches the folders that files are in, and those of the symbolic links on the way. A watch on a file itself
// would end with the first editor that puts a new file in its place.
type folders struct {
	log    *slog.Logger
	poll   time.Duration
	notify *fsnotify.Watcher // nil if the system refused
	add    func(folder string) error
	trail  atomic.Pointer[trail]
	events chan struct{} // something of the trail has changed
	moved  atomic.Bool   // with one of the events: not only content, so the trail may lead elsewhere
	ended  sync.WaitGroup

	// The rest belongs to the one goroutine that calls follow.
	identity map[string]os.FileInfo // what a folder's name stood for when it began to be watched
	refused  bool
}

func newFolders(log *slog.Logger, poll time.Duration) *folders {
	notify, err := fsnotify.NewWatcher()
	if err != nil {
		return newFoldersOn(nil, nil, err, log, poll)
	}
	return newFoldersOn(notify, notify.Add, nil, log, poll)
}

// newFoldersOn is where a test refuses to watch.
func newFoldersOn(n *fsnotify.Watcher, add func(string) error, err error, log *slog.Logger, poll time.Duration) *folders {
	f := &folders{log: log, poll: poll, notify: n, add: add, events: make(chan struct{}, 1), identity: map[string]os.FileInfo{}}
	f.trail.Store(&trail{})
	if n == nil {
		f.refuse("", err)
		return f
	}
	f.ended.Go(f.pump)
	return f
}

// pump takes events as they come, in a goroutine of its own: fsnotify may hold its lock while it sends one, and then
// Add and Remove wait for the receiver.
func (f *folders) pump() {
	for {
		select {
		case ev, ok := <-f.notify.Events:
			if !ok {
				return
			}
			// An owner's or mode's change counts: a file may have become readable.
			if !f.trail.Load().concerns(ev.Name) {
				continue
			}
			if ev.Op != fsnotify.Write {
				f.moved.Store(true)
			}
		case err, ok := <-f.notify.Errors:
			if !ok {
				return
			}
			f.log.Debug("events of the file system were lost", "error", err)
			f.moved.Store(true)
		}
		wake(f.events)
	}
}

// mostRounds bounds the tries to get hold of folders that come and go; polling tries again.
const mostRounds = 5

// follow watches the folders of these paths and no others.
func (f *folders) follow(paths []string) {
	if f.notify == nil {
		return
	}
	for range mostRounds {
		t := trailOf(paths)
		f.trail.Store(t) // before the watches: pump must know what their first events concern
		if !f.watch(t) {
			return
		}
	}
}

// watch says whether to walk the trail again: what happened on it before a new watch began has sent no event.
func (f *folders) watch(t *trail) (again bool) {
	watched := map[string]bool{}
	for _, folder := range f.notify.WatchList() {
		watched[folder] = true
		if !t.folders[folder] {
			f.drop(folder)
		}
	}
	for folder := range t.folders {
		now, err := os.Lstat(folder)
		if err != nil {
			again = true
			continue
		}
		if watched[folder] {
			if os.SameFile(now, f.identity[folder]) {
				continue
			}
			f.drop(folder) // a parent was moved, and the watch with it
		}
		switch err := f.add(folder); {
		case err == nil:
			f.identity[folder] = now
			again = true
		case errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR):
			again = true
		default:
			f.refuse(folder, err)
		}
	}
	return again
}

func (f *folders) drop(folder string) {
	delete(f.identity, folder)
	// The only errors are of a watch that has ended by itself, with its folder.
	_ = f.notify.Remove(folder)
}

// refuse says once that polling is what is left. Refused folders are tried again at each poll.
func (f *folders) refuse(folder string, err error) {
	if f.refused {
		return
	}
	f.refused = true
	attrs := []any{"folder", folder, "error", err, "every", f.poll}
	switch {
	case errors.Is(err, syscall.ENOSPC):
		attrs = append(attrs, "limit", "fs.inotify.max_user_watches")
	case errors.Is(err, syscall.EMFILE):
		attrs = append(attrs, "limit", "fs.inotify.max_user_instances or open files")
	}
	f.log.Warn("the system refused to watch files; they are polled instead", attrs...)
}

// Close frees the watches. follow must have returned for good.
func (f *folders) Close() {
	if f.notify == nil {
		return
	}
	_ = f.notify.Close() // nothing is left to do about an error
	f.ended.Wait()
}
