package engine

import (
	"context"
	"errors"
	"time"

	"luamilter/luabind"
	"luamilter/protocol"
)

// run hands the event to each script in turn. The first verdict that ends the message stands.
func (s *session) run(ctx context.Context, ev *protocol.Event) protocol.Verdict {
	cb, ok := luabind.CallbackFor(ev.Code)
	if !ok {
		return protocol.Verdict{}
	}
	// The MTA's patience is for all scripts together.
	limit := s.host.limit(ctx, cb, ev)
	for i := range s.scripts {
		sc := &s.scripts[i]
		sc.sawEnd = sc.sawEnd || cb == luabind.OnEOM
		v, ends := s.turn(sc, cb, ev, &limit)
		if cb == luabind.OnEOM && !ends {
			v, ends = s.turn(sc, luabind.OnMessage, ev, &limit)
		}
		if ends {
			return v
		}
	}
	return s.agreed(cb)
}

// turn runs one callback of one script, and says whether its verdict ends the event for all.
func (s *session) turn(sc *scriptState, cb luabind.Callback, ev *protocol.Event, limit *luabind.Limit) (protocol.Verdict, bool) {
	if sc.passes(cb) || cb == luabind.OnRcpt && !sc.script.SeesRejected() && rejectedByMTA(ev) {
		return protocol.Verdict{}, false
	}
	v, took := s.call(sc, cb, ev, *limit)
	if cb == luabind.OnAbort || cb == luabind.OnClose {
		return protocol.Verdict{}, false // nothing is decided there, not even by a failure
	}
	limit.Time -= took
	switch v.Kind {
	case protocol.VerdictContinue:
	case protocol.VerdictSkip:
		sc.bodyDone = true
	case protocol.VerdictAccept:
		sc.accept(cb)
	default:
		if cb != luabind.OnUnknown && !s.ofRecipient(ev, v) {
			sc.msgDone = true // its own verdict ended the message: no on_abort
		}
		return v, true
	}
	return protocol.Verdict{}, false
}

// ofRecipient says that a verdict refuses one recipient and not the message. Where the MTA waits for no reply to RCPT, it
// can't be said of the recipient, so it is said of the message.
func (s *session) ofRecipient(ev *protocol.Event, v protocol.Verdict) bool {
	return ev.Code == protocol.CodeRcpt && s.options.Steps&protocol.StepNoReplyRcpt == 0 &&
		(v.Kind == protocol.VerdictReject || v.Kind == protocol.VerdictTempfail)
}

// passes says that the script has no part in the event.
func (sc *scriptState) passes(cb luabind.Callback) bool {
	if !sc.script.Defines(cb) {
		return true
	}
	switch cb {
	case luabind.OnClose:
		return false
	case luabind.OnConnect, luabind.OnHelo, luabind.OnUnknown:
		return sc.connDone
	case luabind.OnBody:
		return sc.connDone || sc.msgDone || sc.bodyDone
	case luabind.OnAbort:
		return sc.connDone || sc.msgDone || sc.sawEnd
	}
	return sc.connDone || sc.msgDone
}

func (sc *scriptState) accept(cb luabind.Callback) {
	if cb == luabind.OnConnect || cb == luabind.OnHelo {
		sc.connDone = true
	} else {
		sc.msgDone = true
	}
}

// agreed is the verdict when no script objects: accept or skip where all of them have had enough. An MTA that is told
// accept early takes no changes, so with changes waiting it hears nothing before the end of the message.
func (s *session) agreed(cb luabind.Callback) protocol.Verdict {
	connDone, msgDone, bodyDone := true, true, true
	for i := range s.scripts {
		sc := &s.scripts[i]
		connDone = connDone && sc.connDone
		msgDone = msgDone && (sc.connDone || sc.msgDone)
		bodyDone = bodyDone && sc.passes(luabind.OnBody) && !sc.reads()
	}
	switch {
	case s.msg == nil && connDone, s.msg != nil && msgDone && (cb == luabind.OnEOM || !s.msg.Changed()):
		return protocol.Verdict{Kind: protocol.VerdictAccept}
	case bodyDone && cb == luabind.OnBody:
		return protocol.Verdict{Kind: protocol.VerdictSkip}
	}
	return protocol.Verdict{}
}

// limit is how long the scripts may take for one event.
func (h *Host) limit(ctx context.Context, cb luabind.Callback, ev *protocol.Event) luabind.Limit {
	limit := luabind.Limit{Time: h.cfg.CallbackTimeout, Context: ctx}
	if cb == luabind.OnEOM {
		limit.Time = h.cfg.MessageTimeout
		limit.Tick = progress(ev.Progress)
	}
	return limit
}

