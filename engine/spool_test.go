package engine

import (
	"bytes"
	"cmp"
	"fmt"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"luamilter/luabind"
	"luamilter/luabind/mime"
	"luamilter/protocol"
)

func TestSpoolGivesWhatWasWritten(t *testing.T) {
	for _, most := range []int64{0, 1, 10, 1000} {
		for _, chunks := range [][]string{nil, {""}, {"one"}, {"", "one", ""}, {"one", "two"}, {"0123456789"}, {"0123456789", "x"}, {"a", "0123456789", "b", "c"}} {
			s := &spool{most: most}
			for _, c := range chunks {
				if err := s.write(c); err != nil {
					t.Fatal(err)
				}
			}
			want := strings.Join(chunks, "")
			for range 2 {
				if got, err := s.body(); string(got) != want || err != nil {
					t.Errorf("%q with %d in memory: got %q, %v", chunks, most, got, err)
				}
			}
			if inFile := int64(len(want)) > most; inFile != (s.file != nil) {
				t.Errorf("%q with %d in memory: in a file is %v, want %v", chunks, most, s.file != nil, inFile)
			}
			s.free()
			s.free()
		}
	}
	if got := spools(t); got != 0 {
		t.Errorf("got %d files and mappings left, want 0", got)
	}
}

// panicker panics when a callback has run, on_message unless another is named, once it is armed.
type panicker struct {
	ignorant
	at    luabind.Callback
	armed atomic.Bool
}

func (p *panicker) Callback(cb luabind.Callback, _ time.Duration) {
	if cb == cmp.Or(p.at, luabind.OnMessage) && p.armed.Swap(false) {
		panic("on purpose")
	}
}

func TestNoMessageLeavesAFileOrAMappingBehind(t *testing.T) {
	p := new(panicker)
	r := newRig(t, func(c *Config) { c.SpoolSize, c.Observer, c.MaxMessageSize = 100, p, 10000 }, `
		function on_body(c) if c == "accept" then return accept() end end
		function on_message(m)
			if m.subject == "edit" then m:add_footer { text = "footer" } end
			if m.subject == "header" then m:set_header("Subject", "x") end
			if m.subject == "error" then m:add_footer { text = "footer" } error("no") end
			if m.subject == "reject" then m:add_footer { text = "footer" } return reject() end
			if m.subject == "replace" then replace_body("short") end
			local n = #m.body
		end`)
	mail := func(subject string, size int) string {
		return "Subject: " + subject + "\r\n\r\n" + strings.Repeat("x", size)
	}
	d := r.connect()
	for n := range 25 {
		for _, subject := range []string{"read", "edit", "header", "error", "reject", "replace"} {
			d.deliver(mail(subject, 200+n))
			if got := spools(t); got != 0 {
				t.Fatalf("got %d files and mappings left after %s", got, subject)
			}
		}
		d.deliver(mail("large", 20000))
		d.ok(d.Mail("<a@example.org>"))
		d.ok(d.Body(strings.Repeat("x", 5000)))
		accepted, err := d.Body("accept")
		d.want("accept", accepted, err)
		if got := spools(t); got != 0 {
			t.Fatalf("got %d files and mappings left after accept", got)
		}
		d.Abort()
		d.send(mail("abort", 5000), 100)
		d.Abort()
		d.send(mail("another mail without abort", 5000), 100)
		d.deliver(mail("edit", 5000))
		lost := r.connect()
		lost.send(mail("lost", 5000), 100)
		lost.Close()
		panics := r.connect()
		panics.send(mail("panic", 5000), 100)
		p.armed.Store(true)
		if _, err := panics.EOM(); err == nil {
			t.Fatal("got an answer, want a connection that is closed by a panic")
		}
		r.waitSessions(1)
	}
	d.Quit()
	r.waitSessions(0)
	if got := spools(t); got != 0 {
		t.Errorf("got %d files and mappings left at the end, want 0", got)
	}
	if got := r.host.messages.Load(); got != 0 {
		t.Errorf("got %d messages in flight at the end, want 0", got)
	}
}

