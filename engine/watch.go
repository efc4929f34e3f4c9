package engine

import (
	"log/slog"
	"maps"
	"sync"
	"time"

	"luamilter/luabind"
)

// WatchTimes are the waits of a Watcher. One that is not positive takes its default.
type WatchTimes struct {
	Quiet   time.Duration // without any event, until the files are read; 100 ms
	Ceiling time.Duration // for that quiet, from the first event on; 2 s
	Poll    time.Duration // from one reading that no event asked for to the next; 3 s
}

func (t WatchTimes) orDefaults() WatchTimes {
	if t.Quiet <= 0 {
		t.Quiet = 100 * time.Millisecond
	}
	if t.Ceiling <= 0 {
		t.Ceiling = 2 * time.Second
	}
	if t.Poll <= 0 {
		t.Poll = 3 * time.Second
	}
	return t
}

// Watcher tells when one of a set of files has changed. Events of the file system only make it look: what counts is
// the content. It looks now and then without events too, since network and overlay file systems send none and a system
// may refuse to watch.
type Watcher struct {
	times   WatchTimes
	folders *folders
	changed chan struct{}
	asked   chan struct{} // Watch was called
	done    chan struct{}
	once    sync.Once
	ended   sync.WaitGroup

	mu    sync.Mutex
	known []luabind.File // as Watch was given them, or as they were when a change was told
	calls int            // of Watch, so that a reading begun before one is not compared with what it gave
}

// NewWatcher makes a Watcher that watches nothing yet. If the system refuses to watch, now or later, that is logged
// once, and changes are found by polling only.
func NewWatcher(log *slog.Logger, times WatchTimes) *Watcher {
	times = times.orDefaults()
	return startWatcher(newFolders(log, times.Poll), times)
}

func startWatcher(f *folders, times WatchTimes) *Watcher {
	w := &Watcher{
		times:   times,
		folders: f,
		changed: make(chan struct{}, 1),
		asked:   make(chan struct{}, 1),
		done:    make(chan struct{}),
	}
	w.ended.Go(w.run)
	return w
}

// Watch takes the files to watch from now on, in place of those before, with the content that the caller knows of. A
// value that waits in Changed is taken back: a change that the caller does not know of is told anew.
func (w *Watcher) Watch(files []luabind.File) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.known = append([]luabind.File(nil), files...)
	w.calls++
	select {
	case <-w.changed:
	default:
	}
	wake(w.asked)
}

// Changed has a value when a file's content is no longer what Watch was given: another, gone, or there at last. It is
// told once; then again only when the content changes once more. The channel is never closed.
func (w *Watcher) Changed() <-chan struct{} { return w.changed }

// Close stops watching, and returns when everything is freed. It may be called twice.
func (w *Watcher) Close() {
	w.once.Do(func() { close(w.done) })
	w.ended.Wait()
	w.folders.Close()
}

// wake leaves a value in a channel of capacity 1.
func wake(c chan<- struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}

// run owns the waits.
func (w *Watcher) run() {
	poll := time.NewTicker(w.times.Poll)
	defer poll.Stop()
	p := pause{times: w.times, over: time.NewTimer(time.Hour)}
	p.end()
	defer p.end()
	for {
		select {
		case <-w.done:
			return
		case <-w.asked:
			w.folders.follow(w.paths())
			p.end()
			p.extend() // what has changed since the caller read the files sends no event any more
		case <-w.folders.events:
			if w.folders.moved.Swap(false) {
				w.folders.follow(w.paths())
			}
			p.extend()
		case <-poll.C:
			w.folders.follow(w.paths())
			w.poll(&p)
		case <-p.over.C:
			w.folders.follow(w.paths())
			w.settle(&p)
		}
	}
}

// poll looks without having been asked to. What it sees may be half written, so a second look must confirm it.
func (w *Watcher) poll(p *pause) {
	if p.on {
		return
	}
	if seen := w.look(); seen.differs() {
		p.seen = seen.now
		p.extend()
	}
}

// settle looks after a pause, and tells what has changed.
func (w *Watcher) settle(p *pause) {
	seen := w.look()
	if p.seen != nil && !maps.Equal(p.seen, seen.now) && !p.tooLong() {
		p.seen = seen.now
		p.extend()
		return
	}
	p.end()
	if seen.differs() {
		w.tell(seen)
	}
}

// tell leaves a value in Changed, and takes what was seen as known.
func (w *Watcher) tell(seen sight) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if seen.calls != w.calls {
		return
	}
	for i, f := range w.known {
		if now, ok := seen.now[f.Path]; ok {
			w.known[i].Hash = now
		}
	}
	wake(w.changed)
}

// paths are the files to watch.
func (w *Watcher) paths() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	paths := make([]string, len(w.known))
	for i, f := range w.known {
		paths[i] = f.Path
	}
	return paths
}

// sight is what one look at the files gave.
type sight struct {
	known []luabind.File
	calls int
	now   map[string]string // content hash by path, without the files whose content cannot be told
}

// look reads the files, outside any lock.
func (w *Watcher) look() sight {
	w.mu.Lock()
	s := sight{known: append([]luabind.File(nil), w.known...), calls: w.calls, now: map[string]string{}}
	w.mu.Unlock()
	for _, f := range s.known {
		if _, ok := s.now[f.Path]; ok {
			continue
		}
		if hash, ok := readHash(f.Path); ok {
			s.now[f.Path] = hash
		}
	}
	return s
}

func (s sight) differs() bool {
	for _, f := range s.known {
		if now, ok := s.now[f.Path]; ok && now != f.Hash {
			return true
		}
	}
	return false
}

// pause is the wait for quiet after an event.
type pause struct {
	times WatchTimes
	over  *time.Timer
	on    bool
	since time.Time         // the first event
	seen  map[string]string // what a poll saw and a second look must see too; nil if events began the pause
}

// extend waits for quiet from now on, but no longer than the ceiling.
func (p *pause) extend() {
	if !p.on {
		p.on, p.since = true, time.Now()
	}
	p.over.Reset(min(p.times.Quiet, max(0, time.Until(p.since.Add(p.times.Ceiling)))))
}

func (p *pause) tooLong() bool { return time.Since(p.since) >= p.times.Ceiling }

func (p *pause) end() {
	p.over.Stop()
	p.on, p.seen = false, nil
}
