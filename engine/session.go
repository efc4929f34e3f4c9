package engine

import (
	"context"
	"log/slog"
	"strings"
	"time"

	"luamilter/luabind"
	"luamilter/protocol"
)

// session is one SMTP connection as the scripts see it. One goroutine uses it at a time.
type session struct {
	host    *Host
	gen     *Generation
	log     *slog.Logger
	offer   protocol.Offer   // of the MTA
	wish    protocol.Options // what was asked for, by this generation or an earlier one
	options protocol.Options // what was negotiated
	stays   bool             // what was negotiated does not do for the live generation
	conn    luabind.Conn
	msg     *message // nil outside a message
	counts  bool     // a script needs to know how many header fields of a name there are
	reads   bool     // a script defines on_message
	forgets bool     // no script keeps anything of a chunk of the body
	sending *mail    // a new body that the MTA is being sent lies in it
	scripts []scriptState
	notes   *notes        // for the journal; nil without one
	clock   time.Duration // Host.now when the last callback ended; 0: too long ago to count from
}

// scriptState is how far one script is with the connection and its message.
type scriptState struct {
	script   *luabind.Script
	pool     *pool
	scope    luabind.Scope
	last     *luabind.State // that ran its last callback, and may have its fields at hand
	held     *luabind.State // the same, as long as what the MTA has sent is not all handled
	connDone bool           // it accepted the connection: nothing more of it
	msgDone  bool           // it accepted the message, or failed in it
	bodyDone bool           // it skipped the rest of the body
	sawEnd   bool           // the end of the message came to it: no on_abort after that
}

// message is the message in progress, for the scripts and for its log line.
type message struct {
	luabind.Message
	rejected int // recipients that a script refused
	calls    int
	took     time.Duration
	bytes    int64 // of header and body, as far as the MTA sends them
	mail     *mail // nil where no script waits for it
}

func newSession(host *Host, gen *Generation, peer protocol.Peer) *session {
	s := &session{host: host, notes: newNotes(host.cfg.Journal)}
	s.conn.ID = peer.ID
	s.conn.Family = protocol.FamilyUnknown
	s.adopt(gen)
	return s
}

// Negotiate asks for what the scripts of the generation need.
func (s *session) Negotiate(offer protocol.Offer) protocol.Options {
	s.offer, s.wish = offer, s.gen.wants
	return s.wish
}

// Negotiated notes what holds.
func (s *session) Negotiated(got protocol.Options) {
	s.options = got
	for i := range s.scripts {
		s.scripts[i].scope.Options = s.permitted()
	}
}

// permitted is what was negotiated, without the actions that an earlier generation asked for and this one does not.
func (s *session) permitted() protocol.Options {
	options := s.options
	options.Actions &= s.gen.wants.Actions
	return options
}

// Handle is the one way of every event to the scripts.
func (s *session) Handle(ctx context.Context, ev *protocol.Event) (protocol.Verdict, error) {
	if ev.Code == protocol.CodeClose {
		defer s.close() // after a panic, too: nothing else comes to this session
	}
	s.before(ev)
	v := s.run(ctx, ev)
	return s.after(ctx, ev, v), nil
}

// BodyReturned says that neither a script nor the host has a hold of the chunk that was handled last
// (protocol.BodyReturner). The spool keeps the first as it came; of all others it has copies.
func (s *session) BodyReturned() bool {
	return s.forgets && (s.msg == nil || s.msg.mail == nil || s.msg.mail.body.first == "")
}

// before brings what is known of connection and message up to the event.
func (s *session) before(ev *protocol.Event) {
	switch ev.Code {
	case protocol.CodeConnect:
		// What outlives a message must not pin the connection's read buffer.
		s.conn.Hostname, s.conn.Address = strings.Clone(ev.Hostname), strings.Clone(ev.Address)
		s.conn.Family, s.conn.Port = ev.Family, ev.Port
	case protocol.CodeHelo:
		s.conn.Helo = strings.Clone(ev.Name)
	case protocol.CodeMail:
		s.begin(ev)
	}
	for i := range s.scripts {
		s.scripts[i].scope.Macros = ev.Macros
	}
	if s.msg == nil {
		return
	}
	s.msg.bytes += int64(len(ev.Name) + len(ev.Value) + len(ev.Body))
	s.collect(ev)
	if s.msg.ID == "" {
		s.msg.ID, _ = ev.Macros.Get("i")
	}
}