func TestAPanicInOnCloseCostsNoState(t *testing.T) {
	p := &panicker{at: luabind.OnClose}
	r := newRig(t, func(c *Config) { c.States, c.Observer, c.CallbackTimeout = 1, p, 100*time.Millisecond }, `
		function on_mail() return nil end
		function on_close() end`)
	d := r.connect()
	d.message("a@example.org")
	p.armed.Store(true)
	d.Quit()
	r.waitSessions(0)
	d = r.connect()
	if got := d.message("a@example.org").Verdict.Kind; got != protocol.VerdictContinue {
		t.Errorf("got %s after the panic, want continue; failures %q", got, r.failures())
	}
}

// waitSessions waits until no more than n connections are left.
func (r *rig) waitSessions(n int64) {
	for r.host.sessions.Load() > n {
		runtime.Gosched()
	}
}

// heapWatch notes how much the heap holds when on_message has run.
type heapWatch struct {
	ignorant
	bytes atomic.Int64
}

func (h *heapWatch) Callback(cb luabind.Callback, _ time.Duration) {
	if cb == luabind.OnMessage {
		h.bytes.Store(heapBytes())
	}
}

func heapBytes() int64 {
	var m runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}

func TestALargeMessageIsNotInMemory(t *testing.T) {
	h := new(heapWatch)
	r := newRig(t, func(c *Config) {
		c.MaxMessageSize, c.SpoolSize, c.Observer, c.MessageTimeout = 64<<20, 1<<20, h, time.Minute
	}, `
		function on_message(m)
			local n = 0
			for part in m:parts() do
				n = n + 1
				if n == 1 then part:set_content("other") end
			end
			m:add_header("X-Parts", n)
		end`)
	mail := bigMail(20 << 20)
	d := r.connect()
	before := heapBytes()
	a := d.deliver(mail)
	if got := h.bytes.Load() - before; got > 4<<20 {
		t.Errorf("the heap has grown by %d bytes for a mail of %d", got, len(mail))
	}
	_, body := changes(a)
	_, sent, _ := strings.Cut(mail, "\r\n\r\n")
	if body != strings.Replace(sent, "small", "other", 1) || a.Verdict.Changes[0].String() != `add_header X-Parts: "2"` {
		t.Errorf("got another mail than the one that was sent with its first part changed; failures %q", r.failures())
	}
}

func TestWhatALargeMessageKeptIsFreedWhenItIsOver(t *testing.T) {
	tests := []struct{ name, lua string }{
		{"a table of msg", `msg.t = {} for i = 1, 8 do msg.t[i] = ("x"):rep(2^20) end`},
		{"a string of msg", `msg.s = ("x"):rep(2^23)`},
		{"a new body", `replace_body(("x"):rep(2^23))`},
		{"a table of conn", `conn.t = {} for i = 1, 8 do conn.t[i] = ("x"):rep(2^20) end`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, func(c *Config) { c.MaxMessageSize = 64 << 20 }, `
				function on_mail() return nil end
				function on_rcpt(r) `+tt.lua+` end
				function on_eom() local x, y = msg.t, conn.t end`)
			before := heapBytes()
			d := r.connect()
			d.message("a@example.org")
			d.Quit()
			r.waitSessions(0)
			if got := heapBytes() - before; got > 4<<20 {
				t.Errorf("%d bytes are in memory when the message is over; failures %q", got, r.failures())
			}
		})
	}
}

