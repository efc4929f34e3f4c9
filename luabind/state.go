package luabind

import (
	"context"
	"errors"
	"fmt"
	"math"
	"runtime/debug"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"

	"luamilter/luabind/guard"
	"luamilter/protocol"
)

// State is one Lua state that has run a script. One goroutine uses it at a time.
type State struct {
	script   *Script
	lua      *lua.LState
	fuel     *guard.Fuel
	fns      [callbackCount]*lua.LFunction
	verdicts verdicts
	request  request
	timers   []timer
	conn     *fieldView
	msg      *fieldView
	names    guard.Cache // of header fields
	forgets  bool        // on_body keeps nothing of its chunk

	loading   bool
	callback  Callback        // the one that runs
	scope     *Scope          // what it may see; nil while loading
	event     *protocol.Event // what it was called for
	limit     Limit           // of what it does now
	tick      func()          // onTick, made once
	oversized bool            // it wanted to keep more than Scope.MaxSize
	release   func()          // ends the message that it was called with
	made      madeVerdicts    // by the running callback, where somebody wants to know
}

// Limit bounds one call.
type Limit struct {
	Time     time.Duration // how long the script may run
	Deadline time.Time     // instead of Time where part of it was spent waiting; zero: none was
	Tick     func()        // called about once a second by the running script's goroutine

	// Context ends when nobody wants the result any more; the script is interrupted within about a second. nil: never.
	Context context.Context
}

// Kind sorts failures for logs and counters.
type Kind string

// The kinds of failure.
const (
	KindRaised   Kind = "error"    // the script raised an error
	KindResult   Kind = "result"   // it returned what is no verdict
	KindTime     Kind = "time"     // it ran too long
	KindMemory   Kind = "memory"   // the process came near its memory limit
	KindStopped  Kind = "stopped"  // the host stops
	KindOversize Kind = "oversize" // it kept too much of one message
	KindPanic    Kind = "panic"    // the host's own fault
)

// Failure is what became of a callback that did not end as it should.
type Failure struct {
	Kind      Kind
	Callback  Callback
	Message   string // begins with file:line where that is known
	Traceback string
}

func (f *Failure) Error() string { return f.Callback.String() + ": " + f.Message }

// Call runs one callback. After an error the state must be thrown away with Close.
func (st *State) Call(cb Callback, ev *protocol.Event, scope *Scope, limit Limit) (protocol.Verdict, error) {
	if fn := st.fns[cb]; fn != nil {
		return st.callFunction(cb, fn, ev, scope, limit)
	}
	return protocol.Verdict{}, nil
}

func (st *State) callFunction(cb Callback, fn *lua.LFunction, ev *protocol.Event, scope *Scope, limit Limit) (v protocol.Verdict, err error) {
	marked := len(scope.changes())
	defer func() {
		if p := recover(); p != nil {
			v, err = protocol.Verdict{}, st.panicked(p)
		}
		if err != nil {
			st.conn.salvage()
			st.msg.salvage()
		}
		if err != nil && scope.Message != nil {
			scope.Message.rollback(marked) // half of what was wanted is worse than nothing
		}
		st.releaseMail()
		if cb == OnBody {
			guard.Lend(st.lua, "")
		}
		st.scope, st.event = nil, nil
	}()
	st.callback, st.scope, st.event, st.oversized = cb, scope, ev, false
	if scope.Notes != nil {
		scope.Decided, st.made.count = Place{}, 0
	}
	st.conn.begin(scope)
	st.msg.begin(scope)
	st.begin(limit)
	v, err = st.run(cb, fn, ev)
	st.fuel.End()
	return v, err
}

// panicked is the failure of a callback that has ended by a panic: an error of Lua or of the host.
func (st *State) panicked(p any) *Failure {
	if raised, ok := p.(*lua.ApiError); ok {
		return st.failure(raised)
	}
	return &Failure{KindPanic, st.callback, fmt.Sprint("panic: ", p), string(debug.Stack())}
}

// begin sets the limit of what the script does next.
func (st *State) begin(limit Limit) {
	st.limit = limit
	if limit.Deadline.IsZero() {
		st.fuel.Begin(limit.Time, st.tick)
	} else {
		st.fuel.BeginAt(limit.Deadline, st.tick)
	}
}

// onTick is called about once a second while the script runs.
func (st *State) onTick() {
	if st.limit.Context != nil && st.limit.Context.Err() != nil {
		st.fuel.Stop()
	}
	if st.limit.Tick != nil {
		st.limit.Tick()
	}
}

func (st *State) run(cb Callback, fn *lua.LFunction, ev *protocol.Event) (protocol.Verdict, error) {
	L := st.lua
	L.Push(fn)
	// Not PCall: the state of a callback that fails is thrown away, so there is nothing to mend in it.
	L.Call(st.pushArguments(cb, fn, ev), 1)
	ret := L.Get(-1)
	L.SetTop(0)
	if cb == OnTimer {
		ret = lua.LNil // whatever it gives, nobody waits for it
	}
	v, ok := verdictOf(ret)
	if !ok || ret != lua.LNil && !cb.HasVerdict() {
		return protocol.Verdict{}, &Failure{KindResult, cb, wrongResult(cb, fn, ret), ""}
	}
	if problem := misplaced(cb, v.Kind); problem != "" {
		return protocol.Verdict{}, &Failure{KindResult, cb, definedAt(fn) + problem, ""}
	}
	if err := st.keepFields(fn); err != nil {
		return protocol.Verdict{}, err
	}
	if st.scope.Notes != nil && v.Kind != protocol.VerdictContinue {
		st.scope.Decided = st.decidedAt(ret, fn)
	}
	return v, nil
}

