package filemap

import (
	"fmt"

	lua "github.com/yuin/gopher-lua"

	"luamilter/luabind"
	"luamilter/luabind/guard"
	"luamilter/luabind/livefile"
)

// Module is the module of one generation of scripts: its Lua states share the files that they open.
type Module struct{ files livefile.Registry[*Table] }

// New makes the module of a generation.
func New() *Module { return &Module{} }

// Open makes the module table in a Lua state.
func (m *Module) Open(L *lua.LState) int {
	methods := L.NewTable()
	methods.RawSetString("get", L.NewFunction(get))
	methods.RawSetString("lookup_address", L.NewFunction(lookupAddress))
	methods.RawSetString("size", L.NewFunction(size))
	mt := L.NewTable()
	mt.RawSetString("__index", methods)
	mt.RawSetString("__metatable", lua.LFalse)
	module := L.NewTable()
	module.RawSetString("open", L.NewFunction(func(L *lua.LState) int {
		ud := L.NewUserData()
		ud.Value, ud.Metatable = m.open(L), mt
		L.Push(ud)
		return 1
	}))
	L.Push(module)
	return 1
}

// open is map.open(path [, options]).
func (m *Module) open(L *lua.LState) *livefile.File[*Table] {
	a := luabind.Args{L: L, Name: "map.open"}
	a.Loading()
	path := a.Beside(a.String(1, "path"))
	o := options(a)
	f, err := m.files.Open(path, o.id(), o.Parse)
	if err != nil {
		a.Fail(1, "path", err.Error())
	}
	return f
}

func options(a luabind.Args) Options {
	o := Options{Kind: KindText, IgnoreCase: true}
	if a.Absent(2) {
		return o
	}
	a.Table(2, "options").ForEach(func(k, v lua.LValue) {
		text, isText := v.(lua.LString)
		ok := false
		switch k.String() {
		case "type":
			o.Kind = Kind(text)
			ok = o.Kind == KindText || o.Kind == KindCIDR || o.Kind == KindRegexp || o.Kind == KindGlob
		case "separator":
			o.Separator = string(text)
			ok = isText && text != ""
		case "ignore_case":
			var on lua.LBool
			on, ok = v.(lua.LBool)
			o.IgnoreCase = bool(on)
		default:
			a.Fail(2, "options", fmt.Sprintf("there is no option %.40q: type, separator and ignore_case are known", k.String()))
		}
		if !ok {
			a.Fail(2, "options", fmt.Sprintf("%s cannot be %.40q", k, v.String()))
		}
	})
	if o.Kind == KindRegexp && o.Separator != "" {
		a.Fail(2, "options", "a regexp table has no separator: white space follows the flags")
	}
	return o
}

// receiver is the map that a method was called on.
func receiver(L *lua.LState, method string) *Table {
	if ud, ok := L.Get(1).(*lua.LUserData); ok {
		if f, ok := ud.Value.(*livefile.File[*Table]); ok {
			return f.Get(livefile.Report(L))
		}
	}
	L.RaiseError("map: %s is a method: call it as m:%[1]s(...), on what map.open has given", method)
	return nil
}

// get is m:get(key).
func get(L *lua.LState) int {
	t := receiver(L, "get")
	key := luabind.Args{L: L, Name: "m:get"}.String(2, "key")
	f, err := t.Get(key, costs(L))
	return push(L, f, err)
}

// lookupAddress is m:lookup_address(address [, prefix]).
func lookupAddress(L *lua.LState) int {
	t := receiver(L, "lookup_address")
	a := luabind.Args{L: L, Name: "m:lookup_address"}
	address, prefix := a.String(2, "address"), ""
	if !a.Absent(3) {
		prefix = a.String(3, "prefix")
	}
	if t.options.Kind != KindText {
		L.RaiseError("m:lookup_address: this is a map of type %s; only one of type text has keys to look up", t.options.Kind)
	}
	f, err := t.LookupAddress(address, prefix, costs(L))
	return push(L, f, err)
}

func costs(L *lua.LState) Costs {
	fuel := guard.FuelOf(L)
	return Costs{
		Work:   func(n int) { fuel.Charge(L, n+1) },
		Memory: func(n int) { fuel.Alloc(L, n) },
	}
}

// push gives value and entry, nil if there is none, or nil and a message.
func push(L *lua.LState, f Found, err error) int {
	switch {
	case err != nil:
		L.Push(lua.LNil)
		L.Push(lua.LString(err.Error()))
	case !f.OK:
		L.Push(lua.LNil)
		return 1
	default:
		L.Push(lua.LString(f.Value))
		L.Push(lua.LString(f.Entry))
	}
	return 2
}

// size is m:size().
func size(L *lua.LState) int {
	L.Push(lua.LNumber(receiver(L, "size").size))
	return 1
}
