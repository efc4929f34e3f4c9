package main

import (
	"context"
	"io"
	"log/slog"
	"sync"
	"time"
)

// newLogHandler writes log lines in a format (text or json) from a level on; both have been checked as flags.
func newLogHandler(w io.Writer, format, level string) slog.Handler {
	var least slog.Level
	if err := least.UnmarshalText([]byte(level)); err != nil {
		least = slog.LevelInfo
	}
	options := &slog.HandlerOptions{Level: least}
	if format == "json" {
		return slog.NewJSONHandler(w, options)
	}
	return slog.NewTextHandler(w, options)
}

const (
	// logDelay is the longest that an ordinary log line waits for others, so that one write carries many.
	logDelay = 50 * time.Millisecond
	// logSize is how many bytes of lines are written without waiting.
	logSize = 16 << 10
)

// lineBuffer gathers log lines for few writes.
type lineBuffer struct {
	w io.Writer

	mu    sync.Mutex
	lines []byte
	timer *time.Timer // runs while lines wait
}

// Write keeps a line; slog calls it once for each.
func (b *lineBuffer) Write(line []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if len(b.lines)+len(line) > logSize {
		b.flushLocked()
	}
	b.lines = append(b.lines, line...)
	switch {
	case b.timer == nil:
		b.timer = time.AfterFunc(logDelay, b.flush)
	case len(b.lines) == len(line):
		b.timer.Reset(logDelay)
	}
	return len(line), nil
}

func (b *lineBuffer) flush() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.flushLocked()
}

func (b *lineBuffer) flushLocked() {
	if len(b.lines) > 0 {
		_, _ = b.w.Write(b.lines) // there is nowhere to say that the log can't be written
		b.lines = b.lines[:0]
		if cap(b.lines) > 4*logSize {
			b.lines = nil // a script may print as much as it likes
		}
	}
}

// bufferedHandler is a handler that writes to a lineBuffer. What is worse than ordinary is written at once.
type bufferedHandler struct {
	slog.Handler
	buffer *lineBuffer
}

// Handle implements slog.Handler.
func (h bufferedHandler) Handle(ctx context.Context, r slog.Record) error {
	err := h.Handler.Handle(ctx, r)
	if r.Level > slog.LevelInfo {
		h.buffer.flush()
	}
	return err
}

// WithAttrs implements slog.Handler.
func (h bufferedHandler) WithAttrs(attrs []slog.Attr) slog.Handler {
	return bufferedHandler{h.Handler.WithAttrs(attrs), h.buffer}
}

// WithGroup implements slog.Handler.
func (h bufferedHandler) WithGroup(name string) slog.Handler {
	return bufferedHandler{h.Handler.WithGroup(name), h.buffer}
}

// newLog is the log of the running milter; flush writes what has not been written yet.
func newLog(w io.Writer, format, level string) (log *slog.Logger, flush func()) {
	buffer := &lineBuffer{w: w}
	return slog.New(bufferedHandler{newLogHandler(buffer, format, level), buffer}), buffer.flush
}
