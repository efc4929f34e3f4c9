package protocol

import "fmt"

// Family is the address family of the SMTP client (SMFIA_*).
type Family byte

// The families.
const (
	FamilyUnknown Family = 'U' // SMFIA_UNKNOWN
	FamilyUnix    Family = 'L' // SMFIA_UNIX
	FamilyInet    Family = '4' // SMFIA_INET
	FamilyInet6   Family = '6' // SMFIA_INET6
)

// String gives "unknown", "unix", "inet" or "inet6".
func (f Family) String() string {
	switch f {
	case FamilyUnknown:
		return "unknown"
	case FamilyUnix:
		return "unix"
	case FamilyInet:
		return "inet"
	case FamilyInet6:
		return "inet6"
	}
	return fmt.Sprintf("family 0x%02x", byte(f))
}

// Event is one callback of the milter protocol. Fields that its Code does not have are zero.
//
// The Event itself belongs to the connection and is used again for the next callback. Its strings
// and Params may be kept for ever: the bytes behind them are never written again, but those of a
// Body that a BodyReturner has returned. A string can pin up to 256 KiB of the read buffer, so clone
// what outlives the message.
type Event struct {
	Code Code

	// Connect. Hostname is as sent. In Address the prefix "IPv6:" and brackets are removed; one
	// that does not parse for its family makes Family FamilyUnknown and Address "".
	Hostname string
	Family   Family
	Address  string
	Port     uint16

	// Name is the argument of HELO, or the name of a header field.
	Name string
	// Value is the value of a header field without the first space after the colon, folded with
	// LF as the MTA sent it; of CodeUnknown, the SMTP command line.
	Value string
	// NoSpace: it is known that no space stood after the colon of the header field. Never set
	// where StepLeadingSpace was not negotiated.
	NoSpace bool

	// Mailbox is the argument of MAIL or RCPT as sent, with <> if sent, Params the ESMTP
	// parameters as sent.
	Mailbox string
	Params  []string

	// Body is a chunk of the body; its borders fall anywhere.
	Body string

	// Macros is always set, and belongs to the connection.
	Macros *Macros

	progress func() error
}

// Progress tells the MTA at once that the milter is still at work (SMFIR_PROGRESS, smfi_progress).
// On any event but CodeEOM it does nothing, because Sendmail takes it for a wrong reply there. Only
// the goroutine that runs Session.Handle may call it, and only until Handle returns. The error is
// that of the connection.
func (e *Event) Progress() error {
	if e.progress == nil || e.Code != CodeEOM {
		return nil
	}
	return e.progress()
}
