package engine

import (
	"math"
	"strconv"
	"strings"
	"time"
)

// EntryKind is what an Entry is about.
type EntryKind string

// The kinds of entry.
const (
	EntryMessage    EntryKind = "message"    // a message has ended
	EntryRecipient  EntryKind = "recipient"  // a script refused a recipient of one
	EntryConnection EntryKind = "connection" // a script refused a connection, at CONNECT or HELO
)

// Entry is what the Journal keeps of a message, a refused recipient, or a refused connection. No body is in it, and of the
// header only what changes and log lines show. Whatever a stranger or a script makes as long as it likes is cut, to at
// most 48 KiB in all.
type Entry struct {
	Number     uint64    `json:"number"` // from 1, in the order in which entries came
	Time       time.Time `json:"time"`
	Kind       EntryKind `json:"kind"`
	ID         string    `json:"id,omitempty"` // queue id
	Connection string    `json:"connection"`   // the host's own name for it, as in the log
	Generation int       `json:"generation"`
	Hash       string    `json:"hash"`
	Client     string    `json:"client"` // name[address]
	Helo       string    `json:"helo,omitempty"`
	Sender     string    `json:"sender"`
	Recipients []string  `json:"recipients,omitempty"`

	Verdict string `json:"verdict"`
	Stage   string `json:"stage"`
	Reply   string `json:"reply,omitempty"`
	Line    string `json:"line,omitempty"` // "file:line" where the verdict was made, or the script failed

	Changes   []string       `json:"changes,omitempty"`
	Bytes     int64          `json:"bytes"` // of header and body, as far as the scripts were sent them
	Took      Seconds        `json:"took"`  // all callbacks of the message together
	Callbacks []EntryCall    `json:"callbacks,omitempty"`
	Log       []EntryLog     `json:"log,omitempty"`
	Failures  []EntryFailure `json:"failures,omitempty"`
	Left      EntryLeft      `json:"left_out"`
}

// EntryCall is a callback of one script, or all calls of its on_header, or of its on_body.
type EntryCall struct {
	Script   string  `json:"script"`
	Callback string  `json:"callback"`
	Count    int     `json:"count"`
	Took     Seconds `json:"took"`              // all calls together
	Verdict  string  `json:"verdict,omitempty"` // the last, unless it was continue
	Reply    string  `json:"reply,omitempty"`
	Line     string  `json:"line,omitempty"` // where the verdict was made
}

// EntryLog is a line that a script has logged, of whatever level.
type EntryLog struct {
	Script   string `json:"script"`
	Callback string `json:"callback"`
	Level    string `json:"level"`
	Text     string `json:"text"`
	Fields   string `json:"fields,omitempty"` // "name=value name=value"
}

// EntryFailure is a callback that failed.
type EntryFailure struct {
	Script    string `json:"script"`
	Callback  string `json:"callback"`
	Kind      string `json:"kind"`
	Error     string `json:"error"`
	Traceback string `json:"traceback,omitempty"`
	Answer    string `json:"answer"` // --on-error, or --on-oversize
}

// EntryLeft is how much of each list the entry does not have.
type EntryLeft struct {
	Recipients int `json:"recipients,omitempty"`
	Changes    int `json:"changes,omitempty"`
	Callbacks  int `json:"callbacks,omitempty"`
	Log        int `json:"log,omitempty"`
	Failures   int `json:"failures,omitempty"`
}

// Seconds is a time that JSON has as a number of seconds.
type Seconds time.Duration

// MarshalJSON implements json.Marshaler.
func (s Seconds) MarshalJSON() ([]byte, error) {
	return strconv.AppendFloat(nil, time.Duration(s).Seconds(), 'f', -1, 64), nil
}

// UnmarshalJSON implements json.Unmarshaler.
func (s *Seconds) UnmarshalJSON(text []byte) error {
	f, err := strconv.ParseFloat(string(text), 64)
	*s = Seconds(math.Round(f * float64(time.Second)))
	return err
}

// pack copies the strings into memory of their own: each may be a small part of a large buffer, which the journal would
// keep.
func pack(texts []*string) {
	size := 0
	for _, t := range texts {
		size += len(*t)
	}
	var b strings.Builder
	b.Grow(size)
	for _, t := range texts {
		b.WriteString(*t)
	}
	all := b.String()
	for _, t := range texts {
		n := len(*t)
		*t, all = all[:n], all[n:]
	}
}
