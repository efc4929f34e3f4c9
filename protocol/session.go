package protocol

import "context"

// Peer is the other end of a connection, for logs.
type Peer struct {
	RemoteAddr string // "unix" for a unix socket
	ID         string // short, and unique among the connections of the Server
}

// Handler opens a Session for each connection of an MTA, and again after each SMFIC_QUIT_NC. It is
// called by many goroutines at once, and should not wait: one of them may be that which accepts connections.
type Handler interface {
	// NewSession begins a Session. previous is nil but after SMFIC_QUIT_NC: then it is the Session
	// that has just closed, and what was negotiated for it holds for the new one too.
	NewSession(peer Peer, previous Session) Session
}

// Session is the policy behind one connection. Its methods are called one at a time, but not always by the same
// goroutine.
type Session interface {
	// Negotiate says what is asked of an MTA that offers offer. The Server keeps of the answer what
	// was offered, so a Session may ask for all it wants. What it wants and is not offered the
	// Server makes up for: a step that should be off is not given to Handle.
	Negotiate(offer Offer) Options

	// Negotiated tells what holds from now on. After SMFIC_QUIT_NC it is called on the new Session
	// with the options of the old one, and Negotiate is not.
	Negotiated(got Options)

	// Handle decides on one Event, which is valid until it returns. An error closes the connection
	// with a log line. ctx ends when the Server closes the connection on its own accord.
	//
	// The verdict on two events is ignored. CodeAbort comes once for each message that ends without
	// CodeEOM, but not after a verdict has ended it. CodeClose comes once, last, whatever happened.
	Handle(ctx context.Context, ev *Event) (Verdict, error)
}

// Pauser is a Session that holds something from one Event to the next as long as no time is lost between them.
type Pauser interface {
	// Pause is called when all that the MTA has sent is handled, before the Server waits for more, and before it writes.
	// It may come while Handle runs, in its goroutine: from Event.Progress.
	Pause()
}

// BodyReturner is a Session that does not always keep what it is given of the body.
type BodyReturner interface {
	// BodyReturned is asked after each CodeBody that was given to Handle. True says that nothing refers to any byte of its
	// Event.Body any more, the Verdict neither: what comes next may be read over it.
	BodyReturned() bool
}
