package main

import (
	"io"
	"log/slog"
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