// begin starts a message, which one generation judges from here to its end.
func (s *session) begin(ev *protocol.Event) {
	s.move()
	s.gen.enter()
	s.host.messages.Add(1)
	s.msg = &message{Message: luabind.Message{Sender: luabind.Bare(ev.Mailbox), SenderParams: ev.Params}}
	for i := range s.scripts {
		sc := &s.scripts[i]
		sc.scope.Message, sc.scope.MsgFields = &s.msg.Message, luabind.NewMessageFields(&s.msg.Message)
		sc.msgDone, sc.bodyDone, sc.sawEnd = false, false, false
	}
	if s.reads {
		s.msg.mail = &mail{body: spool{most: s.host.cfg.SpoolSize}}
	}
}

// after does what a verdict means for the session, and writes the log line of a message that has ended.
func (s *session) after(ctx context.Context, ev *protocol.Event, v protocol.Verdict) protocol.Verdict {
	switch ev.Code {
	case protocol.CodeConnect, protocol.CodeHelo:
		if v.Kind != protocol.VerdictContinue && v.Kind != protocol.VerdictAccept {
			s.logConnection(ev, v)
			s.journalConnection(ev, &v)
			s.host.cfg.Observer.Connection(v.Kind, ev.Code)
		}
	case protocol.CodeRcpt:
		return s.afterRcpt(ctx, ev, v)
	case protocol.CodeEOM:
		if s.msg != nil && (v.Kind == protocol.VerdictContinue || v.Kind == protocol.VerdictAccept) {
			v.Changes = s.msg.Resolve()
			s.addMailChanges(&v)
		}
		s.end(ctx, ev, v)
	case protocol.CodeAbort:
		s.end(ctx, ev, v)
	case protocol.CodeUnknown:
		if s.options.Steps&protocol.StepNoReplyUnknown != 0 && v.Kind != protocol.VerdictContinue {
			s.end(ctx, ev, v) // it could not be said of the command, so it is said of the message
		}
	default:
		if ev.Code == protocol.CodeHeader && s.counts && s.msg != nil && !s.msg.CountHeader(ev.Name, s.host.cfg.MaxMessageSize) {
			v = s.oversize(ev)
		}
		if v.Kind != protocol.VerdictContinue && v.Kind != protocol.VerdictSkip {
			s.end(ctx, ev, v)
		}
	}
	return v
}

// afterRcpt keeps the recipient, or ends the message unless the verdict is of the recipient only.
func (s *session) afterRcpt(ctx context.Context, ev *protocol.Event, v protocol.Verdict) protocol.Verdict {
	passed := v.Kind == protocol.VerdictContinue || v.Kind == protocol.VerdictAccept
	if passed && s.msg != nil && !rejectedByMTA(ev) && !s.msg.AddRecipient(ev.Mailbox, s.host.cfg.MaxMessageSize) {
		v = s.oversize(ev)
	}
	switch {
	case v.Kind == protocol.VerdictContinue:
	case s.ofRecipient(ev, v):
		if s.msg != nil {
			s.msg.rejected++
		}
		s.logRecipient(ev, v)
		s.journalRecipient(ev, &v)
		s.host.cfg.Observer.Recipient(v.Kind)
	default:
		s.end(ctx, ev, v)
	}
	return v
}

// oversize decides on a message that the host itself would have to keep too much of.
func (s *session) oversize(ev *protocol.Event) protocol.Verdict {
	s.log.Warn("message too large to keep", "id", s.msg.ID, "stage", ev.Code.String(), "limit", s.host.cfg.MaxMessageSize,
		"answer", string(s.host.cfg.OnOversize))
	v := s.host.cfg.OnOversize.verdict()
	s.notes.undecide(v.Kind)
	return v
}

// rejectedByMTA: with SMFIP_RCPT_REJ the MTA shows recipients that it has refused itself (xxfi_negotiate).
func rejectedByMTA(ev *protocol.Event) bool {
	mailer, _ := ev.Macros.Get("rcpt_mailer")
	return mailer == "error"
}

// end finishes the message: scripts that have not finished it themselves hear of an abort, and the log gets its line.
func (s *session) end(ctx context.Context, ev *protocol.Event, v protocol.Verdict) {
	if s.msg == nil {
		return
	}
	if ev.Code != protocol.CodeAbort {
		s.abort(ctx, ev)
	}
	s.logMessage(ev, v)
	s.forget()
}

// forget leaves the message.
func (s *session) forget() {
	if s.msg == nil {
		return
	}
	s.gen.leave()
	s.host.messages.Add(-1)
	s.msg.dropMail()
	s.msg = nil
	for i := range s.scripts {
		sc := &s.scripts[i]
		sc.forget(sc.scope.MsgFields)
		sc.scope.Message, sc.scope.MsgFields = nil, nil
	}
}

// abort tells the scripts whose message another one ended.
func (s *session) abort(ctx context.Context, ev *protocol.Event) {
	code := ev.Code
	ev.Code = protocol.CodeAbort
	s.run(ctx, ev)
	ev.Code = code
}
