package luabind

import (
	"maps"
	"math"
	"slices"
	"time"

	lua "github.com/yuin/gopher-lua"

	"luamilter/luabind/guard"
	"luamilter/protocol"
)

// Probe is a Lua state without a script. It tells what globals scripts find, and what the functions of the API say of
// arguments: those functions themselves are called, for a message that nobody gets. One goroutine uses it at a time.
type Probe struct {
	st      *State
	modules map[string][]string // fields by module, as far as they were asked for
}

// probeTime bounds a call, which takes as long as its arguments are.
const probeTime = time.Minute

// NewProbe makes a Probe, with the modules that scripts can require. Close frees it.
func NewProbe(env Env) *Probe {
	env.Memory = guard.NewMemory(0)
	st := &State{script: &Script{env: env, counts: true}, callback: OnRcpt}
	st.fuel = guard.NewFuel(env.Memory)
	st.lua = guard.NewState(guard.Options{Fuel: st.fuel})
	ud := st.lua.NewUserData()
	ud.Value = st
	st.lua.G.Registry.RawSetString(stateKey, ud)
	st.bind(false)
	return &Probe{st, map[string][]string{}}
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
	return st.failure(err).Message
}

// Globals are the names of the globals that every script finds.
func (p *Probe) Globals() []string { return fieldNames(p.st.lua.G.Global) }

// Library says which fields a global library such as string has; false for a name that is none.
func (p *Probe) Library(name string) ([]string, bool) {
	t, ok := p.st.lua.GetGlobal(name).(*lua.LTable)
	if !ok || guard.Reserved(p.st.lua, t) {
		return nil, false
	}
	behind := guard.BehindLibrary(p.st.lua, t)
	if behind == nil {
		return nil, false
	}
	return fieldNames(behind), true
}

// Module says which fields a module of the host has; false for a name that is none, and for a module that is no table.
func (p *Probe) Module(name string) ([]string, bool) {
	if fields, ok := p.modules[name]; ok {
		return fields, true
	}
	open, ok := p.st.script.env.Modules[name]
	if !ok {
		return nil, false
	}
	L := p.st.lua
	p.st.begin(Limit{Time: probeTime})
	defer p.st.fuel.End()
	L.Push(L.NewFunction(open))
	if err := L.PCall(0, 1, nil); err != nil {
		return nil, false
	}
	t, ok := L.Get(-1).(*lua.LTable)
	L.SetTop(0)
	if !ok {
		return nil, false
	}
	p.modules[name] = fieldNames(t)
	return p.modules[name], true
}

// fieldNames are the names of a table's fields that a script can write, sorted.
func fieldNames(t *lua.LTable) []string {
	names := map[string]bool{}
	t.ForEach(func(k, _ lua.LValue) {
		if name, ok := k.(lua.LString); ok && name != "" && name[0] != '(' {
			names[string(name)] = true
		}
	})
	return slices.Sorted(maps.Keys(names))
}
