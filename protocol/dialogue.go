package protocol

import (
	"errors"
	"fmt"
)

// dialogue is what a connection remembers of what was said.
type dialogue struct {
	session  Session
	pauser   Pauser       // the same, or nil
	returner BodyReturner // the same, or nil
	state    state
	got      Options
	wish     Step // what the Session asked for, offered or not
	macros   Macros
	ev       Event // used for one event after the other
	spent    bool  // nothing refers to the frame that has just been taken
	send     func() error

	// A verdict stands until the connection, the HELO or the message it concerns is over, and is
	// the answer to all that comes.
	connVerdict, heloVerdict, messageVerdict Verdict

	macroFor Code // the command whose macros came last, if it has not come itself
	begun    bool // there has been a message
	open     bool // the Session is in a message
	told     bool // the MTA knows messageVerdict
	skipBody bool // the MTA was told to skip the rest of the body
}

// inFlight reports that the connection is within a message whose fate the MTA does not know.
func (c *conn) inFlight() bool {
	return c.dialogue.state&inMessage != 0 && !c.dialogue.told
}

// openSession begins a new Session, after another one or none.
func (c *conn) openSession(previous Session) error {
	d := &c.dialogue
	d.state = stateStart
	d.ev.Macros = &d.macros
	d.send = c.sendProgress
	d.session = c.server.Handler.NewSession(c.peer, previous)
	if d.session == nil {
		return errors.New("the handler gave no session")
	}
	d.pauser, _ = d.session.(Pauser)
	d.returner, _ = d.session.(BodyReturner)
	return nil
}

// closeSession ends the Session; it does nothing if there is none.
func (c *conn) closeSession() error {
	d := &c.dialogue
	session := d.session
	if session == nil {
		return nil
	}
	d.session, d.pauser, d.returner = nil, nil, nil
	d.ev = Event{Code: CodeClose, Macros: &d.macros}
	if _, err := session.Handle(c.server.ctx, &d.ev); err != nil {
		return fmt.Errorf("handle %v: %w", CodeClose, err)
	}
	return nil
}

// command takes one frame: where may it come, what does it mean there.
func (c *conn) command(code Code, data string) error {
	d := &c.dialogue
	cmd := &commands[code]
	if cmd.from == 0 {
		return fmt.Errorf("unknown %v", code)
	}
	at := d.state
	if at&noMessage != 0 && d.got.Steps&StepNoMail != 0 && inTransaction(code) {
		at = stateMail // there is no MAIL to begin a message
	}
	if cmd.from&at == 0 {
		return fmt.Errorf("%v out of order: %v", code, d.state)
	}
	switch code {
	case CodeMacro:
		return c.macro(data)
	case CodeOptNeg:
		return c.negotiate(data)
	case CodeAbort, CodeQuit, CodeQuitNC:
		if data != "" {
			return decodeError(code, errData)
		}
		return c.end(code)
	}
	return c.event(code, cmd, data)
}

// macro keeps the macros for the command that follows. Those of MAIL and HELO tell that the message
// before has ended, if no ABORT did.
func (c *conn) macro(data string) error {
	d := &c.dialogue
	code, pairs, err := decodeMacroCode(data)
	if err != nil {
		return err
	}
	if code == CodeMail || code == CodeHelo {
		if err := c.endMessage(); err != nil {
			return err
		}
	}
	d.macroFor = code
	d.spent = code == CodeBody || code == CodeEOM // receive copies them
	if err := d.macros.receive(code, pairs); err != nil {
		return decodeError(CodeMacro, fmt.Errorf("for %v: %w", code, err))
	}
	return nil
}

// negotiate answers the offer of the MTA.
func (c *conn) negotiate(data string) error {
	d := &c.dialogue
	offer, err := decodeOffer(data)
	if err != nil {
		return err
	}
	if offer.Version < MinVersion {
		return decodeError(CodeOptNeg, fmt.Errorf("version %d, the oldest that is spoken is %d", offer.Version, MinVersion))
	}
	offer = offer.normalized()
	wish := d.session.Negotiate(offer)
	got, warnings := offer.answer(wish)
	for _, w := range warnings {
		c.log().Warn("negotiation", "reason", w.Error())
	}
	d.wish, d.got = wish.Steps, got
	d.session.Negotiated(got)
	c.out = appendOptions(c.out, got)
	d.state = stateNegotiated
	return nil
}

// end takes the commands that end a message, the client's connection or the MTA's.
func (c *conn) end(code Code) error {
	d := &c.dialogue
	if err := c.endMessage(); err != nil {
		return err
	}
	switch code {
	case CodeQuit:
		return errQuit
	case CodeQuitNC:
		previous := d.session
		if err := c.closeSession(); err != nil {
			return err
		}
		d.connVerdict, d.heloVerdict = Verdict{}, Verdict{}
		d.macros.reset()
		c.peer.ID = c.server.newID()
		if err := c.openSession(previous); err != nil {
			return err
		}
		d.session.Negotiated(d.got)
		d.state = stateNext
	}
	return nil
}

// beginMessage: until endMessage, what comes belongs to one message.
func (c *conn) beginMessage() {
	d := &c.dialogue
	d.state = stateMail
	d.begun = true
	d.open = !d.connVerdict.Kind.final() && !d.heloVerdict.Kind.final()
}

// endMessage forgets the message, if there is one, and tells the Session that it ended early, if
// it knows of one.
func (c *conn) endMessage() error {
	d := &c.dialogue
	if d.state&inMessage != 0 {
		d.state = stateReady
	}
	d.messageVerdict, d.told, d.skipBody, d.macroFor = Verdict{}, false, false, 0
	var err error
	if d.open {
		d.open = false
		d.ev = Event{Code: CodeAbort}
		_, err = c.handle()
	}
	d.macros.endMessage()
	return err
}

// handle asks the Session about the Event in dialogue.ev.
func (c *conn) handle() (Verdict, error) {
	d := &c.dialogue
	d.ev.Macros = &d.macros
	v, err := d.session.Handle(c.server.ctx, &d.ev)
	d.ev.progress = nil
	if err == nil && v.Kind > VerdictShutdown {
		err = fmt.Errorf("unknown %v", v.Kind)
	}
	if err != nil {
		return Verdict{}, fmt.Errorf("handle %v: %w", d.ev.Code, err)
	}
	return v, nil
}

// sendProgress is Event.Progress at the end of a message.
func (c *conn) sendProgress() error {
	c.out = appendBare(c.out, byte(ReplyProgress))
	return c.flush()
}
