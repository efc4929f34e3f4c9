package engine

import (
	"time"

	"luamilter/luabind"
	"luamilter/protocol"
)

// newEntry is one of the session, with the verdict that is told to the MTA.
func (s *session) newEntry(kind EntryKind, ev *protocol.Event, v *protocol.Verdict, verdict string) *Entry {
	e := &Entry{
		Time:       time.Now(),
		Kind:       kind,
		Connection: s.conn.ID,
		Generation: s.gen.number,
		Hash:       s.gen.hash,
		Client:     s.client(),
		Helo:       shorten(s.conn.Helo),
		Verdict:    verdict,
		Stage:      ev.Code.String(),
		Line:       s.notes.decided[v.Kind].String(),
	}
	if v.Reply.Code != 0 {
		e.Reply = shorten(v.Reply.String())
	}
	if s.msg != nil {
		e.ID, e.Sender = shorten(s.msg.ID), shorten(s.msg.Sender)
	}
	return e
}

// journalMessage keeps what became of the message that ends.
func (s *session) journalMessage(ev *protocol.Event, v *protocol.Verdict, verdict string) {
	if s.notes == nil {
		return
	}
	kind := v.Kind
	if kind == protocol.VerdictContinue {
		kind = protocol.VerdictAccept
	}
	decided := protocol.Verdict{Kind: kind, Reply: v.Reply}
	e := s.newEntry(EntryMessage, ev, &decided, verdict)
	if ev.Code == protocol.CodeAbort {
		e.Line = "" // no script's doing
	}
	e.Bytes, e.Took = s.msg.bytes, Seconds(s.msg.took)
	s.notes.give(e)
	texts := append(make([]*string, 0, 16), &e.ID, &e.Connection, &e.Client, &e.Helo, &e.Sender, &e.Reply)
	if n := len(s.msg.Recipients); n > 0 {
		e.Left.Recipients = max(n-most, 0)
		e.Recipients = make([]string, n-e.Left.Recipients)
		for i := range e.Recipients {
			e.Recipients[i] = shorten(s.msg.Recipients[i].Address)
			texts = append(texts, &e.Recipients[i])
		}
	}
	if n := len(v.Changes); n > 0 {
		e.Left.Changes = max(n-most, 0)
		e.Changes = make([]string, n-e.Left.Changes)
		for i := range e.Changes {
			e.Changes[i] = shorten(v.Changes[i].String())
			texts = append(texts, &e.Changes[i])
		}
	}
	pack(texts)
	s.host.cfg.Journal.Add(e)
}

// journalRecipient keeps a refused recipient. What was noted stays for the message.
func (s *session) journalRecipient(ev *protocol.Event, v *protocol.Verdict) {
	if s.notes == nil {
		return
	}
	e := s.newEntry(EntryRecipient, ev, v, v.Kind.String())
	e.Recipients = []string{shorten(luabind.Bare(ev.Mailbox))}
	pack([]*string{&e.ID, &e.Connection, &e.Client, &e.Helo, &e.Sender, &e.Reply, &e.Recipients[0]})
	s.host.cfg.Journal.Add(e)
}

// journalConnection keeps a refused connection.
func (s *session) journalConnection(ev *protocol.Event, v *protocol.Verdict) {
	if s.notes == nil {
		return
	}
	e := s.newEntry(EntryConnection, ev, v, v.Kind.String())
	s.notes.give(e)
	for _, c := range e.Callbacks {
		e.Took += c.Took
	}
	pack([]*string{&e.ID, &e.Connection, &e.Client, &e.Helo, &e.Sender, &e.Reply})
	s.host.cfg.Journal.Add(e)
}
