package main

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"luamilter/engine"
)

// entryOf is a message in the journal.
func entryOf(id string) *engine.Entry {
	return &engine.Entry{Kind: engine.EntryMessage, Time: time.Now(), ID: id, Verdict: "accept", Stage: "eom", Client: "mx.example[192.0.2.1]"}
}

// listen asks for events on a new connection and gives a reader of the body, behind the first comment.
func listenTo(t *testing.T, l *pipeListener, query string) (net.Conn, *bufio.Reader) {
	t.Helper()
	c := l.dial()
	if _, err := io.WriteString(c, "GET /events"+query+" HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	answer, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		t.Fatal(err)
	}
	if answer.StatusCode != 200 || answer.Header.Get("Content-Type") != "text/event-stream" {
		t.Fatalf("got %s of %s, want 200 and events", answer.Status, answer.Header.Get("Content-Type"))
	}
	body := bufio.NewReader(answer.Body)
	wantText(t, body, ": luamilter devel\n\n")
	return c, body
}

// wantText reads as many bytes as a text has, which they must be.
func wantText(t *testing.T, r io.Reader, want string) {
	t.Helper()
	got := make([]byte, len(want))
	if _, err := io.ReadFull(r, got); err != nil || string(got) != want {
		t.Fatalf("got %q and %v, want %q", got, err, want)
	}
}

func readEvent(t *testing.T, r *bufio.Reader) (name string, e engine.Entry) {
	t.Helper()
	var lines [3]string
	for i := range lines {
		line, err := r.ReadString('\n')
		if err != nil {
			t.Fatalf("got %q and %v, want an event", line, err)
		}
		lines[i] = line
	}
	data, ok := strings.CutPrefix(lines[1], "data: ")
	if err := json.Unmarshal([]byte(data), &e); err != nil || !ok || lines[2] != "\n" {
		t.Fatalf("got %q, want an event: %v", lines, err)
	}
	return strings.TrimSpace(strings.TrimPrefix(lines[0], "event: ")), e
}

func TestEventsBringEachEntryAndHeartbeats(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newPipeListener()
		a := startAdmin(t, l)
		defer rest()
		defer a.close()
		a.journal.Add(entryOf("early"))
		c, body := listenTo(t, l, "?last=5&match=id=*a*")
		defer c.Close()
		for _, id := range []string{"b", "a"} {
			a.journal.Add(entryOf(id))
		}
		for _, want := range []string{"early", "a"} {
			if name, e := readEvent(t, body); name != eventEntry || e.ID != want {
				t.Errorf("got %s of %q, want %q", name, e.ID, want)
			}
		}
		start := time.Now()
		for range 5 {
			wantText(t, body, ": \n\n")
		}
		if took := time.Since(start); took > 5*eventBeat {
			t.Errorf("got 5 heartbeats in %v, want one each %v", took, eventBeat)
		}
		c.Close()
		synctest.Wait()
		a.journal.Add(entryOf("a")) // which shows to the listener that its client is gone
		synctest.Wait()
		if _, _, err := a.journal.Listen(engine.Backlog{}, nil); err != nil {
			t.Error(err)
		}
	})
}

// Whoever reads slowly misses entries; whoever does not read at all is given up. Nobody else waits.
func TestEventsDropASlowReader(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newPipeListener()
		a := startAdmin(t, l)
		defer rest()
		defer a.close()
		c, body := listenTo(t, l, "")
		defer c.Close()
		const sent = 10000
		for n := range sent {
			a.journal.Add(entryOf(fmt.Sprint(n))) // returns
		}
		seen, missed := 0, 0
		err := readEvents(body, func() {}, func(name string, data []byte) error {
			var gap gapEvent
			if name == eventEntry {
				seen++
			} else if err := json.Unmarshal(data, &gap); err != nil {
				t.Error(err)
			}
			missed += gap.Missed
			if seen+missed == sent {
				return io.EOF
			}
			return nil
		})
		if err != io.EOF || missed == 0 {
			t.Errorf("got %d entries, %d missed and %v, want %d in all", seen, missed, err, sent)
		}

		start := time.Now()
		for range sent {
			a.journal.Add(entryOf("more"))
		}
		time.Sleep(2 * eventWrite) // without a read
		synctest.Wait()
		if _, err := io.Copy(io.Discard, body); err == nil {
			t.Error("the stream ended well, want it cut")
		}
		if took := time.Since(start); took > 2*eventWrite {
			t.Errorf("cut after %v, want %v", took, eventWrite)
		}
	})
}

func TestEventsEndWithTheMilter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newPipeListener()
		a := startAdmin(t, l)
		c, body := listenTo(t, l, "")
		defer c.Close()
		a.stopping()
		a.journal.Add(entryOf("last"))
		start := time.Now()
		closed := make(chan struct{})
		go func() { a.close(); close(closed) }()
		if _, e := readEvent(t, body); e.ID != "last" {
			t.Errorf("got %q, want the last message", e.ID)
		}
		if rest, err := io.ReadAll(body); err != nil || len(rest) > 0 {
			t.Errorf("got %q and %v, want the end", rest, err)
		}
		if took := time.Since(start); took > adminGrace {
			t.Errorf("it took %v, want at most %v", took, adminGrace)
		}
		<-closed
		rest()
	})
}

// rest outlasts the heartbeat of the Lua states: at the end of a bubble no goroutine may be left.
func rest() { time.Sleep(time.Second) }

