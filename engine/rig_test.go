package engine

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"luamilter/luabind/guard"
	"luamilter/protocol"
)

// rig is a host with scripts behind a server of the real protocol.
type rig struct {
	t    testing.TB
	cfg  Config
	host *Host
	srv  *protocol.Server
	dial func() net.Conn
	log  *logBuffer
}

// logBuffer keeps log lines as JSON, for several goroutines.
type logBuffer struct {
	mu    sync.Mutex
	wrote sync.Cond // each Write
	buf   bytes.Buffer
}

func newLogBuffer() *logBuffer {
	b := &logBuffer{}
	b.wrote.L = &b.mu
	return b
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.wrote.Broadcast()
	return b.buf.Write(p)
}

// wait returns when a text has been logged so often; the time limit of the test is its own.
func (b *logBuffer) wait(t testing.TB, text string, times int) {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	for strings.Count(b.buf.String(), text) < times {
		b.wrote.Wait()
	}
}

func (b *logBuffer) reset() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.buf.Reset()
}

// lines are the log lines with this message.
func (b *logBuffer) lines(t testing.TB, msg string) []map[string]any {
	t.Helper()
	b.mu.Lock()
	defer b.mu.Unlock()
	var found []map[string]any
	for line := range strings.Lines(b.buf.String()) {
		var fields map[string]any
		if err := json.Unmarshal([]byte(line), &fields); err != nil {
			t.Fatalf("log line %q: %v", line, err)
		}
		if fields["msg"] == msg {
			found = append(found, fields)
		}
	}
	return found
}

// newRig starts a host with the given sources as scripts; change adapts the configuration.
func newRig(t testing.TB, change func(*Config), sources ...string) *rig {
	t.Helper()
	r := &rig{t: t, log: newLogBuffer()}
	r.cfg = Config{
		Version:         "test",
		OnError:         OnErrorTempfail,
		OnOversize:      OnErrorTempfail,
		CallbackTimeout: 5 * time.Second,
		MessageTimeout:  5 * time.Second,
		States:          2,
		MaxMessageSize:  1 << 20,
		SpoolSize:       64 << 10,
		Memory:          guard.NewMemory(0),
		Log:             slog.New(slog.NewJSONHandler(r.log, &slog.HandlerOptions{Level: slog.LevelDebug})),
	}
	if change != nil {
		change(&r.cfg)
	}
	gen := r.load(sources...)
	r.host = NewHost(r.cfg, gen)
	r.srv = &protocol.Server{Handler: r.host, Log: r.cfg.Log, MaxConnections: 1000, IdleTimeout: time.Minute}
	l := newPipeListener()
	go r.srv.Serve(l)
	t.Cleanup(func() { r.srv.Shutdown(t.Context()) })
	r.dial = l.dial
	return r
}

func (r *rig) load(sources ...string) *Generation {
	r.t.Helper()
	dir := r.t.TempDir()
	r.cfg.Scripts = nil
	for i, src := range sources {
		path := filepath.Join(dir, "filter"+string(rune('1'+i))+".lua")
		if err := os.WriteFile(path, []byte(src), 0o644); err != nil {
			r.t.Fatal(err)
		}
		r.cfg.Scripts = append(r.cfg.Scripts, path)
	}
	gen, err := Load(r.t.Context(), r.cfg)
	if err != nil {
		r.t.Fatalf("load: %v", err)
	}
	return gen
}

// offerAll is an MTA that can do everything.
var offerAll = protocol.Offer{Version: 6, Actions: protocol.AllActions, Steps: protocol.AllSteps}

// connect opens a connection as an MTA does, up to HELO.
func (r *rig) connect() *dialogue {
	r.t.Helper()
	d := r.negotiate(offerAll)
	d.ok(d.Connect("mx.example", protocol.FamilyInet, 25, "192.0.2.1"))
	d.ok(d.Helo("helo.example"))
	return d
}

func (r *rig) negotiate(offer protocol.Offer) *dialogue {
	r.t.Helper()
	c := protocol.NewClient(r.dial())
	d := &dialogue{Client: c, t: r.t}
	r.t.Cleanup(func() { c.Close() })
	if _, err := c.Negotiate(offer); err != nil {
		r.t.Fatalf("negotiate: %v", err)
	}
	return d
}

// dialogue is an MTA's side of a connection in a test.
type dialogue struct {
	*protocol.Client
	t testing.TB
}

// ok checks that the answer is continue.
func (d *dialogue) ok(a protocol.Answer, err error) {
	d.t.Helper()
	d.want("continue", a, err)
}

// want checks an answer: the verdict, and the reply where there is one.
func (d *dialogue) want(want string, a protocol.Answer, err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatalf("got error %v, want %s", err, want)
	}
	got := a.Verdict.Kind.String()
	if a.Verdict.Reply.Code != 0 {
		got += " " + a.Verdict.Reply.String()
	}
	if got != want {
		d.t.Errorf("got %q, want %q", got, want)
	}
}

// message sends a whole message and gives the answer at its end.
func (d *dialogue) message(sender string) protocol.Answer {
	d.t.Helper()
	d.ok(d.Mail("<" + sender + ">"))
	d.ok(d.Rcpt("<b@example.net>"))
	d.ok(d.Data())
	d.ok(d.Header("Subject", "hello"))
	d.ok(d.EOH())
	d.ok(d.Body("body\r\n"))
	a, err := d.EOM()
	if err != nil {
		d.t.Fatalf("eom: %v", err)
	}
	return a
}

// pipeListener accepts connections of this process, so that a test needs no port.
type pipeListener struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func newPipeListener() *pipeListener {
	return &pipeListener{conns: make(chan net.Conn), closed: make(chan struct{})}
}

func (l *pipeListener) dial() net.Conn {
	near, far := net.Pipe()
	l.conns <- far
	return near
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *pipeListener) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "unix"} }
