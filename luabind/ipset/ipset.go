package ipset

import (
	"fmt"

	lua "github.com/yuin/gopher-lua"

	"luamilter/luabind"
	"luamilter/luabind/guard"
	"luamilter/luabind/livefile"
)

// Module is the module of one generation of scripts: its Lua states share the files that they open.
type Module struct{ files livefile.Registry[*Set] }

// New makes the module of a generation.
func New() *Module { return &Module{} }

// set is what a script holds.
type set struct {
	fixed *Set
	live  *livefile.File[*Set] // instead of fixed
}

func (s *set) get(L *lua.LState) *Set {
	if s.live == nil {
		return s.fixed
	}
	return s.live.Get(livefile.Report(L))
}

// Open makes the module table in a Lua state.
func (m *Module) Open(L *lua.LState) int {
	methods := L.NewTable()
	methods.RawSetString("contains", L.NewFunction(contains))
	methods.RawSetString("size", L.NewFunction(size))
	mt := L.NewTable()
	mt.RawSetString("__index", methods)
	mt.RawSetString("__metatable", lua.LFalse)
	push := func(L *lua.LState, s *set) int {
		ud := L.NewUserData()
		ud.Value, ud.Metatable = s, mt
		L.Push(ud)
		return 1
	}
	module := L.NewTable()
	module.RawSetString("new", L.NewFunction(func(L *lua.LState) int { return push(L, &set{fixed: fromTable(L)}) }))
	module.RawSetString("open", L.NewFunction(func(L *lua.LState) int { return push(L, &set{live: m.open(L)}) }))
	L.Push(module)
	return 1
}

// open is ipset.open(path).
func (m *Module) open(L *lua.LState) *livefile.File[*Set] {
	a := luabind.Args{L: L, Name: "ipset.open"}
	a.Loading()
	f, err := m.files.Open(a.Beside(a.String(1, "path")), "", parse)
	if err != nil {
		a.Fail(1, "path", err.Error())
	}
	return f
}

// Costs of an entry: bytes of memory, and steps to find out that a glob does not match.
const (
	entryBytes = 250
	globSteps  = 2
)

// fromTable is ipset.new{entry, ...}.
func fromTable(L *lua.LState) *Set {
	a := luabind.Args{L: L, Name: "ipset.new"}
	t := a.Table(1, "entries")
	s := newSet()
	n := t.Len()
	t.ForEach(func(k, _ lua.LValue) {
		if i, ok := k.(lua.LNumber); !ok || i < 1 || i > lua.LNumber(n) {
			a.Fail(1, "entries", fmt.Sprintf("a list of strings expected, got the key %.40q", k.String()))
		}
	})
	for i := 1; i <= n; i++ {
		entry, ok := t.RawGetInt(i).(lua.LString)
		if !ok {
			a.Fail(1, "entries", fmt.Sprintf("entry %d: string expected, got %s", i, t.RawGetInt(i).Type()))
		}
		guard.FuelOf(L).Alloc(L, entryBytes+len(entry))
		if err := s.add(string(entry), ""); err != nil {
			a.Fail(1, "entries", fmt.Sprintf("entry %d: %s", i, err))
		}
	}
	return s
}

// receiver is the set that a method was called on.
func receiver(L *lua.LState, method string) *set {
	if ud, ok := L.Get(1).(*lua.LUserData); ok {
		if s, ok := ud.Value.(*set); ok {
			return s
		}
	}
	L.RaiseError("ipset: %s is a method: call it as set:%[1]s(...), on what ipset.new or ipset.open has given", method)
	return nil
}

// contains is set:contains(address [, hostname]). A client on a unix socket has no address.
func contains(L *lua.LState) int {
	s := receiver(L, "contains").get(L)
	a := luabind.Args{L: L, Name: "set:contains"}
	address, host := "", ""
	if !a.Absent(2) {
		address = a.String(2, "address")
	}
	if !a.Absent(3) {
		host = a.String(3, "hostname")
	}
	guard.FuelOf(L).Charge(L, 16+globSteps*(len(s.globs)+len(s.patterns)))
	it := s.find(address, host)
	L.Push(lua.LBool(it != nil))
	if it == nil {
		return 1
	}
	L.Push(lua.LString(it.entry))
	if it.value == "" {
		return 2
	}
	L.Push(lua.LString(it.value))
	return 3
}

// size is set:size().
func size(L *lua.LState) int {
	L.Push(lua.LNumber(receiver(L, "size").get(L).size))
	return 1
}
