package luabind

import (
	"log/slog"
	"slices"
	"strings"

	"luamilter/protocol"
)

// Conn is what is known of an SMTP connection: the builtin fields of conn.
type Conn struct {
	Hostname string // as the MTA sent it
	Family   protocol.Family
	Address  string // IP address or socket path; "" for an unknown family
	Port     uint16
	Helo     string
	ID       string // the host's own name for the connection, in each log line

	size int64 // bytes that scripts keep in its fields
}

// Recipient is one accepted recipient of a message.
type Recipient struct {
	Mailbox string // as the MTA sent it
	Address string // without <>
}

// Message is what is known of the message in progress: the builtin fields of msg, and the changes asked for.
type Message struct {
	Sender       string // without <>, "" for the null sender
	SenderParams []string
	Recipients   []Recipient
	ID           string // queue id, "" until the MTA has sent macro i

	changes      []change
	headerCounts map[string]int
	size         int64 // bytes that are kept of this message: fields, changes, and mail
	mail         int64 // of these, bytes of header and body that are kept for on_message
}

// change is a Change of the protocol that may still stand for several.
type change struct {
	protocol.Change
	everyField bool // delete_header without n: each header field of that name
}

// size is what the change is counted with, in bytes.
func (c *change) size() int64 { return int64(entrySize + len(c.Name) + len(c.Value) + len(c.Params)) }

// rollback forgets the changes after the first n.
func (m *Message) rollback(n int) {
	for i := range m.changes[n:] {
		m.size -= m.changes[n+i].size()
	}
	m.changes = m.changes[:n]
}

// Changed says whether a change waits for the end of the message.
func (m *Message) Changed() bool { return len(m.changes) > 0 }

// Resolve lists the changes as they go to the MTA, in the order made.
func (m *Message) Resolve() []protocol.Change {
	var out []protocol.Change
	var deleted map[string]bool // names of which no field is left
	for _, c := range m.changes {
		name := strings.ToLower(c.Name)
		if !c.everyField {
			out = append(out, c.Change)
			continue
		}
		if deleted[name] {
			continue
		}
		if deleted == nil {
			deleted = make(map[string]bool)
		}
		deleted[name] = true
		// Highest first: Postfix renumbers after each deletion, Sendmail does not.
		for n := m.headerCounts[name]; n > 0; n-- {
			c.Index = uint32(n)
			out = append(out, c.Change)
		}
	}
	return out
}

// CountHeader notes that a header field of this name has arrived, for delete_header without n. It says false where the
// message takes more than limit bytes.
func (m *Message) CountHeader(name string, limit int64) bool {
	if m.headerCounts == nil {
		m.headerCounts = make(map[string]int)
	}
	name = strings.ToLower(name)
	if m.headerCounts[name] == 0 {
		name = strings.Clone(name) // ToLower may give the very string, which pins the read buffer
		m.size += int64(entrySize + len(name))
	}
	m.headerCounts[name]++
	return limit <= 0 || m.size <= limit
}

// AddRecipient keeps a recipient, unless the message would take more than limit bytes with it.
func (m *Message) AddRecipient(mailbox string, limit int64) bool {
	size := int64(entrySize + len(mailbox))
	if limit > 0 && m.size+size > limit {
		return false
	}
	m.size += size
	m.Recipients = append(m.Recipients, Recipient{Mailbox: mailbox, Address: Bare(mailbox)})
	return true
}

// recipient finds an accepted recipient, spelled as given or, failing that, in other case.
func (m *Message) recipient(address string) (Recipient, bool) {
	for _, equal := range []func(string) bool{
		func(a string) bool { return a == address },
		func(a string) bool { return strings.EqualFold(a, address) },
	} {
		if i := slices.IndexFunc(m.Recipients, func(r Recipient) bool { return equal(r.Address) }); i >= 0 {
			return m.Recipients[i], true
		}
	}
	return Recipient{}, false
}

// Scope is what one script may know and do while one of its callbacks runs.
type Scope struct {
	Conn       *Conn
	Message    *Message // nil outside a message
	ConnFields *Fields  // of this script
	MsgFields  *Fields  // of this script; nil outside a message
	Macros     *protocol.Macros
	Options    protocol.Options // what was negotiated with the MTA
	MaxSize    int64            // bytes that may be kept of one message
	Log        *slog.Logger
	Mail       Mail  // what on_message is called with
	Notes      Notes // nil: nobody wants to know
	Decided    Place // where the last callback made its verdict, if Notes is there
}

// Bare is an address without the angle brackets that SMTP puts around it.
func Bare(mailbox string) string {
	if len(mailbox) >= 2 && mailbox[0] == '<' && mailbox[len(mailbox)-1] == '>' {
		return mailbox[1 : len(mailbox)-1]
	}
	return mailbox
}
