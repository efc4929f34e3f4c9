// Package json is the module that a script gets from require "json": values as JSON text and back (RFC 8259).
package json

import (
	lua "github.com/yuin/gopher-lua"

	"luamilter/luabind"
)

const (
	// maxText is the longest text that is read or made (bytes).
	maxText = 64 << 20
	// defaultDepth bounds how deep arrays and objects may nest, at least in what is made; maxDepth is the most that
	// max_depth may ask for.
	defaultDepth = 100
	maxDepth     = 1000
)

// null stands for null in all states: nil would leave no trace in a table. Nothing can change it.
var null = &lua.LUserData{Metatable: lua.LNil}

// An empty table may be an array or an object. One that is to be an array has this entry, which survives copying, and
// which no JSON text can make: all its keys are strings.
const (
	markKey   = lua.LBool(true)
	markValue = lua.LString("array")
)

// Open makes the module.
func Open(L *lua.LState) int {
	module := L.NewTable()
	module.RawSetString("null", null)
	for name, fn := range map[string]lua.LGFunction{"decode": decode, "encode": encode, "array": array, "is_array": isArray} {
		module.RawSetString(name, L.NewFunction(fn))
	}
	L.Push(module)
	return 1
}

// array is json.array([t]): the table, marked as an array.
func array(L *lua.LState) int {
	a := luabind.Args{L: L, Name: "json.array"}
	var t *lua.LTable
	if a.Absent(1) {
		t = L.NewTable()
	} else if t = a.Table(1, "t"); t.Metatable != lua.LNil {
		a.Fail(1, "t", "a table with a metatable can't be marked")
	}
	t.RawSet(markKey, markValue)
	L.Push(t)
	return 1
}

// isArray is json.is_array(value): whether encode makes an array of it.
func isArray(L *lua.LState) int {
	t, ok := L.Get(1).(*lua.LTable)
	if ok {
		var kind tableKind
		kind, _, ok = classify(L, t)
		ok = ok && kind == kindArray
	}
	L.Push(lua.LBool(ok))
	return 1
}

// options checks the keys of an options table, which may be left out.
func options(a luabind.Args, n int, known ...string) *lua.LTable {
	if a.Absent(n) {
		return nil
	}
	t := a.Table(n, "options")
	t.ForEach(func(k, _ lua.LValue) {
		for _, name := range known {
			if k == lua.LString(name) {
				return
			}
		}
		a.Fail(n, "options", "there is no option "+k.String())
	})
	return t
}
