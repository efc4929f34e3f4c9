package main

import (
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"luamilter/engine"
)

// defaultMessages is how many entries GET /messages gives unless ?last= says so.
const defaultMessages = 100

// messagesAnswer is that of GET /messages and GET /messages/ID.
type messagesAnswer struct {
	Messages []*engine.Entry `json:"messages"` // newest first
}

// errorAnswer says why there is no other answer.
type errorAnswer struct {
	Error string `json:"error"`
}

// entryQuery is what a request for entries asks for.
type entryQuery struct {
	matches engine.Matches
	backlog engine.Backlog
}

// parseQuery reads ?last=N&after=TIME&match=KEY=PATTERN, of which match may come several times.
func parseQuery(values url.Values, last int) (q entryQuery, err error) {
	for name := range values {
		if name != "last" && name != "after" && name != "match" {
			return entryQuery{}, fmt.Errorf("there is no parameter %.40q; there are last, after and match", name)
		}
	}
	q.backlog.Last = last
	if text := values.Get("last"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil || n < 0 || n > 2*engine.MostJournal {
			return entryQuery{}, fmt.Errorf("last=%.40q is no number from 0 to %d", text, 2*engine.MostJournal)
		}
		q.backlog.Last = n
	}
	if text := values.Get("after"); text != "" {
		if q.backlog.After, err = time.Parse(time.RFC3339Nano, text); err != nil {
			return entryQuery{}, fmt.Errorf("after=%.60q is no time as in RFC 3339", text)
		}
	}
	q.matches, err = engine.ParseMatches(values["match"])
	return q, err
}

// journaled makes a handler of one that needs the journal and a query.
func (a *admin) journaled(last int, handle func(http.ResponseWriter, *http.Request, *engine.Journal, entryQuery)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		if a.journal == nil {
			writeJSON(w, http.StatusNotFound, errorAnswer{"no messages are kept: --journal-size is 0"})
			return
		}
		values, err := url.ParseQuery(r.URL.RawQuery)
		var q entryQuery
		if err == nil {
			q, err = parseQuery(values, last)
		}
		if err != nil {
			writeJSON(w, http.StatusBadRequest, errorAnswer{err.Error()})
			return
		}
		handle(w, r, a.journal, q)
	}
}

// messages answers with the last entries, newest first.
func (a *admin) messages(w http.ResponseWriter, _ *http.Request, j *engine.Journal, q entryQuery) {
	writeEntries(w, j.Recent(q.backlog, q.matches))
}

// writeEntries writes a messagesAnswer with a line for each entry, and never has more than one of them as text.
func writeEntries(w http.ResponseWriter, entries []*engine.Entry) {
	w.Header().Set("Content-Type", "application/json")
	before := "{\"messages\": [\n"
	for _, e := range entries {
		text, err := asJSON(e)
		if err == nil {
			_, err = fmt.Fprintf(w, "%s%s", before, text)
		}
		if err != nil {
			return // whoever asked is gone
		}
		before = ",\n"
	}
	if len(entries) == 0 {
		io.WriteString(w, before)
	}
	io.WriteString(w, "\n]}\n")
}

// message answers with the entries of one queue id, or of one connection.
func (a *admin) message(w http.ResponseWriter, r *http.Request, j *engine.Journal, _ entryQuery) {
	id := r.PathValue("id")
	entries := j.Find(id)
	if len(entries) == 0 {
		writeJSON(w, http.StatusNotFound, errorAnswer{notKept(j, id)})
		return
	}
	writeEntries(w, entries)
}

func notKept(j *engine.Journal, id string) string {
	oldest, kept := j.Oldest()
	if kept == 0 {
		return fmt.Sprintf("%.80q: no message has ended yet", id)
	}
	return fmt.Sprintf("%.80q is none of the %d messages that are kept, the oldest from %s; one in flight is not there yet",
		id, kept, oldest.Format(time.DateTime))
}

// eventBeat is how often a listener hears something, so that both sides notice when the other one is gone.
const eventBeat = 15 * time.Second

// eventWrite is how long a listener may take for what it is sent.
const eventWrite = 10 * time.Second

// events sends each entry as it comes (server-sent events), until the client goes, does not take what is sent, or the milter
// ends.
func (a *admin) events(w http.ResponseWriter, r *http.Request, j *engine.Journal, q entryQuery) {
	l, earlier, err := j.Listen(q.backlog, q.matches)
	if errors.Is(err, engine.ErrListeners) {
		writeJSON(w, http.StatusServiceUnavailable, errorAnswer{fmt.Sprintf("%v: %d at most", err, engine.MostListeners)})
		return
	}
	defer l.Close()
	w.Header().Set("Content-Type", "text/event-stream")
	s := &eventSender{w: w, control: http.NewResponseController(w), matches: q.matches}
	if s.comment("luamilter "+version()) != nil {
		return
	}
	for _, e := range earlier {
		if s.entry(e) != nil {
			return
		}
	}
	beat := time.NewTicker(eventBeat)
	defer beat.Stop()
	for {
		select {
		case e := <-l.Entries():
			err = errors.Join(s.entry(e), s.gap(l.Missed()))
		case <-beat.C:
			err = s.comment("")
		case <-r.Context().Done():
			return
		case <-a.ended:
			s.rest(l)
			return
		}
		if err != nil {
			return
		}
	}
}