// errMessageTime says that the callbacks of one message took too long together, though each kept its own limit.
var errMessageTime = errors.New("the callbacks of this message took longer than --message-timeout together")

// call runs one callback of one script in a state of its pool, and says how long that took. Where nothing was waited for,
// it begins when the one before ended: the clock is read once for each callback.
func (s *session) call(sc *scriptState, cb luabind.Callback, ev *protocol.Event, limit luabind.Limit) (protocol.Verdict, time.Duration) {
	start := s.clock
	if start == 0 {
		start = s.host.now()
	}
	var v protocol.Verdict
	var err error
	if cb == luabind.OnMessage {
		v, err = s.callMessage(sc, ev, limit)
	} else {
		v, err = s.callState(sc, cb, ev, limit)
	}
	s.clock = s.host.now()
	took := s.clock - start
	s.host.cfg.Observer.Callback(cb, took)
	if s.msg != nil {
		s.msg.calls++
		s.msg.took += took
	}
	if err != nil {
		v = s.fail(sc, cb, err, took)
	}
	if s.notes != nil {
		s.notes.called(sc, cb, &v, took, len(s.scripts))
	}
	return v, took
}

func (s *session) callState(sc *scriptState, cb luabind.Callback, ev *protocol.Event, limit luabind.Limit) (protocol.Verdict, error) {
	if s.msg != nil && s.msg.took > s.host.cfg.MessageTimeout && cb != luabind.OnAbort {
		return protocol.Verdict{}, errMessageTime
	}
	limit.Time = max(limit.Time, time.Nanosecond)
	st := sc.held
	sc.held = nil
	if st == nil {
		var err error
		if st, limit.Deadline, err = sc.pool.get(sc.last, limit); err != nil {
			return protocol.Verdict{}, err
		}
	}
	v, err := st.Call(cb, ev, &sc.scope, limit)
	if err != nil {
		sc.last = nil
		sc.pool.drop(st)
		return v, err
	}
	sc.last = st
	if len(s.scripts) == 1 && !sc.pool.rotate {
		sc.held = st
	} else {
		sc.pool.put(st) // while it is held, the wait for a state of the next script would be a wait for this one too
	}
	return v, nil
}

// Pause gives back the states that were held for what the MTA had already sent (protocol.Pauser).
func (s *session) Pause() {
	s.clock = 0
	for i := range s.scripts {
		s.scripts[i].release()
		if s.msg == nil {
			s.scripts[i].last = nil // thousands of idle connections would keep states that failed or were replaced
		}
	}
}

// release gives back the state that the script holds, if it does.
func (sc *scriptState) release() {
	if sc.held != nil {
		sc.pool.put(sc.held)
		sc.held = nil
	}
}

// forget frees what the states have at hand of a message or connection that is over.
func (sc *scriptState) forget(fields *luabind.Fields) {
	if fields.Large() {
		sc.release()
		sc.pool.forget(fields)
	}
}

// progressEvery keeps an MTA waiting at the end of a message (Postfix gives up after 300 s, Sendmail after 5 min).
const progressEvery = 5 * time.Second

// progress tells the MTA now and then that the end of message is still worked on.
func progress(send func() error) func() {
	last := time.Now()
	return func() {
		if time.Since(last) >= progressEvery {
			last = time.Now()
			// A peer that is gone shows at the reply.
			_ = send()
		}
	}
}

// fail decides for a script that did not.
func (s *session) fail(sc *scriptState, cb luabind.Callback, err error, took time.Duration) protocol.Verdict {
	if errors.Is(err, context.Canceled) || kindOf(err) == luabind.KindStopped {
		s.log.Debug("callback cut: the connection is closed", "script", sc.script.Path(), "callback", cb.String())
		return OnErrorTempfail.verdict()
	}
	s.host.noteFailure(sc.script, cb, err)
	answer := s.host.cfg.OnError
	if kindOf(err) == luabind.KindOversize {
		answer = s.host.cfg.OnOversize
	}
	if s.msg == nil && answer == OnErrorAccept {
		answer = OnErrorContinue // it is about a message; later ones on this connection must be looked at
	}
	s.logFailure(sc, cb, err, took, answer)
	if s.notes != nil {
		s.notes.failed(sc, cb, err, answer)
	}
	return answer.verdict()
}
