package luabind

import (
	"math"

	lua "github.com/yuin/gopher-lua"
)

// args reads the arguments of one call of a bound function. What is wrong is raised at the caller's line and names
// the function and the argument.
type args struct {
	L    *lua.LState
	name string
}

func (a args) fail(n int, arg, problem string) {
	a.L.RaiseError("bad argument #%d to '%s' (%s: %s)", n, a.name, arg, problem)
}

func (a args) failType(n int, arg, expected string) {
	got := "no value"
	if n <= a.L.GetTop() {
		got = a.L.Get(n).Type().String()
	}
	a.fail(n, arg, expected+" expected, got "+got)
}

// string takes a string; a number is converted, as Lua does.
func (a args) string(n int, arg string) string {
	switch v := a.L.Get(n).(type) {
	case lua.LString:
		return string(v)
	case lua.LNumber:
		return v.String()
	}
	a.failType(n, arg, "string")
	return ""
}

func (a args) table(n int, arg string) *lua.LTable {
	t, ok := a.L.Get(n).(*lua.LTable)
	if !ok {
		a.failType(n, arg, "table")
	}
	return t
}

// integer takes a whole number from min on.
func (a args) integer(n int, arg string, min int) int {
	v, ok := a.L.Get(n).(lua.LNumber)
	if !ok {
		a.failType(n, arg, "number")
	}
	f := float64(v)
	if f != math.Trunc(f) || f < float64(min) || f > math.MaxInt32 {
		a.fail(n, arg, "a whole number from "+lua.LNumber(min).String()+" on expected, got "+v.String())
	}
	return int(v)
}

// absent says that the argument was left out, or is nil.
func (a args) absent(n int) bool { return a.L.Get(n) == lua.LNil }
