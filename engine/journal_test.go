package engine

import (
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"
	"unsafe"

	"luamilter/protocol"
)

// journalRig is a rig with a journal of so many messages.
func journalRig(t *testing.T, size int, sources ...string) (*rig, *Journal) {
	t.Helper()
	j := NewJournal(size)
	return newRig(t, func(c *Config) { c.Journal = j }, sources...), j
}

// allKept is a look at all of a journal.
var allKept = Backlog{Last: 2 * MostJournal}

func TestTheJournalTellsWhatBecameOfAMessage(t *testing.T) {
	r, j := journalRig(t, 10, `
		function on_connect() end
		function on_mail() print("hello") end
		function on_rcpt(r) if r:match("^no") then return reject("nobody") end end
		function on_header() end
		function on_eom()
			add_header("X", "y")
			return accept()
		end`)
	d := r.connect()
	d.ok(d.Mail("<a@example.org>"))
	d.Macros(protocol.CodeRcpt, "i", "4Q1")
	a, err := d.Rcpt("<no@example.net>")
	d.want("reject 550 5.7.1 nobody", a, err)
	d.ok(d.Rcpt("<b@example.net>"))
	d.ok(d.Header("Subject", "hello"))
	d.ok(d.Header("To", "you"))
	a, err = d.EOM()
	d.want("accept", a, err)
	entries := j.Find("4Q1")
	if len(entries) != 2 {
		t.Fatalf("got %d entries, want the message and its refused recipient", len(entries))
	}
	e, refused := entries[0], entries[1]
	script := r.cfg.Scripts[0]
	if e.Kind != EntryMessage || e.Client != "mx.example[192.0.2.1]" || e.Helo != "helo.example" || e.Sender != "a@example.org" ||
		!slices.Equal(e.Recipients, []string{"b@example.net"}) || e.Verdict != "accept" || e.Stage != "eom" ||
		e.Line != script+":8" || !slices.Equal(e.Changes, []string{`add_header X: "y"`}) || e.Bytes != 17 || e.Generation != 1 {
		t.Errorf("got %+v", e)
	}
	var calls []string
	for _, c := range e.Callbacks {
		calls = append(calls, fmt.Sprint(c.Callback, " ", c.Count, " ", c.Verdict))
		if c.Script != script || c.Took <= 0 {
			t.Errorf("%s: got script %q and %v", c.Callback, c.Script, time.Duration(c.Took))
		}
	}
	want := []string{"on_connect 1 ", "on_mail 1 ", "on_rcpt 1 reject", "on_rcpt 1 ", "on_header 2 ", "on_eom 1 accept"}
	if !slices.Equal(calls, want) {
		t.Errorf("got callbacks %q, want %q", calls, want)
	}
	if len(e.Log) != 1 || e.Log[0].Text != "hello" || e.Log[0].Level != "info" || e.Log[0].Callback != "on_mail" {
		t.Errorf("got log %+v, want the line of on_mail", e.Log)
	}
	if refused.Kind != EntryRecipient || refused.Recipients[0] != "no@example.net" || refused.Line != script+":4" ||
		refused.Reply != "550 5.7.1 nobody" || refused.Verdict != "reject" || refused.Stage != "rcpt" {
		t.Errorf("got %+v for the refused recipient", refused)
	}
}

func TestTheJournalKeepsRefusedConnections(t *testing.T) {
	r, j := journalRig(t, 10, `
		function on_connect() print("who?") end
		function on_helo() return tempfail("later") end`)
	d := r.negotiate(offerAll)
	d.ok(d.Connect("mx.example", protocol.FamilyInet, 25, "192.0.2.1"))
	a, err := d.Helo("helo.example")
	d.want("tempfail 451 4.7.1 later", a, err)
	entries := j.Recent(allKept, nil)
	if len(entries) != 1 {
		t.Fatalf("got %d entries, want 1", len(entries))
	}
	e := entries[0]
	if e.Kind != EntryConnection || e.Verdict != "tempfail" || e.Stage != "helo" || e.Reply != "451 4.7.1 later" ||
		e.Line != r.cfg.Scripts[0]+":3" || len(e.Callbacks) != 2 || len(e.Log) != 1 || e.Took <= 0 {
		t.Errorf("got %+v", e)
	}
	if found := j.Find(e.Connection); len(found) != 1 {
		t.Errorf("got %d entries by the connection's name, want 1", len(found))
	}
}

