package engine

import (
	"errors"
	"slices"
	"sync"
	"time"
)

const (
	// MostJournal is the largest size of a Journal.
	MostJournal = 100000
	// MostListeners is how many may listen to a Journal at once.
	MostListeners = 20
	// listenerRoom is how many entries wait for a listener before some are dropped.
	listenerRoom = 256
)

// Journal keeps what became of the last messages, and tells whoever listens of each as it ends. Refused connections and
// recipients are kept apart from messages, so that a stranger who tries many does not push the messages out. Many goroutines
// use it at once. A nil *Journal keeps nothing.
type Journal struct {
	mu        sync.Mutex
	messages  ring
	refusals  ring
	number    uint64 // of the newest entry
	listeners map[*Listener]bool
	missed    int64 // by listeners, in all
}

// NewJournal keeps the last size messages, and as many refusals; none for a size of 0.
func NewJournal(size int) *Journal {
	if size <= 0 {
		return nil
	}
	return &Journal{messages: ring{size: size}, refusals: ring{size: size}, listeners: map[*Listener]bool{}}
}

// ring keeps the last entries.
type ring struct {
	size int
	list []*Entry
	next int // where the oldest is overwritten, once the list is full
}

func (r *ring) add(e *Entry) {
	if len(r.list) < r.size {
		r.list = append(r.list, e)
		return
	}
	r.list[r.next] = e
	r.next = (r.next + 1) % r.size
}

// all is a copy, oldest first.
func (r *ring) all() []*Entry { return slices.Concat(r.list[r.next:], r.list[:r.next]) }

// Add numbers an entry, keeps it, and tells the listeners, none of whom is waited for. The entry is not changed any more.
func (j *Journal) Add(e *Entry) {
	j.mu.Lock()
	defer j.mu.Unlock()
	j.number++
	e.Number = j.number
	if e.Kind == EntryMessage {
		j.messages.add(e)
	} else {
		j.refusals.add(e)
	}
	for l := range j.listeners {
		select {
		case l.entries <- e:
		default:
			l.missed++
			j.missed++
		}
	}
}

// Recent gives the entries that match, newest first.
func (j *Journal) Recent(backlog Backlog, matches Matches) []*Entry {
	j.mu.Lock()
	messages, refusals := j.messages.all(), j.refusals.all()
	j.mu.Unlock()
	return backlog.pick(messages, refusals, matches)
}

// mostFound bounds the entries of one queue id or connection.
const mostFound = 100

// Find gives the entries of a queue id or of a connection, newest first.
func (j *Journal) Find(id string) []*Entry {
	j.mu.Lock()
	messages, refusals := j.messages.all(), j.refusals.all()
	j.mu.Unlock()
	return pick(messages, refusals, mostFound, func(e *Entry) bool { return id != "" && (e.ID == id || e.Connection == id) })
}

// pick gives the entries that are wanted, newest first, most at the most.
func pick(messages, refusals []*Entry, most int, wanted func(*Entry) bool) []*Entry {
	var found []*Entry
	m, r := len(messages)-1, len(refusals)-1
	for len(found) < most && (m >= 0 || r >= 0) {
		var e *Entry
		if m < 0 || r >= 0 && refusals[r].Number > messages[m].Number {
			e = refusals[r]
			r--
		} else {
			e = messages[m]
			m--
		}
		if wanted(e) {
			found = append(found, e)
		}
	}
	return found
}

// Oldest is the time of the oldest message that is kept, and how many are.
func (j *Journal) Oldest() (oldest time.Time, kept int) {
	j.mu.Lock()
	defer j.mu.Unlock()
	kept = len(j.messages.list)
	if kept > 0 {
		oldest = j.messages.list[j.messages.next].Time
	}
	return oldest, kept
}

// Listener hears of each entry from the moment on in which it was made. It has to be closed.
type Listener struct {
	journal *Journal
	entries chan *Entry
	missed  int // guarded by the journal's lock
}

// ErrListeners says that there are MostListeners already.
var ErrListeners = errors.New("too many listeners")

// Backlog says how far back a look into the journal goes.
type Backlog struct {
	Last  int       // the last so many entries that match
	After time.Time // instead, all that match and are younger; zero: see Last
}

// pick is called without the lock, for which mail waits.
func (b Backlog) pick(messages, refusals []*Entry, matches Matches) []*Entry {
	if b.After.IsZero() {
		return pick(messages, refusals, b.Last, matches.Match)
	}
	return pick(messages, refusals, 2*MostJournal, func(e *Entry) bool { return e.Time.After(b.After) && matches.Match(e) })
}

// Listen makes a listener. earlier are the entries before the first that it hears of, oldest first.
func (j *Journal) Listen(backlog Backlog, matches Matches) (l *Listener, earlier []*Entry, err error) {
	l = &Listener{journal: j, entries: make(chan *Entry, listenerRoom)}
	messages, refusals, err := j.enlist(l)
	if err != nil {
		return nil, nil, err
	}
	earlier = backlog.pick(messages, refusals, matches)
	slices.Reverse(earlier)
	return l, earlier, nil
}

// enlist makes l hear of all that comes behind what it gives.
func (j *Journal) enlist(l *Listener) (messages, refusals []*Entry, err error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if len(j.listeners) >= MostListeners {
		return nil, nil, ErrListeners
	}
	j.listeners[l] = true
	return j.messages.all(), j.refusals.all(), nil
}

// Entries is where the listener hears of them.
func (l *Listener) Entries() <-chan *Entry { return l.entries }

// Missed is how many entries it was too slow for since the last call.
func (l *Listener) Missed() int {
	l.journal.mu.Lock()
	defer l.journal.mu.Unlock()
	n := l.missed
	l.missed = 0
	return n
}

// Close ends it.
func (l *Listener) Close() {
	l.journal.mu.Lock()
	defer l.journal.mu.Unlock()
	delete(l.journal.listeners, l)
}

// JournalStatus is what an operator wants to know of the journal.
type JournalStatus struct {
	Size      int   `json:"size"`
	Messages  int   `json:"messages"`
	Refusals  int   `json:"refusals"` // of connections and recipients
	Listeners int   `json:"listeners"`
	Missed    int64 `json:"missed"` // entries that listeners were too slow for, in all
}

// status is nil for no journal.
func (j *Journal) status() *JournalStatus {
	if j == nil {
		return nil
	}
	j.mu.Lock()
	defer j.mu.Unlock()
	return &JournalStatus{j.messages.size, len(j.messages.list), len(j.refusals.list), len(j.listeners), j.missed}
}
