package engine

import (
	"slices"

	"luamilter/luabind"
	"luamilter/protocol"
)

// adopt makes the session one of a generation. What a script has kept in conn goes on to the script of the same file.
func (s *session) adopt(gen *Generation) {
	s.Pause()
	before := s.scripts
	s.gen, s.scripts, s.counts, s.reads, s.forgets = gen, nil, false, false, true
	s.log = s.host.cfg.Log.With("conn", s.conn.ID, "generation", gen.number, "hash", gen.hash)
	for i, script := range gen.scripts {
		sc := scriptState{
			script: script,
			pool:   gen.pools[i],
			scope: luabind.Scope{
				Conn:       &s.conn,
				ConnFields: luabind.NewConnFields(&s.conn),
				Options:    s.permitted(),
				MaxSize:    s.host.cfg.MaxMessageSize,
				Log:        s.log,
			},
		}
		if s.notes != nil {
			sc.scope.Notes = s.notes
		}
		if before != nil { // the files are the same in each generation of a host
			sc.scope.ConnFields, sc.connDone = before[i].scope.ConnFields, before[i].connDone
		}
		s.scripts = append(s.scripts, sc)
		s.counts = s.counts || script.CountsHeaders()
		s.reads = s.reads || script.Defines(luabind.OnMessage)
		s.forgets = s.forgets && script.ForgetsBody()
	}
}

// move takes the session to the live generation, if what was negotiated with the MTA does for that one too.
func (s *session) move() {
	live := s.host.Generation()
	if live == s.gen {
		return
	}
	if !covers(s.offer, s.wish, s.options, live.wants) {
		if !s.stays {
			s.stays = true
			s.gen.enter() // its states are wanted as long as the connection lasts
			s.host.staying.Add(1)
		}
		return
	}
	s.unstay()
	s.adopt(live)
}

func (s *session) unstay() {
	if s.stays {
		s.stays = false
		s.gen.leave()
		s.host.staying.Add(-1)
	}
}

// close ends the session's part in the counts.
func (s *session) close() {
	s.Pause()
	s.forget() // after a panic it is still there
	for i := range s.scripts {
		s.scripts[i].forget(s.scripts[i].scope.ConnFields)
	}
	s.sent()
	s.unstay()
	s.host.sessions.Add(-1)
}

// covers says whether a connection for which wish was asked and got was answered can serve scripts that want more, or
// other things. What the MTA never offered could not be had by negotiating anew either.
func covers(offer protocol.Offer, wish, got, want protocol.Options) bool {
	const extensions = protocol.StepSkip | protocol.StepLeadingSpace
	switch {
	case want.Actions&offer.Actions&^got.Actions != 0,
		wish.Steps&luabind.OffSteps&^want.Steps != 0,  // the server does not hand over what was not wished for, sent or not
		got.Steps&luabind.QuietSteps&^want.Steps != 0, // a verdict would come too late
		want.Steps&offer.Steps&extensions&^got.Steps != 0,
		(want.Steps&offer.Steps^got.Steps)&protocol.StepRcptRejected != 0: // on_rcpt would see too much, or too little
		return false
	}
	for stage := protocol.StageConnect; stage <= protocol.StageEOH; stage++ {
		has, chosen := got.Macros[stage]
		wants, choose := want.Macros[stage]
		if chosen != choose || slices.ContainsFunc(wants, func(name string) bool { return !slices.Contains(has, name) }) {
			return false
		}
	}
	return true
}
