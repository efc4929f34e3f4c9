package guard

import (
	lua "github.com/yuin/gopher-lua"
)

// args reads the arguments of one call of a library function. What is wrong is raised in the words of Lua's
// auxiliary library, at the caller's line.
type args struct {
	L    *lua.LState
	name string
}

func (a args) fail(n int, problem string) {
	a.L.RaiseError("bad argument #%d to '%s' (%s)", n, a.name, problem)
}

func (a args) failType(n int, expected string) {
	a.fail(n, expected+" expected, got "+typeAt(a.L, n))
}

func typeAt(L *lua.LState, n int) string {
	if n > L.GetTop() {
		return "no value"
	}
	return L.Get(n).Type().String()
}

func (a args) any(n int) lua.LValue {
	if n > a.L.GetTop() {
		a.fail(n, "value expected")
	}
	return a.L.Get(n)
}

func (a args) text(n int) string {
	v := a.L.Get(n)
	if s, ok := v.(lua.LString); ok {
		return string(s)
	}
	s, ok := toText(v)
	if !ok {
		a.failType(n, "string")
	}
	return s
}

func (a args) optText(n int, def string) string {
	if a.L.Get(n) == lua.LNil {
		return def
	}
	return a.text(n)
}

func (a args) number(n int) float64 {
	v, ok := toNumber(a.L.Get(n))
	if !ok {
		a.failType(n, "number")
	}
	return v
}

func (a args) integer(n int) int { return toInt(a.number(n)) }

func (a args) optInteger(n, def int) int {
	if a.L.Get(n) == lua.LNil {
		return def
	}
	return a.integer(n)
}

func (a args) table(n int) *lua.LTable {
	t, ok := a.L.Get(n).(*lua.LTable)
	if !ok {
		a.failType(n, "table")
	}
	return t
}

// ownTable is a table that the function may change or walk: not _G, which is only a view, nor a library.
func (a args) ownTable(n int) *lua.LTable {
	t := a.table(n)
	if t == stateOf(a.L).view {
		a.fail(n, "_G cannot be used as a list")
	}
	a.notLibrary(n, t)
	return t
}

// notLibrary refuses the view of a library, where what is written past its metatable would be seen by other messages, and
// a table that Reserve has put aside.
func (a args) notLibrary(n int, t *lua.LTable) {
	if stateOf(a.L).library(t) != nil {
		a.fail(n, "a library cannot be changed this way")
	}
	if Reserved(a.L, t) {
		a.fail(n, "conn and msg have fields, and are no lists")
	}
}

// walked is a table whose entries the function goes through.
func (a args) walked(n int) *lua.LTable {
	t := a.table(n)
	if Reserved(a.L, t) {
		a.fail(n, "conn and msg have fields, and can't be walked")
	}
	return t
}

func (a args) function(n int) *lua.LFunction {
	f, ok := a.L.Get(n).(*lua.LFunction)
	if !ok {
		a.failType(n, "function")
	}
	return f
}

func (a args) thread(n int) *lua.LState {
	th, ok := a.L.Get(n).(*lua.LState)
	if !ok {
		a.fail(n, "coroutine expected")
	}
	return th
}