func TestEventsHaveAMostOfListeners(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newPipeListener()
		a := startAdmin(t, l)
		defer rest()
		defer a.close()
		for range engine.MostListeners {
			c, _ := listenTo(t, l, "")
			defer c.Close()
		}
		c := l.dial()
		defer c.Close()
		io.WriteString(c, "GET /events HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
		answer, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil || answer.StatusCode != 503 {
			t.Fatalf("got %v and %v, want 503", answer, err)
		}
		if body, _ := io.ReadAll(answer.Body); !strings.Contains(string(body), "too many listeners: 20 at most") {
			t.Errorf("got %q", body)
		}
	})
}

func TestTheJournalIsNotForWebPages(t *testing.T) {
	_, url := localAdmin(t)
	port := url[strings.LastIndexByte(url, ':'):]
	for _, path := range []string{"/messages", "/messages/x", "/events", "/debug/profile"} {
		for name, change := range map[string]func(*http.Request){
			"of another site":           func(r *http.Request) { r.Header.Set("Sec-Fetch-Site", "cross-site") },
			"by a name of the attacker": func(r *http.Request) { r.Host = "rebind.attacker.example" + port },
			"by such a name alone":      func(r *http.Request) { r.Host = "rebind.attacker.example" },
		} {
			r := request(t, "GET", url+path)
			change(r)
			if status, body := do(t, r); status != 403 || !strings.Contains(body, "not for web pages") {
				t.Errorf("%s %s: got %d %q, want 403", path, name, status, body)
			}
		}
	}
	for _, host := range []string{"localhost" + port, "localhost", "127.0.0.1", "[::1]", "luamilter"} {
		r := request(t, "GET", url+"/messages")
		r.Host = host
		if status, body := do(t, r); status != 200 {
			t.Errorf("%s: got %d %q, want 200", host, status, body)
		}
	}
	r := request(t, "GET", url+"/messages")
	r.Header.Set("Sec-Fetch-Site", "none") // typed by the operator
	if status, body := do(t, r); status != 200 {
		t.Errorf("typed: got %d %q, want 200", status, body)
	}
}

func TestReadEvents(t *testing.T) {
	for _, tt := range []struct{ name, stream, want string }{
		{"one", "event: entry\ndata: {}\n\n", "entry={} "},
		{"comments and unknown fields", ": hello\n\nid: 3\nretry: 5\nevent: a\ndata: x\n\n", "a=x "},
		{"several lines of data, as the format has it", "data: a\ndata:b\ndata\n\n", "=a\nb\n "},
		{"CRLF", "event: a\r\ndata: x\r\n\r\n", "a=x "},
		{"no data is no event", "event: a\n\ndata: x\n\n", "=x "},
		{"an event that is not whole", "event: a\ndata: x\n", ""},
		{"nothing", "", ""},
	} {
		got, lines := "", 0
		err := readEvents(strings.NewReader(tt.stream), func() { lines++ }, func(name string, data []byte) error {
			got += name + "=" + string(data) + " "
			return nil
		})
		if err != nil || got != tt.want || lines != strings.Count(tt.stream, "\n") {
			t.Errorf("%s: got %q, %d lines and %v, want %q", tt.name, got, lines, err, tt.want)
		}
	}
	if err := readEvents(strings.NewReader(strings.Repeat("x", 2*mostEvent)), func() {}, nil); err == nil {
		t.Error("got no error for an endless line")
	}
	endless := strings.Repeat("data: "+strings.Repeat("x", 1000)+"\n", 2000)
	if err := readEvents(strings.NewReader(endless), func() {}, nil); err == nil {
		t.Error("got no error for an endless event")
	}
}

// FuzzReadEvents: whatever comes is read to its end, and no event is larger than what came.
func FuzzReadEvents(f *testing.F) {
	f.Add([]byte("event: entry\ndata: {}\n\n: \n\n"))
	f.Add([]byte("data: a\ndata\n\n\n"))
	f.Fuzz(func(t *testing.T, stream []byte) {
		tl := &tail{out: io.Discard, errOut: io.Discard, format: word{value: "text"}}
		got := 0
		err := readEvents(bytes.NewReader(stream), func() {}, func(name string, data []byte) error {
			got += len(name) + len(data)
			_ = tl.event(name, data)
			return nil
		})
		if err == nil && got > len(stream) {
			t.Errorf("got %d bytes of events from %d", got, len(stream))
		}
	})
}

// FuzzEntryQuery: a query is refused, or heeded without trouble.
func FuzzEntryQuery(f *testing.F) {
	f.Add("last=3&match=sender=*@x&match=verdict!=reject")
	f.Add("after=2026-01-02T03:04:05.678%2B01:00")
	f.Add("last=-1&seconds=x&format=pprof")
	journal := engine.NewJournal(3)
	for range 4 {
		journal.Add(entryOf("x"))
	}
	f.Fuzz(func(t *testing.T, raw string) {
		values, err := url.ParseQuery(raw)
		if err != nil {
			return
		}
		q, err := parseQuery(values, 2)
		if err == nil && len(journal.Recent(q.backlog, q.matches)) > 3 {
			t.Error("got more than there is")
		}
		length, format, err := profileQuery(values.Get("seconds"), values.Get("format"))
		if err == nil && (length < time.Second || length > mostProfile*time.Second || format != "text" && format != "pprof") {
			t.Errorf("got %v of %q", length, format)
		}
	})
}
