package main

import (
	"context"
	"log/slog"
)

// scriptLog is the log of a replay: of the host's information only what comes from a script, since the report says the rest.
type scriptLog struct{ slog.Handler }

// Handle drops what the report says.
func (l scriptLog) Handle(ctx context.Context, r slog.Record) error {
	ofScript := false
	r.Attrs(func(a slog.Attr) bool {
		ofScript = ofScript || a.Key == "script"
		return !ofScript
	})
	if r.Level < slog.LevelWarn && !ofScript {
		return nil
	}
	return l.Handler.Handle(ctx, r)
}

// WithAttrs keeps the filter.
func (l scriptLog) WithAttrs(attrs []slog.Attr) slog.Handler {
	return scriptLog{l.Handler.WithAttrs(attrs)}
}

// WithGroup keeps the filter.
func (l scriptLog) WithGroup(name string) slog.Handler {
	return scriptLog{l.Handler.WithGroup(name)}
}
