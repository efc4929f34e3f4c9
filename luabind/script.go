package luabind

import (
	"log/slog"
	"time"

	lua "github.com/yuin/gopher-lua"

	"luamilter/luabind/guard"
	"luamilter/protocol"
)

// Env is what the host gives to every script that it loads.
type Env struct {
	Version   string // of the host: milter.version
	Modules   map[string]lua.LGFunction
	Memory    *guard.Memory
	Log       *slog.Logger
	LoadLimit time.Duration // how long running a script's file may take
	Clock     *guard.Clock  // what time scripts are told it is; nil: that of the machine

	Coverage *guard.Coverage // counts what runs; nil: nothing is counted
	Settings guard.Settings  // of the script's own file
}

// Script is one filter: compiled, its callbacks known. It never changes and is shared by all its states.
type Script struct {
	path     string
	env      Env
	main     *guard.Chunk
	modules  map[string]*guard.Chunk // by the name that require is called with
	defined  [callbackCount]bool
	replies  [callbackCount]bool // has a return with a value
	request  request             // what negotiate{} asked for
	uses     []guard.Use
	counts   bool // delete_header without n: the host must see the headers
	forgets  bool // on_body keeps nothing of its chunk, in no state
	warnings []Problem
	files    []File
	timers   []time.Duration
}

// Path is the file as it was named on the command line.
func (s *Script) Path() string { return s.path }

// File is one that a script was made of, or that would have been taken in its stead.
type File struct {
	Path string
	Hash string // SHA-256 of the content in hexadecimal; "" for a file that was looked for and is not there
}

// Files are those of the script and of the modules that it requires.
func (s *Script) Files() []File { return s.files }

// Timers are how often the functions given to every() run, in the order of the calls.
func (s *Script) Timers() []time.Duration { return s.timers }

// Defines says whether the script has this callback.
func (s *Script) Defines(cb Callback) bool { return s.defined[cb] }

// CountsHeaders says whether the host must count header fields for the script.
func (s *Script) CountsHeaders() bool { return s.counts }

// ForgetsBody says that nothing refers to a chunk of the body once on_body has returned.
func (s *Script) ForgetsBody() bool { return s.forgets }

// Callbacks are the names of the callbacks that the script defines.
func (s *Script) Callbacks() []string {
	var names []string
	for cb, defined := range s.defined {
		if defined {
			names = append(names, Callback(cb).String())
		}
	}
	return names
}

// Warnings are what check tells of a script that loads.
func (s *Script) Warnings() []Problem { return s.warnings }

// Wants is what the script alone would ask of an MTA that offers everything (SMFIC_OPTNEG).
func (s *Script) Wants() protocol.Options {
	want := protocol.Options{Version: 6, Actions: s.actions(), Steps: s.steps(), Macros: map[protocol.Stage][]string{}}
	for stage, names := range s.request.macros {
		want.Macros[stage] = appendMissing(s.ownMacros(stage), names)
	}
	if len(want.Macros) > 0 {
		want.Actions |= protocol.ActionSetSymList
	}
	return want
}

// ownMacros are those that the host itself needs at a stage. A list replaces the MTA's own: without the queue id the log
// could not name the message, and without the mailer a recipient that the MTA refuses would look accepted.
func (s *Script) ownMacros(stage protocol.Stage) []string {
	switch {
	case stage < protocol.StageMail:
		return nil
	case stage == protocol.StageRcpt && s.request.rejectedRecipients:
		return []string{"i", "{rcpt_mailer}"}
	}
	return []string{"i"}
}

// hostMacros is the most that ownMacros lists.
const hostMacros = 2

// SeesRejected says whether on_rcpt is also for recipients that the MTA refuses.
func (s *Script) SeesRejected() bool { return s.request.rejectedRecipients }

func (s *Script) steps() protocol.Step {
	var steps protocol.Step
	for cb, c := range callbacks {
		if !s.defined[cb] {
			steps |= c.off &^ alwaysAsked
		}
		if !s.replies[cb] {
			steps |= c.noReply
		}
	}
	if s.counts {
		steps &^= protocol.StepNoHeaders
	}
	if s.defined[OnBody] {
		steps |= protocol.StepSkip
	}
	if s.request.rejectedRecipients {
		steps |= protocol.StepRcptRejected
	}
	if s.request.leadingSpace || s.defined[OnMessage] {
		steps |= protocol.StepLeadingSpace
	}
	steps |= s.request.steps & reductions &^ alwaysAsked
	if s.defined[OnMessage] {
		// Whatever negotiate{steps=...} says: to edit a part of the body would be to lose the rest.
		steps &^= protocol.StepNoHeaders | protocol.StepNoBody
	}
	return steps
}

// changeActions are the global functions that need an action of the MTA (SMFIF_*).
var changeActions = map[string]protocol.Action{
	"add_header":       protocol.ActionAddHeaders,
	"insert_header":    protocol.ActionAddHeaders,
	"change_header":    protocol.ActionChangeHeaders,
	"delete_header":    protocol.ActionChangeHeaders,
	"add_recipient":    protocol.ActionAddRcpt | protocol.ActionAddRcptPar,
	"delete_recipient": protocol.ActionDelRcpt,
	"change_sender":    protocol.ActionChangeFrom,
	"replace_body":     protocol.ActionChangeBody,
	"quarantine":       protocol.ActionQuarantine,
}

// actions are those of the functions that the script names; a script that reaches into _G may call any.
func (s *Script) actions() protocol.Action {
	var actions protocol.Action
	for _, use := range s.uses {
		if use.Name == "_G" || use.Name == "load" || use.Name == "loadstring" {
			actions |= protocol.AllActions &^ protocol.ActionSetSymList
		}
		actions |= changeActions[use.Name]
	}
	if s.defined[OnMessage] {
		actions |= mailActions
	}
	if s.request.actions != nil {
		actions &= *s.request.actions
	}
	return actions
}

// Union is what several scripts together ask for: a step is turned off or left unanswered only if all agree.
func Union(scripts []*Script) protocol.Options {
	all := protocol.Options{Version: 6, Steps: reductions, Macros: map[protocol.Stage][]string{}}
	for _, s := range scripts {
		want := s.Wants()
		all.Actions |= want.Actions
		all.Steps = all.Steps&want.Steps&reductions | (all.Steps|want.Steps)&^reductions
		for stage, names := range want.Macros {
			all.Macros[stage] = appendMissing(all.Macros[stage], names)
		}
	}
	return all
}
