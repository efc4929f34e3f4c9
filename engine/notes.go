package engine

import (
	"errors"
	"log/slog"
	"strconv"
	"strings"
	"time"

	"luamilter/luabind"
	"luamilter/protocol"
)

// Bounds of what is noted of one message.
const (
	mostCalls    = 64
	mostLogs     = 32
	mostFailures = 4
	// noteRoom is how many bytes of text are taken from scripts.
	noteRoom = 16 << 10
)

// notes are what the journal will tell of the message in progress; before the first one, of what came on its connection.
// One goroutine uses them. Nil notes take nothing: there is no journal.
type notes struct {
	calls    []EntryCall
	logs     []EntryLog
	failures []EntryFailure
	left     EntryLeft
	usual    int                                         // how many calls the last message had: the next one will be much like it
	room     int                                         // bytes that are left of noteRoom
	decided  [protocol.VerdictShutdown + 1]luabind.Place // where the last verdict of each kind was made
}

func newNotes(j *Journal) *notes {
	if j == nil {
		return nil
	}
	return &notes{room: noteRoom}
}

// called notes a callback that has run. scripts is how many there are.
func (n *notes) called(sc *scriptState, cb luabind.Callback, v *protocol.Verdict, took time.Duration, scripts int) {
	call := n.call(sc, cb, scripts)
	if call == nil {
		n.left.Callbacks++
		call = &EntryCall{}
	}
	call.Count++
	call.Took += Seconds(took)
	if v.Kind == protocol.VerdictContinue {
		return
	}
	n.decided[v.Kind] = sc.scope.Decided
	call.Verdict = v.Kind.String()
	call.Reply = n.take(v.Reply.String())
	call.Line = sc.scope.Decided.String()
}

// call finds where a callback is noted: those that come once for each header field or chunk are noted together.
func (n *notes) call(sc *scriptState, cb luabind.Callback, scripts int) *EntryCall {
	script, name := sc.script.Path(), cb.String()
	if cb == luabind.OnHeader || cb == luabind.OnBody {
		for i := len(n.calls) - 1; i >= max(0, len(n.calls)-scripts); i-- {
			if c := &n.calls[i]; c.Callback == name && c.Script == script {
				return c
			}
		}
	}
	if len(n.calls) >= mostCalls {
		return nil
	}
	if n.calls == nil {
		n.calls = make([]EntryCall, 0, max(n.usual, 8)) // only now: thousands of connections may be idle
	}
	n.calls = append(n.calls, EntryCall{Script: script, Callback: name})
	return &n.calls[len(n.calls)-1]
}

// take cuts a text to what there is room for. It is a copy: the rest may be large.
func (n *notes) take(s string) string {
	if s == "" {
		return ""
	}
	s = shorten(s)
	s = strings.Clone(s[:min(len(s), n.room)])
	n.room -= len(s)
	return s
}

// Logged notes a line of a script (luabind.Notes).
func (n *notes) Logged(script string, cb luabind.Callback, level slog.Level, text string, fields []slog.Attr) {
	if len(n.logs) >= mostLogs || n.room == 0 {
		n.left.Log++
		return
	}
	n.logs = append(n.logs, EntryLog{
		Script:   script,
		Callback: cb.String(),
		Level:    strings.ToLower(level.String()),
		Text:     n.take(text),
		Fields:   n.take(fieldText(fields)),
	})
}

// fieldText is "name=value name=value", cut where it gets long.
func fieldText(fields []slog.Attr) string {
	const enough = 512
	var b strings.Builder
	for _, f := range fields {
		if b.Len() > enough {
			break
		}
		if b.Len() > 0 {
			b.WriteByte(' ')
		}
		b.WriteString(shorten(f.Key) + "=")
		value := shorten(f.Value.String())
		if strings.ContainsAny(value, " \t\r\n\"=") || value == "" {
			value = strconv.Quote(value)
		}
		b.WriteString(value)
	}
	return b.String()
}

// failed notes a callback that failed.
func (n *notes) failed(sc *scriptState, cb luabind.Callback, err error, answer OnError) {
	sc.scope.Decided = luabind.FailedAt(err)
	if len(n.failures) >= mostFailures {
		n.left.Failures++
		return
	}
	message, traceback := err.Error(), ""
	var f *luabind.Failure
	if errors.As(err, &f) {
		message, traceback = f.Message, f.Traceback
	}
	n.failures = append(n.failures, EntryFailure{
		Script:    sc.script.Path(),
		Callback:  cb.String(),
		Kind:      string(kindOf(err)),
		Error:     n.take(message),
		Traceback: n.takeTraceback(traceback),
		Answer:    string(answer),
	})
}

// mostTraceback is how many bytes of a traceback are noted.
const mostTraceback = 2048

func (n *notes) takeTraceback(s string) string {
	s = strings.Clone(s[:min(len(s), mostTraceback, n.room)])
	n.room -= len(s)
	return s
}

// undecide forgets the line of a verdict that is the host's own.
func (n *notes) undecide(kind protocol.VerdictKind) {
	if n != nil {
		n.decided[kind] = luabind.Place{}
	}
}

// give hands the notes over to an entry, and begins anew.
func (n *notes) give(e *Entry) {
	e.Callbacks, e.Log, e.Failures, e.Left = n.calls, n.logs, n.failures, n.left
	*n = notes{room: noteRoom, usual: len(e.Callbacks)}
}