func TestTheJournalNotesFailures(t *testing.T) {
	r, j := journalRig(t, 10, `
		function on_mail()
			error("no such luck")
			return continue()
		end`)
	d := r.connect()
	a, err := d.Mail("<a@example.org>")
	d.want("tempfail 451 4.3.0 Message filter failed - try again later", a, err)
	e := j.Recent(allKept, nil)[0]
	if len(e.Failures) != 1 || e.Line != r.cfg.Scripts[0]+":3" || e.Callbacks[len(e.Callbacks)-1].Verdict != "tempfail" {
		t.Fatalf("got %+v, want one failure in line 3", e)
	}
	f := e.Failures[0]
	if f.Kind != "error" || !strings.Contains(f.Error, "no such luck") || f.Answer != "tempfail" || !strings.Contains(f.Traceback, "stack traceback") {
		t.Errorf("got %+v", f)
	}
}

func TestAVerdictOfTheHostHasNoLine(t *testing.T) {
	r, j := journalRig(t, 10, `
		function on_rcpt(r) if r:match("^no") then return tempfail() end end
		function on_eom() delete_header("X") end`)
	r.host.cfg.MaxMessageSize = 600
	d := r.connect()
	d.ok(d.Mail("<a@example.org>"))
	a, err := d.Rcpt("<no@example.net>")
	d.want("tempfail 451 4.7.1 Service unavailable - try again later", a, err)
	d.ok(d.Rcpt("<b@example.net>"))
	for i := 0; j.Recent(allKept, mustParse(t, "kind=message")) == nil; i++ {
		if _, err := d.Header(fmt.Sprint("X-", i), "y"); err != nil {
			t.Fatal(err)
		}
	}
	if e := j.Recent(allKept, mustParse(t, "kind=message"))[0]; e.Verdict != "tempfail" || e.Line != "" {
		t.Errorf("got %s in %q, want tempfail, which no line decided", e.Verdict, e.Line)
	}
}