// keepFields keeps what the callback has left in conn and msg.
func (st *State) keepFields(fn *lua.LFunction) error {
	for _, view := range [...]*fieldView{st.conn, st.msg} {
		if err := view.end(); err != nil {
			f := st.failure(err)
			f.Message = definedAt(fn) + f.Message
			return f
		}
		view.rest()
	}
	return nil
}

// pushArguments puts what the callback is called with on the stack, as far as it takes them, and says how many values that
// is.
func (st *State) pushArguments(cb Callback, fn *lua.LFunction, ev *protocol.Event) int {
	takes := math.MaxInt
	if !fn.IsG && fn.Proto.IsVarArg == 0 {
		takes = int(fn.Proto.NumParameters)
	}
	if takes == 0 {
		return 0
	}
	L := st.lua
	switch cb {
	case OnConnect:
		return st.pushConnect(ev)
	case OnHelo:
		L.Push(lua.LString(ev.Name))
		return 1
	case OnMail, OnRcpt:
		L.Push(lua.LString(Bare(ev.Mailbox)))
		if takes == 1 {
			return 1
		}
		L.Push(paramTable(L, ev.Params))
		return 2
	case OnHeader:
		L.Push(st.names.Get(ev.Name, stringValue))
		if takes == 1 {
			return 1
		}
		value := ev.Value
		if st.script.request.leadingSpace && !ev.NoSpace {
			value = " " + value
		}
		L.Push(lua.LString(value))
		return 2
	case OnBody:
		L.Push(lua.LString(st.lend(ev.Body)))
		return 1
	case OnUnknown:
		L.Push(lua.LString(ev.Value))
		return 1
	case OnMessage:
		return st.pushMail()
	}
	return 0
}

// lend gives a chunk of the body to on_body. A state that may keep it, where most states of the script would not, gets a
// copy: what a script does while it loads can differ from state to state.
func (st *State) lend(body string) string {
	if st.forgets {
		guard.Lend(st.lua, body)
	} else if st.script.forgets {
		return strings.Clone(body)
	}
	return body
}

func stringValue(s string) lua.LValue { return lua.LString(s) }

func (st *State) pushConnect(ev *protocol.Event) int {
	L := st.lua
	L.Push(lua.LString(ev.Hostname))
	L.Push(lua.LString(ev.Family.String()))
	if ev.Family == protocol.FamilyUnknown {
		return 2
	}
	L.Push(lua.LString(ev.Address))
	if ev.Family == protocol.FamilyUnix {
		return 3
	}
	L.Push(lua.LNumber(ev.Port))
	return 4
}

// paramTable turns ESMTP parameters into {SIZE="123", SMTPUTF8=true} (RFC 5321 section 4.1.1.11).
func paramTable(L *lua.LState, params []string) *lua.LTable {
	t := L.CreateTable(0, len(params))
	for _, p := range params {
		name, value, valued := strings.Cut(p, "=")
		if valued {
			t.RawSetString(strings.ToUpper(name), lua.LString(value))
		} else if name != "" {
			t.RawSetString(strings.ToUpper(name), lua.LTrue)
		}
	}
	return t
}

// failure says what an error of the Lua state was.
func (st *State) failure(err error) *Failure {
	f := &Failure{Kind: KindRaised, Callback: st.callback, Message: bounded(err.Error())}
	var raised *lua.ApiError
	if errors.As(err, &raised) {
		f.Message, f.Traceback = bounded(describe(raised.Object)), bounded(st.traceback(raised))
		if raised.Type == lua.ApiErrorPanic {
			f.Kind = KindPanic
		}
	}
	switch {
	case errors.Is(st.fuel.Err(), guard.ErrTime):
		f.Kind = KindTime
	case errors.Is(st.fuel.Err(), guard.ErrMemory):
		f.Kind = KindMemory
	case errors.Is(st.fuel.Err(), guard.ErrStopped):
		f.Kind = KindStopped
	case st.oversized:
		f.Kind = KindOversize
	}
	return f
}

// traceback names the callback: gopher-lua takes a function that Go calls for the main chunk of its file.
func (st *State) traceback(raised *lua.ApiError) string {
	return strings.Replace(raised.StackTrace, "in main chunk\n\t[G]: ?", "in "+st.callback.String(), 1)
}

// bounded cuts a text that a script may have made as long as it likes, and lets go of the rest.
func bounded(s string) string {
	const longest = 4096
	if len(s) <= longest {
		return s
	}
	return fmt.Sprintf("%s...(%d bytes)", s[:longest], len(s))
}

// describe is an error value as text; a table that a script raised is no help to the operator by its address.
func describe(v lua.LValue) string {
	if t, ok := v.(*lua.LTable); ok {
		if message := t.RawGetString("message"); message != lua.LNil {
			return message.String()
		}
	}
	return v.String()
}

// Stop interrupts what the state runs, from any goroutine and for good: it can only be closed after that.
func (st *State) Stop() { st.fuel.Stop() }

// Forget lets go of what the state has at hand of a message, or a connection, that is over. It must not be running.
func (st *State) Forget(fields *Fields) {
	st.conn.forget(fields)
	st.msg.forget(fields)
}

// Close frees the state.
func (st *State) Close() { st.lua.Close() }

// stateKey is where the registry of a Lua state keeps its State.
const stateKey = "luamilter.state"

// stateOf finds the State of a bound function's Lua state or coroutine.
func stateOf(L *lua.LState) *State {
	ud := L.G.Registry.RawGetString(stateKey).(*lua.LUserData)
	return ud.Value.(*State)
}

// changes are those of the scope's message, none outside one.
func (s *Scope) changes() []change {
	if s.Message == nil {
		return nil
	}
	return s.Message.changes
}