// TestManyMessagesAtOnce is for the race detector: bodies in files, and few states for many connections.
func TestManyMessagesAtOnce(t *testing.T) {
	r := newRig(t, func(c *Config) {
		c.SpoolSize, c.States, c.CallbackTimeout, c.MessageTimeout = 100, 2, time.Minute, time.Minute
	}, `function on_message(m) m:add_header("X-Body", m.body:sub(1, 10)) m:add_footer { text = m.subject } end`)
	var all sync.WaitGroup
	for c := range 16 {
		d := r.connect()
		all.Go(func() {
			for n := range 10 {
				name := fmt.Sprintf("%05d.%03d.", c, n)
				text := strings.Repeat(name+"\r\n", 200)
				d.Mail("<a@b>")
				d.Rcpt("<b@b>")
				d.Header("Subject", name)
				d.Body(text[:99])
				d.Body(text[99:])
				a, err := d.EOM()
				if err != nil {
					t.Error(err)
					return
				}
				list, body := changes(a)
				if !strings.Contains(list, name) || body != text+name+"\r\n" {
					t.Errorf("got %s and a body of %d bytes for %s", list, len(body), name)
				}
			}
			d.Quit()
		})
	}
	all.Wait()
	if got := r.failures(); len(got) > 0 {
		t.Errorf("got %d failures, the first %q", len(got), got[0])
	}
}

func TestHeaderChangesSayWhatStandsBehindTheColon(t *testing.T) {
	tests := []struct {
		op   mime.HeaderOp
		want protocol.Change
	}{
		{mime.HeaderOp{Kind: mime.HeaderAdd, Name: "A", Value: " x"}, protocol.Change{Code: protocol.ReplyAddHeader, Name: "A", Value: "x"}},
		{mime.HeaderOp{Kind: mime.HeaderAdd, Name: "A", Value: "x"},
			protocol.Change{Code: protocol.ReplyAddHeader, Name: "A", Value: "x", NoSpace: true}},
		{mime.HeaderOp{Kind: mime.HeaderChange, Name: "A", Index: 2, Value: "  x\n y"},
			protocol.Change{Code: protocol.ReplyChangeHeader, Name: "A", Index: 2, Value: " x\n y"}},
		{mime.HeaderOp{Kind: mime.HeaderChange, Name: "A", Index: 2, Value: "x"},
			protocol.Change{Code: protocol.ReplyChangeHeader, Name: "A", Index: 2, Value: "x", NoSpace: true}},
		{mime.HeaderOp{Kind: mime.HeaderChange, Name: "A", Index: 1, Value: " "}, // is not to be deleted
			protocol.Change{Code: protocol.ReplyChangeHeader, Name: "A", Index: 1, Value: " ", NoSpace: true}},
		{mime.HeaderOp{Kind: mime.HeaderDelete, Name: "A", Index: 3}, protocol.Change{Code: protocol.ReplyChangeHeader, Name: "A", Index: 3}},
	}
	for _, tt := range tests {
		if got := headerChange(tt.op); fmt.Sprintf("%+v", got) != fmt.Sprintf("%+v", tt.want) {
			t.Errorf("%+v: got %+v, want %+v", tt.op, got, tt.want)
		}
	}
}

// TestADiskThatCannotBeReadCostsNoMoreThanTheMessage: reading mapped memory then is a signal that ends other programs.
func TestADiskThatCannotBeReadCostsNoMoreThanTheMessage(t *testing.T) {
	s := &spool{}
	if err := s.write(strings.Repeat("x", 10000)); err != nil {
		t.Fatal(err)
	}
	data, err := s.body()
	if err != nil {
		t.Fatal(err)
	}
	if err := s.file.Truncate(0); err != nil {
		t.Fatal(err)
	}
	defer s.free()
	for what, read := range map[string]func() int{
		"one byte": func() int { return int(data[5000]) },
		"a copy":   func() int { return copy(make([]byte, 10000), data) },
		"a search": func() int { return bytes.IndexByte(data, 'y') },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic that can be recovered from", what)
				}
			}()
			sink.Add(int64(read()))
		}()
	}
}

// sink keeps the compiler from leaving a read out.
var sink atomic.Int64
