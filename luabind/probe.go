package luabind

import (
	"math"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"

	"luamilter/luabind/guard"
	"luamilter/protocol"
)

// Probe is a Lua state without a script. It tells what the functions of the API say of arguments: those functions
// themselves are called, for a message that nobody gets. One goroutine uses it at a time.
type Probe struct{ st *State }

// probeTime bounds a call, which takes as long as its arguments are.
const probeTime = time.Minute

// NewProbe makes a Probe. Close frees it.
func NewProbe() *Probe {
	st := &State{script: &Script{counts: true}, callback: OnRcpt}
	st.fuel = guard.NewFuel(nil)
	st.lua = guard.NewState(guard.Options{Fuel: st.fuel})
	ud := st.lua.NewUserData()
	ud.Value = st
	st.lua.G.Registry.RawSetString(stateKey, ud)
	return &Probe{st}
}

// Close frees the probe.
func (p *Probe) Close() { p.st.lua.Close() }

// Takes says whether Complaint can call the function of that name.
func Takes(name string) bool { return probed(name) != nil }

func probed(name string) lua.LGFunction {
	if _, ok := replyRules[name]; ok {
		return verdictFunctions[name]
	}
	if name == "macro" {
		return macro
	}
	return changeFunctions[name]
}

// Complaint is the error that a function of the API raises for these arguments, in a callback of a message for which the
// MTA takes everything; "" for none.
func (p *Probe) Complaint(name string, args ...lua.LValue) string {
	st, L := p.st, p.st.lua
	st.event = &protocol.Event{Macros: &protocol.Macros{}}
	if len(args) > 0 && args[0].Type() == lua.LTString {
		st.event.Mailbox = args[0].String() // whatever recipient is taken back is one
	}
	st.scope = &Scope{
		Conn: &Conn{}, Message: &Message{}, Macros: st.event.Macros, MaxSize: math.MaxInt64,
		Options: protocol.Options{Actions: protocol.AllActions, Steps: protocol.AllSteps},
	}
	st.begin(Limit{Time: probeTime})
	defer func() {
		st.fuel.End()
		st.scope, st.event = nil, nil
		L.SetTop(0)
	}()
	L.Push(L.NewFunction(probed(name)))
	for _, v := range args {
		L.Push(v)
	}
	err := L.PCall(len(args), 0, nil)
	if err == nil {
		return ""
	}
	return strings.TrimSpace(st.failure(err).Message) // no script stands in front of it
}
