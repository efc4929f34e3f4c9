package luatest

import (
	"context"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"time"

	"luamilter/luabind"
	"luamilter/protocol"
)

// recorder keeps what a host logs and what its callbacks take. It is the host's log and its Observer.
type recorder struct {
	mu       sync.Mutex
	lines    []Line
	calls    []Calls
	failures []*failure
	failing  bool   // the next line says how a callback has failed
	queueID  string // of the mail on its way, which the host puts into each line
}

// failure is one callback that failed.
type failure struct {
	script, callback, kind, message, traceback string

	expected bool // the test has looked at it
}

func newRecorder() *recorder { return &recorder{} }

func (r *recorder) logger() *slog.Logger { return slog.New(logHandler{r}) }

// add keeps a line.
func (r *recorder) add(l Line) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = append(r.lines, l)
}

// begin notes that a mail is on its way.
func (r *recorder) begin(queueID string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.queueID = queueID
}

func (r *recorder) forgetLines() {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.lines = nil
}

// mark is how much there is now.
type mark struct {
	lines, failures int
	calls           []Calls
}

func (r *recorder) mark() mark {
	r.mu.Lock()
	defer r.mu.Unlock()
	return mark{len(r.lines), len(r.failures), slices.Clone(r.calls)}
}

// since is what came after the mark.
func (r *recorder) since(m mark) (lines []Line, calls []Calls, failures []*failure) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for i, c := range r.calls {
		if i < len(m.calls) {
			c.Count -= m.calls[i].Count
			c.Took -= m.calls[i].Took
		}
		if c.Count > 0 {
			calls = append(calls, c)
		}
	}
	return slices.Clone(r.lines[m.lines:]), calls, slices.Clone(r.failures[m.failures:])
}

// Callback implements engine.Observer.
func (r *recorder) Callback(cb luabind.Callback, took time.Duration) {
	r.mu.Lock()
	defer r.mu.Unlock()
	name := cb.String()
	i := slices.IndexFunc(r.calls, func(c Calls) bool { return c.Name == name })
	if i < 0 {
		i = len(r.calls)
		r.calls = append(r.calls, Calls{Name: name})
	}
	r.calls[i].Count++
	r.calls[i].Took += took
}

// Failure implements engine.Observer: the host logs it next.
func (r *recorder) Failure(luabind.Kind) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.failing = true
}

// Message implements engine.Observer.
func (*recorder) Message(string, protocol.Code, int64) {}

// Recipient implements engine.Observer.
func (*recorder) Recipient(protocol.VerdictKind) {}

// Connection implements engine.Observer.
func (*recorder) Connection(protocol.VerdictKind, protocol.Code) {}

// Reload implements engine.Observer.
func (*recorder) Reload(error) {}

// logHandler is the recorder as a log. What the host says of connections and generations is left out.
type logHandler struct{ r *recorder }

// Enabled implements slog.Handler.
func (logHandler) Enabled(context.Context, slog.Level) bool { return true }

// WithAttrs implements slog.Handler.
func (h logHandler) WithAttrs([]slog.Attr) slog.Handler { return h }

// WithGroup implements slog.Handler.
func (h logHandler) WithGroup(string) slog.Handler { return h }

// Handle keeps the lines of scripts, the warnings of the host, and the failures.
func (h logHandler) Handle(_ context.Context, record slog.Record) error {
	h.r.mu.Lock()
	defer h.r.mu.Unlock()
	l := h.r.line(record)
	switch {
	case h.r.failing:
		h.r.failing = false
		h.r.failures = append(h.r.failures, failureOf(l))
	case l.Script != "" || record.Level >= slog.LevelWarn:
		h.r.lines = append(h.r.lines, l)
	}
	return nil
}

// line takes a record apart: what the host adds to a line of a script comes first (luabind.Log).
func (r *recorder) line(record slog.Record) Line {
	l := Line{Level: strings.ToLower(record.Level.String()), Text: record.Message}
	place := 0
	record.Attrs(func(a slog.Attr) bool {
		value := a.Value.String()
		switch {
		case place == 0 && a.Key == "script":
			l.Script = value
		case place == 1 && a.Key == "callback" && l.Script != "":
			l.Callback = value
		case place == 2 && a.Key == "id" && l.Callback != "" && value == r.queueID:
		default:
			l.Fields = append(l.Fields, Field{a.Key, value})
		}
		place++
		return true
	})
	return l
}

func failureOf(l Line) *failure {
	f := &failure{script: l.Script, callback: l.Callback}
	for _, field := range l.Fields {
		switch field.Name {
		case "kind":
			f.kind = field.Value
		case "error":
			f.message = field.Value
		case "traceback":
			f.traceback = field.Value
		}
	}
	return f
}
