package protocol

// event takes a command that has a callback.
func (c *conn) event(code Code, cmd *command, data string) error {
	d := &c.dialogue
	if err := c.begin(code); err != nil {
		return err
	}
	d.ev = Event{}
	if err := decodeEvent(&d.ev, code, data, d.got.Steps&StepLeadingSpace != 0); err != nil {
		return err
	}
	if code == CodeMail || inTransaction(code) && d.state&inMessage == 0 {
		c.beginMessage()
	}
	d.spent = code == CodeBody || code == CodeEOM // unless the Session gets a chunk, and keeps it
	if code == CodeEOM {
		return c.endOfMessage()
	}
	if cmd.to != 0 {
		d.state = cmd.to
	}
	v, err := c.decide(code, cmd)
	if err != nil {
		return err
	}
	d.ev.Body = ""
	d.macros.endEvent()
	if d.got.Steps&cmd.noReply == 0 {
		c.reply(code, v)
	}
	return nil
}

// begin ends what the command ends by coming.
func (c *conn) begin(code Code) error {
	d := &c.dialogue
	fresh := d.macroFor == code
	d.macroFor = 0
	if code != CodeHelo && code != CodeMail {
		return nil
	}
	if d.state&inMessage != 0 || !fresh {
		if err := c.endMessage(); err != nil {
			return err
		}
	}
	if code == CodeHelo {
		d.heloVerdict = Verdict{}
		if !fresh {
			d.macros.drop(scopeHelo)
		}
	}
	return nil
}

// decide finds the verdict on the event: one that stands, or that of the Session.
func (c *conn) decide(code Code, cmd *command) (Verdict, error) {
	d := &c.dialogue
	if v := c.standing(code); v != nil {
		return *v, nil
	}
	if d.wish&cmd.off != 0 {
		return Verdict{}, nil // the MTA could not turn it off
	}
	if code == CodeBody && d.skipBody {
		return Verdict{Kind: VerdictSkip}, nil
	}
	v, err := c.handle()
	if err != nil {
		return Verdict{}, err
	}
	d.spent = d.spent && d.returner != nil && d.returner.BodyReturned()
	v.Changes = nil
	c.keep(code, &v, d.got.Steps&cmd.noReply == 0)
	return v, nil
}

// standing gives the verdict that was made before the command, or nil.
func (c *conn) standing(code Code) *Verdict {
	d := &c.dialogue
	switch {
	case d.connVerdict.Kind.final():
		return &d.connVerdict
	case d.heloVerdict.Kind.final():
		return &d.heloVerdict
	case d.messageVerdict.Kind.final() && code != CodeUnknown:
		return &d.messageVerdict
	}
	return nil
}

// keep makes a verdict stand for what it concerns. replied: the MTA gets it as the reply to this
// command.
func (c *conn) keep(code Code, v *Verdict, replied bool) {
	d := &c.dialogue
	switch code {
	case CodeUnknown:
		if replied || d.state&inMessage == 0 {
			return // of one command
		}
	case CodeConnect:
		d.connVerdict = *v
		return
	case CodeHelo:
		d.heloVerdict = *v
		return
	case CodeRcpt:
		refused := v.Kind == VerdictReject || v.Kind == VerdictTempfail
		if refused && replied {
			return // of one recipient
		}
	case CodeBody:
		d.skipBody = v.Kind == VerdictSkip && replied && d.got.Steps&StepSkip != 0
	}
	if v.Kind.final() {
		d.messageVerdict = *v
		d.open = false
	}
}

// reply answers a command other than CodeEOM.
func (c *conn) reply(code Code, v Verdict) {
	d := &c.dialogue
	if v.Kind == VerdictSkip && (code != CodeBody || d.got.Steps&StepSkip == 0) {
		v = Verdict{}
	}
	c.writeVerdict(&v)
	d.told = d.told || d.state&inMessage != 0 && c.standing(code) != nil
}

// writeVerdict appends the reply that says v. A text that no MTA would take is left out: it is a
// mistake of the Session, and the verdict is the better part of it.
func (c *conn) writeVerdict(v *Verdict) {
	if err := v.replyCheck(); err != nil {
		c.log().Error("reply sent without its text", "reason", err.Error())
		v = &Verdict{Kind: v.Kind}
	}
	c.out = appendVerdict(c.out, v)
}

// endOfMessage takes CodeEOM, which may carry the last chunk of the body (PMilter ignored it there,
// so no MTA relies on it, but libmilter reads it).
func (c *conn) endOfMessage() error {
	d := &c.dialogue
	if d.ev.Body != "" {
		d.ev.Code = CodeBody
		if _, err := c.decide(CodeBody, &commands[CodeBody]); err != nil {
			return err
		}
	}
	var v Verdict
	if s := c.standing(CodeEOM); s != nil {
		v = *s
	} else {
		d.open = false
		d.ev = Event{Code: CodeEOM, progress: d.send}
		var err error
		if v, err = c.handle(); err != nil {
			return err
		}
		if v.Done != nil {
			defer v.Done()
		}
	}
	if err := c.writeEnd(&v); err != nil {
		return err
	}
	d.open = false
	return c.endMessage()
}

// writeEnd sends the changes and the verdict at the end of a message. Changes go with the verdicts
// that let the message pass.
func (c *conn) writeEnd(v *Verdict) error {
	d := &c.dialogue
	switch v.Kind {
	case VerdictSkip:
		v.Kind, v.Reply = VerdictContinue, Reply{}
	case VerdictContinue, VerdictAccept:
	default:
		c.writeVerdict(v)
		return nil
	}
	if err := checkChanges(v.Changes, d.got); err != nil {
		c.log().Error("message tempfailed: a change cannot be sent", "reason", err.Error())
		c.writeVerdict(&Verdict{Kind: VerdictTempfail})
		return nil
	}
	if err := c.writeChanges(v.Changes); err != nil {
		return err
	}
	c.writeVerdict(v)
	return nil
}

// writeChanges sends the changes in their order, the body last: Postfix wants its packets in one
// run. Of several bodies the last one counts.
func (c *conn) writeChanges(changes []Change) error {
	var body *Change
	leadingSpace := c.dialogue.got.Steps&StepLeadingSpace != 0
	for i := range changes {
		if changes[i].Code == ReplyReplaceBody {
			body = &changes[i]
			continue
		}
		c.out = appendChange(c.out, &changes[i], leadingSpace)
		if err := c.flushFull(); err != nil {
			return err
		}
	}
	if body == nil {
		return nil
	}
	rest := newBody{value: body.Value, pieces: body.Pieces}
	for last := false; !last; {
		c.out, last = appendBody(c.out, &rest)
		if err := c.flushFull(); err != nil {
			return err
		}
	}
	return nil
}

// flushFull writes the replies if there are many.
func (c *conn) flushFull() error {
	if len(c.out) < flushSize {
		return nil
	}
	return c.flush()
}
