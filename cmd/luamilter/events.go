package main

import (
	"bufio"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"luamilter/engine"
)

// The names of server-sent events (https://html.spec.whatwg.org/multipage/server-sent-events.html).
const (
	eventEntry = "entry" // an engine.Entry
	eventGap   = "gap"   // a gapEvent
)

// gapEvent says that the listener was too slow for so many entries, of which some may not have matched.
type gapEvent struct {
	Missed int `json:"missed"`
}

// eventSender writes the events of one listener.
type eventSender struct {
	w       io.Writer
	control *http.ResponseController
	matches engine.Matches
}

func (s *eventSender) entry(e *engine.Entry) error {
	if !s.matches.Match(e) {
		return nil
	}
	return s.event(eventEntry, e)
}

func (s *eventSender) gap(missed int) error {
	if missed == 0 {
		return nil
	}
	return s.event(eventGap, gapEvent{missed})
}

// rest sends what has come before the milter ended.
func (s *eventSender) rest(l *engine.Listener) {
	for {
		select {
		case e := <-l.Entries():
			if s.entry(e) != nil {
				return
			}
		default:
			return
		}
	}
}

// comment sends what a client ignores.
func (s *eventSender) comment(text string) error { return s.send([]byte(": " + text + "\n\n")) }

func (s *eventSender) event(name string, value any) error {
	data, err := asJSON(value)
	if err != nil {
		return err
	}
	return s.send(fmt.Appendf(nil, "event: %s\ndata: %s\n\n", name, data))
}

// send writes and flushes; a client that does not take it in time is given up.
func (s *eventSender) send(p []byte) error {
	if err := s.control.SetReadDeadline(time.Time{}); err != nil {
		return err
	}
	if err := s.control.SetWriteDeadline(time.Now().Add(eventWrite)); err != nil {
		return err
	}
	if _, err := s.w.Write(p); err != nil {
		return err
	}
	return s.control.Flush()
}

// mostEvent is the longest line of a stream of events that is read: an entry of 48 KiB, of which each byte is escaped.
const mostEvent = 1 << 20

// readEvents reads a stream of events to its end, and gives each to handle, whose error ends it. Anything between two lines
// calls alive.
func readEvents(r io.Reader, alive func(), handle func(name string, data []byte) error) error {
	lines := bufio.NewScanner(r)
	lines.Buffer(nil, mostEvent)
	name, data := "", []byte(nil)
	for lines.Scan() {
		alive()
		field, value, _ := strings.Cut(lines.Text(), ":")
		value = strings.TrimPrefix(value, " ")
		switch {
		case lines.Text() == "" && data != nil:
			if err := handle(name, data); err != nil {
				return err
			}
			name, data = "", nil
		case lines.Text() == "":
			name = ""
		case field == "event":
			name = value
		case field == "data" && len(data)+len(value) > mostEvent:
			return fmt.Errorf("an event of more than %d bytes", mostEvent)
		case field == "data" && data != nil:
			data = append(append(data, '\n'), value...)
		case field == "data":
			data = append([]byte{}, value...)
		}
	}
	return lines.Err()
}
