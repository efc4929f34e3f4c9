package engine

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"luamilter/luabind"
	"luamilter/protocol"
)

// most is how many of a stranger's things one log line lists.
const most = 20

// logMessage writes the one line of a message.
func (s *session) logMessage(ev *protocol.Event, v protocol.Verdict) {
	verdict := v.Kind.String()
	switch {
	case ev.Code == protocol.CodeAbort:
		verdict = "aborted"
	case v.Kind == protocol.VerdictContinue:
		verdict = protocol.VerdictAccept.String()
	}
	var room [11]slog.Attr // so that there is nothing to allocate
	attrs := append(room[:0],
		slog.String("id", shorten(s.msg.ID)),
		slog.String("client", s.client()),
		slog.String("sender", shorten(s.msg.Sender)),
		slog.String("recipients", list(s.msg.Recipients, func(r luabind.Recipient) string { return r.Address })),
		slog.String("verdict", verdict),
		slog.String("stage", ev.Code.String()),
	)
	if s.msg.rejected > 0 {
		attrs = append(attrs, slog.Int("rejected_recipients", s.msg.rejected))
	}
	if v.Reply.Code != 0 {
		attrs = append(attrs, slog.String("reply", v.Reply.String()))
	}
	if len(v.Changes) > 0 {
		attrs = append(attrs, slog.String("changes", list(v.Changes, protocol.Change.String)))
	}
	attrs = append(attrs, slog.Int("callbacks", s.msg.calls), slog.Duration("took", s.msg.took))
	s.logInfo("message", attrs)
	s.host.cfg.Observer.Message(verdict, ev.Code, s.msg.bytes)
	s.journalMessage(ev, &v, verdict)
}

// logInfo writes a line that says nothing of where in the source it comes from, which costs slog more than the line.
func (s *session) logInfo(text string, attrs []slog.Attr) {
	ctx := context.Background()
	h := s.log.Handler()
	if !h.Enabled(ctx, slog.LevelInfo) {
		return
	}
	r := slog.NewRecord(time.Now(), slog.LevelInfo, text, 0)
	r.AddAttrs(attrs...)
	_ = h.Handle(ctx, r) // there is nowhere to say that the log can't be written
}

// logConnection writes a line for a connection that a script refuses.
func (s *session) logConnection(ev *protocol.Event, v protocol.Verdict) {
	s.log.LogAttrs(context.Background(), slog.LevelInfo, "connection refused by script",
		slog.String("client", s.client()),
		slog.String("helo", shorten(s.conn.Helo)),
		slog.String("verdict", v.Kind.String()),
		slog.String("stage", ev.Code.String()),
		slog.String("reply", v.Reply.String()))
}

// logRecipient writes a line for a recipient that a script refuses.
func (s *session) logRecipient(ev *protocol.Event, v protocol.Verdict) {
	attrs := []slog.Attr{slog.String("client", s.client())}
	if s.msg != nil {
		attrs = append(attrs, slog.String("id", shorten(s.msg.ID)), slog.String("sender", shorten(s.msg.Sender)))
	}
	attrs = append(attrs,
		slog.String("recipient", shorten(luabind.Bare(ev.Mailbox))),
		slog.String("verdict", v.Kind.String()),
		slog.String("reply", v.Reply.String()))
	s.log.LogAttrs(context.Background(), slog.LevelInfo, "recipient refused by script", attrs...)
}

// logFailure writes a line for a callback that failed.
func (s *session) logFailure(sc *scriptState, cb luabind.Callback, err error, took time.Duration, answer OnError) {
	attrs := []slog.Attr{
		slog.String("script", sc.script.Path()),
		slog.String("callback", cb.String()),
	}
	if s.msg != nil {
		attrs = append(attrs, slog.String("id", shorten(s.msg.ID)), slog.String("sender", shorten(s.msg.Sender)))
	}
	attrs = append(attrs, slog.String("client", s.client()))
	attrs = append(attrs, failureAttrs(err)...)
	attrs = append(attrs, slog.Duration("took", took), slog.String("answer", string(answer)))
	s.log.LogAttrs(context.Background(), slog.LevelError, "script failed", attrs...)
}

// failureAttrs say what became of a callback.
func failureAttrs(err error) []slog.Attr {
	attrs := []slog.Attr{slog.String("kind", string(kindOf(err)))}
	var f *luabind.Failure
	if !errors.As(err, &f) {
		return append(attrs, slog.String("error", err.Error()))
	}
	attrs = append(attrs, slog.String("error", shorten(f.Message)))
	if f.Traceback != "" {
		attrs = append(attrs, slog.String("traceback", f.Traceback))
	}
	return attrs
}

// kindStates is the kind of a failure that is not the script's: no Lua state was free, or none could be made.
const kindStates luabind.Kind = "states"

// kindSpool is that of a body that could not be kept: the disk is full, for example.
const kindSpool luabind.Kind = "spool"

func kindOf(err error) luabind.Kind {
	var f *luabind.Failure
	if errors.As(err, &f) {
		return f.Kind
	}
	var disk *spoolError
	if errors.As(err, &disk) {
		return kindSpool
	}
	return kindStates
}

// client is the SMTP client as Postfix logs it: name[address]. An MTA that knows no name sends the address in brackets.
func (s *session) client() string {
	name, address := shorten(s.conn.Hostname), shorten(s.conn.Address)
	if name == "" || name[0] == '[' {
		name = "unknown"
	}
	if address == "" {
		address = "unknown"
	}
	return name + "[" + address + "]"
}

// shorten keeps a stranger's text from filling the log.
func shorten(s string) string {
	const longest = 256
	if len(s) > longest {
		return fmt.Sprintf("%s...(%d bytes)", s[:longest], len(s))
	}
	return s
}

// list joins the first values as one text, so that text and JSON logs read alike.
func list[T any](values []T, text func(T) string) string {
	var b strings.Builder
	for i, v := range values {
		if i == most {
			fmt.Fprintf(&b, " and %d more", len(values)-most)
			break
		}
		if i > 0 {
			b.WriteString(", ")
		}
		b.WriteString(shorten(text(v)))
	}
	return b.String()
}
