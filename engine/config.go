package engine

import (
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"time"

	"luamilter/luabind/guard"
	"luamilter/protocol"
)

// OnError is what becomes of a message when a script fails.
type OnError string

// The answers to a failing script.
const (
	OnErrorTempfail OnError = "tempfail"
	OnErrorReject   OnError = "reject"
	OnErrorAccept   OnError = "accept"
	OnErrorContinue OnError = "continue"
)

// ParseOnError reads one of the four words.
func ParseOnError(s string) (OnError, error) {
	all := []OnError{OnErrorTempfail, OnErrorReject, OnErrorAccept, OnErrorContinue}
	if slices.Contains(all, OnError(s)) {
		return OnError(s), nil
	}
	return "", fmt.Errorf("%q is none of %s", s, strings.Trim(fmt.Sprint(all), "[]"))
}

// verdict is what the MTA is told (RFC 3463: X.3.0, other or undefined mail system status).
func (o OnError) verdict() protocol.Verdict {
	switch o {
	case OnErrorReject:
		return protocol.Verdict{Kind: protocol.VerdictReject,
			Reply: protocol.Reply{Code: 554, EnhancedCode: "5.3.0", Lines: []string{"Message filter failed"}}}
	case OnErrorAccept:
		return protocol.Verdict{Kind: protocol.VerdictAccept}
	case OnErrorContinue:
		return protocol.Verdict{}
	}
	return protocol.Verdict{Kind: protocol.VerdictTempfail,
		Reply: protocol.Reply{Code: 451, EnhancedCode: "4.3.0", Lines: []string{"Message filter failed - try again later"}}}
}

// Config is what the operator chose.
type Config struct {
	Version         string // of the host, which scripts see as milter.version
	Scripts         []string
	OnError         OnError
	OnOversize      OnError
	CallbackTimeout time.Duration // for each callback but on_eom and on_message
	MessageTimeout  time.Duration // for these, and for loading a script
	States          int           // the most Lua states per script; 0: by core count
	MaxMessageSize  int64         // bytes kept of one message; 0: no limit
	SpoolSize       int64         // bytes of a body for on_message that are kept in memory and not in a file
	Memory          *guard.Memory
	Log             *slog.Logger
	Observer        Observer // nil: nobody is told
	Journal         *Journal // nil: none is kept

	// Clock, where it is not nil, tells scripts the time, and what they give to every() runs only when Host.Advance moves it.
	Clock *guard.Clock
	// Rotate runs each callback in the Lua state that has rested longest, so that a test shows what a script loses when it
	// keeps things where another state does not have them.
	Rotate bool
	// Coverage, where it is not nil, counts what of the scripts runs.
	Coverage *guard.Coverage
	// Settings are those of each script in place of its own.
	Settings guard.Settings
}

// statesPerCore leaves room for callbacks that wait for something else than the processor.
const statesPerCore = 4

func (c Config) states() int {
	if c.States > 0 {
		return c.States
	}
	return DefaultStates()
}

// DefaultStates is what Config.States stands for as 0, by GOMAXPROCS as it is now.
func DefaultStates() int { return statesPerCore * runtime.GOMAXPROCS(0) }
