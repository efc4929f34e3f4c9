package engine

import (
	"time"

	"luamilter/luabind"
	"luamilter/protocol"
)

// Observer is told what happens, for metrics. Many goroutines call it at once.
type Observer interface {
	// Message has ended, at a stage; bytes are those of header and body that the MTA has sent to the scripts.
	Message(verdict string, stage protocol.Code, bytes int64)
	// Recipient was refused by a script.
	Recipient(verdict protocol.VerdictKind)
	// Connection was refused by a script, at CONNECT or HELO.
	Connection(verdict protocol.VerdictKind, stage protocol.Code)
	// Callback of one script has run, well or not.
	Callback(cb luabind.Callback, took time.Duration)
	// Failure of a callback, which is logged next.
	Failure(kind luabind.Kind)
	// Reload has ended; err says why the live generation stays.
	Reload(err error)
}

// ignorant is the Observer of a host without one.
type ignorant struct{}

func (ignorant) Message(string, protocol.Code, int64)           {}
func (ignorant) Recipient(protocol.VerdictKind)                 {}
func (ignorant) Connection(protocol.VerdictKind, protocol.Code) {}
func (ignorant) Callback(luabind.Callback, time.Duration)       {}
func (ignorant) Failure(luabind.Kind)                           {}
func (ignorant) Reload(error)                                   {}