func mustParse(t testing.TB, texts ...string) Matches {
	t.Helper()
	m, err := ParseMatches(texts)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// A stranger chooses how much of allKept there is.
func TestAnEntryIsBounded(t *testing.T) {
	r, j := journalRig(t, 10, `
		local log = require "log"
		function on_mail(sender) end
		function on_rcpt(r)
			for i = 1, 20 do log.info(("l"):rep(600), {[("k"):rep(300)] = ("v"):rep(600)}) end
			if r:match("^<?no") then return reject(("r"):rep(900), ("r"):rep(900)) end
			add_header("X", ("h"):rep(5000))
		end
		function on_eom() error(("e"):rep(100000)) end`)
	d := r.connect()
	long := strings.Repeat("x", 2000)
	d.ok(d.Mail("<" + long + "@example.org>"))
	for i := range 80 {
		name := "b"
		if i%2 == 0 {
			name = "no"
		}
		if _, err := d.Rcpt(fmt.Sprintf("<%s%d%s@example.net>", name, i, long)); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := d.EOM(); err != nil {
		t.Fatal(err)
	}
	e := j.Recent(allKept, mustParse(t, "kind=message"))[0]
	if size := textSize(reflect.ValueOf(e)); size > 48<<10 {
		t.Errorf("got an entry of %d bytes, want at most 48 KiB", size)
	}
	if len(e.Callbacks) > mostCalls || len(e.Log) > mostLogs || len(e.Recipients) != most || len(e.Sender) > 300 {
		t.Errorf("got %d callbacks, %d log lines, %d recipients", len(e.Callbacks), len(e.Log), len(e.Recipients))
	}
	if n := len(e.Callbacks) + e.Left.Callbacks; n != 82 {
		t.Errorf("got %d callbacks with those left out, want 82", n)
	}
	if n := len(e.Log) + e.Left.Log; n != 1600 {
		t.Errorf("got %d log lines with those left out, want 1600", n)
	}
	if n := len(e.Recipients) + e.Left.Recipients; n != 40 {
		t.Errorf("got %d recipients with those left out, want 40", n)
	}
	for _, refused := range j.Recent(allKept, mustParse(t, "kind=recipient")) {
		if size := textSize(reflect.ValueOf(refused)); size > 4<<10 {
			t.Fatalf("got a refused recipient of %d bytes, want at most 4 KiB", size)
		}
	}
}

// textSize counts the bytes of all strings in a value, and of the slices that hold them.
func textSize(v reflect.Value) (n int) {
	switch v.Kind() {
	case reflect.Pointer:
		return textSize(v.Elem())
	case reflect.String:
		return v.Len()
	case reflect.Slice:
		n = v.Cap() * int(v.Type().Elem().Size())
		for i := range v.Len() {
			n += textSize(v.Index(i))
		}
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return 0
		}
		for i := range v.NumField() {
			n += textSize(v.Field(i))
		}
	}
	return n
}

func TestPackCopiesTheBytes(t *testing.T) {
	large := strings.Repeat("x", 1<<16)
	a, b, c := large[10:15], "", large[20:30]
	before := unsafe.StringData(a)
	pack([]*string{&a, &b, &c})
	if a != "xxxxx" || b != "" || c != "xxxxxxxxxx" {
		t.Errorf("got %q %q %q", a, b, c)
	}
	if unsafe.StringData(a) == before {
		t.Error("the string still lies in the large one")
	}
}

func TestRefusalsDoNotPushMessagesOut(t *testing.T) {
	j := NewJournal(3)
	j.Add(&Entry{Kind: EntryMessage, ID: "first"})
	for i := range 10 {
		j.Add(&Entry{Kind: EntryRecipient, ID: fmt.Sprint("r", i)})
	}
	if len(j.Find("first")) != 1 {
		t.Error("the message is gone")
	}
	for i := range 3 {
		j.Add(&Entry{Kind: EntryMessage, ID: fmt.Sprint("m", i)})
	}
	if len(j.Find("first")) != 0 {
		t.Error("the message is still there after 3 others")
	}
	var got []string
	for _, e := range j.Recent(allKept, nil) {
		got = append(got, e.ID)
	}
	if want := "m2 m1 m0 r9 r8 r7"; strings.Join(got, " ") != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := j.Recent(Backlog{Last: 2}, mustParse(t, "kind=recipient")); len(got) != 2 || got[0].ID != "r9" {
		t.Errorf("got %d of %v, want r9 and r8", len(got), got)
	}
}

func TestAListenerHearsOfEachEntryOnce(t *testing.T) {
	j := NewJournal(10)
	began := time.Now()
	for i := range 5 {
		j.Add(&Entry{Kind: EntryMessage, Time: began.Add(time.Duration(i) * time.Second)})
	}
	l, earlier, err := j.Listen(Backlog{After: began.Add(2 * time.Second)}, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	j.Add(&Entry{Kind: EntryConnection})
	var got []uint64
	for _, e := range earlier {
		got = append(got, e.Number)
	}
	got = append(got, (<-l.Entries()).Number)
	if want := []uint64{4, 5, 6}; !slices.Equal(got, want) {
		t.Errorf("got entries %v, want %v", got, want)
	}
}

func TestASlowListenerMissesEntriesAndHoldsUpNobody(t *testing.T) {
	j := NewJournal(10)
	l, _, err := j.Listen(Backlog{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for range listenerRoom + 7 {
		j.Add(&Entry{Kind: EntryMessage}) // returns
	}
	if n := l.Missed(); n != 7 {
		t.Errorf("got %d missed, want 7", n)
	}
	if n := l.Missed(); n != 0 {
		t.Errorf("got %d missed the second time, want 0", n)
	}
	l.Close()
	j.Add(&Entry{Kind: EntryMessage})
	if status := j.status(); status.Missed != 7 || status.Listeners != 0 || status.Messages != 10 || status.Size != 10 {
		t.Errorf("got %+v", status)
	}
}

func TestListenersAreBounded(t *testing.T) {
	j := NewJournal(10)
	var all []*Listener
	for range MostListeners {
		l, _, err := j.Listen(Backlog{}, nil)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, l)
	}
	if _, _, err := j.Listen(Backlog{}, nil); err != ErrListeners {
		t.Errorf("got %v, want ErrListeners", err)
	}
	all[0].Close()
	if _, _, err := j.Listen(Backlog{}, nil); err != nil {
		t.Errorf("after one has left: %v", err)
	}
}

func TestNoJournalKeepsNothing(t *testing.T) {
	if j := NewJournal(0); j != nil || j.status() != nil {
		t.Error("got a journal of no messages")
	}
	r := newRig(t, nil, `function on_mail() return reject("x") end`)
	d := r.connect()
	a, err := d.Mail("<a@b>")
	d.want("reject 550 5.7.1 x", a, err)
}

func TestSecondsAreExact(t *testing.T) {
	for _, d := range []time.Duration{0, 1, 48 * time.Microsecond, 1500 * time.Millisecond, time.Hour} {
		text, err := json.Marshal(Seconds(d))
		if err != nil {
			t.Fatal(err)
		}
		var back Seconds
		if err := json.Unmarshal(text, &back); err != nil || time.Duration(back) != d {
			t.Errorf("%v is %s, and that %v, %v", d, text, time.Duration(back), err)
		}
	}
	var s Seconds
	if err := json.Unmarshal([]byte(`"x"`), &s); err == nil {
		t.Error("got a time from a string")
	}
}
