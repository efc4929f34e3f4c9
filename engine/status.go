package engine

import (
	"time"

	"luamilter/luabind"
)

// Status is what an operator wants to know of a running host.
type Status struct {
	Generation   int            `json:"generation"`
	Hash         string         `json:"hash"`
	Since        time.Time      `json:"since"`
	Files        []string       `json:"files"`
	Connections  int64          `json:"connections"`
	Staying      int64          `json:"staying"`  // connections that can't move to the live generation
	Messages     int64          `json:"messages"` // in flight
	States       []StateStatus  `json:"states"`
	Failures     int64          `json:"failures"`
	Journal      *JournalStatus `json:"journal,omitempty"` // nil for none
	LastErrors   []ErrorStatus  `json:"last_errors"`
	FailedReload *ErrorStatus   `json:"failed_reload"` // nil if the last one went well
}

// StateStatus is how many Lua states of a script of the live generation are idle and in use.
type StateStatus struct {
	Script string `json:"script"`
	Idle   int    `json:"idle"`
	InUse  int    `json:"in_use"`
}

// ErrorStatus is one thing that went wrong.
type ErrorStatus struct {
	Time     time.Time `json:"time"`
	Script   string    `json:"script,omitempty"`
	Callback string    `json:"callback,omitempty"`
	Error    string    `json:"error"`
}

// recent is what went wrong lately.
type recent struct {
	errors       []ErrorStatus
	failedReload *ErrorStatus
}

// mostRecent is how many errors are kept.
const mostRecent = 10

func (h *Host) noteFailure(script *luabind.Script, cb luabind.Callback, err error) {
	h.failures.Add(1)
	h.cfg.Observer.Failure(kindOf(err))
	h.mu.Lock()
	defer h.mu.Unlock()
	e := append(h.recent.errors, ErrorStatus{time.Now(), script.Path(), cb.String(), err.Error()})
	h.recent.errors = e[max(len(e)-mostRecent, 0):]
}

func (h *Host) noteReload(err error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.recent.failedReload = nil
	if err != nil {
		h.recent.failedReload = &ErrorStatus{Time: time.Now(), Error: err.Error()}
	}
}

// Status tells how the host is. Slices are the caller's.
func (h *Host) Status() Status {
	gen := h.Generation()
	st := Status{
		Generation:  gen.number,
		Hash:        gen.hash,
		Since:       gen.since,
		Connections: h.sessions.Load(),
		Staying:     h.staying.Load(),
		Messages:    h.messages.Load(),
		Failures:    h.failures.Load(),
		Journal:     h.cfg.Journal.status(),
	}
	for _, f := range gen.Files() {
		if f.Hash != "" {
			st.Files = append(st.Files, f.Path)
		}
	}
	for i, p := range gen.pools {
		idle, used := p.counts()
		st.States = append(st.States, StateStatus{gen.scripts[i].Path(), idle, used})
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	st.LastErrors = append([]ErrorStatus{}, h.recent.errors...)
	st.FailedReload = h.recent.failedReload
	return st
}
