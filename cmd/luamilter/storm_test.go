package main_test

import (
	"fmt"
	"maps"
	"slices"
	"sync"
	"testing"
	"time"
)

// TestReloadUnderTraffic rewrites two running scripts in all the ways that storm_ways_test.go knows, while eight connections
// carry mail. No message may fail or see two versions, good versions are live in time, broken ones never.
func TestReloadUnderTraffic(t *testing.T) {
	const rewrites, connections = 200, 8
	s := newStorm(t)
	before := s.restingUsage()
	s.mails = startFlow(t, s.milter.listen, connections)
	s.live()
	s.doAll(slowWays)
	least := s.number + rewrites
	for round := uint64(0); s.number < least; round++ {
		s.doAll(waysOf(round))
	}
	s.mails.end()
	s.mails.check(t, s.allowed)
	c, err := dialMTA(s.milter.listen)
	if err != nil {
		t.Fatal(err)
	}
	if last, err := c.message(nil); err != nil || last.by != s.now {
		t.Errorf("the last message: got %v, %v, want %v", last.by, err, s.now)
	}
	c.end()
	s.checkUsage(before)
	slices.Sort(s.waits)
	t.Logf("%d rewrites; live after %v (median), %v (at most)", s.number, s.waits[len(s.waits)/2], s.waits[len(s.waits)-1])
}

// pair is the version of a script and that of the module which it requires.
type pair struct{ script, module int }

// versions are those of the two scripts. What is written later has a greater number.
type versions struct{ plain, volume pair }

func (v versions) newest() int {
	return max(v.plain.script, v.plain.module, v.volume.script, v.volume.module)
}

// mail is one message that was let pass.
type mail struct {
	began, answered time.Time // before MAIL was sent, and after its reply
	by              versions  // that judged it
}

// mailFlow is mail that flows steadily over several connections.
type mailFlow struct {
	listen string
	over   chan struct{}
	once   sync.Once
	wg     sync.WaitGroup

	mu        sync.Mutex
	mails     []mail
	first     map[versions]time.Time // when the first message began that they judged
	newest    int
	outlived  int // messages whose version was replaced while they were in flight
	reconnect int
	problems  []error
}

// everyMail is how long a connection waits from one message to the next.
const everyMail = 10 * time.Millisecond

func startFlow(t *testing.T, listen string, connections int) *mailFlow {
	tr := &mailFlow{listen: listen, over: make(chan struct{}), first: map[versions]time.Time{}}
	for n := range connections {
		tr.wg.Go(func() {
			for life := 0; !tr.ended(); life++ {
				if err := tr.connection(n, life); err != nil {
					tr.mu.Lock()
					tr.problems = append(tr.problems, fmt.Errorf("connection %d of client %d: %w", life, n, err))
					tr.mu.Unlock()
					return
				}
			}
		})
	}
	t.Cleanup(tr.end)
	return tr
}

func (tr *mailFlow) end() {
	tr.once.Do(func() { close(tr.over) })
	tr.wg.Wait()
}

func (tr *mailFlow) ended() bool {
	select {
	case <-tr.over:
		return true
	default:
		return false
	}
}

// connection carries a number of messages, as two SMTP clients after each other. Every fourth one keeps each of its
// messages in flight until the next version is live.
func (tr *mailFlow) connection(n, life int) error {
	c, err := dialMTA(tr.listen)
	if err != nil {
		return err
	}
	defer c.Close()
	hold := func() {}
	if n%4 == 3 {
		hold = tr.awaitNewer
	}
	tick := time.NewTicker(everyMail)
	defer tick.Stop()
	for i := range 20 + 10*n {
		switch {
		case i == 10:
			err = c.next()
		case i%7 == n%7:
			err = c.aborted()
		}
		if err != nil {
			return fmt.Errorf("message %d: %w", i, err)
		}
		m, err := c.message(hold)
		if err != nil {
			return fmt.Errorf("message %d: %w", i, err)
		}
		tr.note(m)
		select {
		case <-tick.C:
		case <-tr.over:
			return c.end()
		}
	}
	tr.mu.Lock()
	tr.reconnect++
	tr.mu.Unlock()
	return c.end()
}

// awaitNewer returns when a version is live that was not at the call.
func (tr *mailFlow) awaitNewer() {
	tick := time.NewTicker(everyMail)
	defer tick.Stop()
	for now := tr.newestLive(); tr.newestLive() == now; {
		select {
		case <-tick.C:
		case <-tr.over:
			return
		}
	}
}

func (tr *mailFlow) newestLive() int {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	return tr.newest
}

func (tr *mailFlow) note(m mail) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	tr.mails = append(tr.mails, m)
	if t, ok := tr.first[m.by]; !ok || m.began.Before(t) {
		tr.first[m.by] = m.began
	}
	if m.by.newest() < tr.newest {
		tr.outlived++
	}
	tr.newest = max(tr.newest, m.by.newest())
}

// liveSince is when the first message began that these versions judged.
func (tr *mailFlow) liveSince(v versions) (time.Time, bool) {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	t, ok := tr.first[v]
	return t, ok
}

// lastBegan is when the latest message began of those that have ended.
func (tr *mailFlow) lastBegan() time.Time {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	if len(tr.mails) == 0 {
		return time.Time{}
	}
	return tr.mails[len(tr.mails)-1].began
}

func (tr *mailFlow) failed() []error {
	tr.mu.Lock()
	defer tr.mu.Unlock()
	return slices.Clone(tr.problems)
}

// check looks at all messages: they were let pass by versions that were meant to be live, and one that began after the
// reply to MAIL of another was not judged by something older.
func (tr *mailFlow) check(t *testing.T, allowed map[versions]bool) {
	t.Helper()
	for _, err := range tr.failed() {
		t.Errorf("a message failed: %v", err)
	}
	for _, v := range slices.Collect(maps.Keys(tr.first)) {
		if !allowed[v] {
			t.Errorf("%v judged messages, and is broken or a mixture", v)
		}
	}
	answered := slices.SortedFunc(slices.Values(tr.mails), func(a, b mail) int { return a.answered.Compare(b.answered) })
	began := slices.SortedFunc(slices.Values(tr.mails), func(a, b mail) int { return a.began.Compare(b.began) })
	seen, k := 0, 0
	for _, m := range began {
		for ; k < len(answered) && answered[k].answered.Before(m.began); k++ {
			seen = max(seen, answered[k].by.newest())
		}
		if m.by.newest() < seen {
			t.Errorf("a message was judged by %v when %d was live already", m.by, seen)
		}
	}
	const least = 50
	if tr.outlived < least {
		t.Errorf("%d messages were in flight while their version was replaced, want %d or more: this test tests too little", tr.outlived, least)
	}
	t.Logf("%d messages by %d generations; %d outlived their version; %d connections were ended and made anew",
		len(tr.mails), len(tr.first), tr.outlived, tr.reconnect)
}
