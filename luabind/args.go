package luabind

import (
	"math"
	"path/filepath"

	lua "github.com/yuin/gopher-lua"

	"luamilter/luabind/guard"
)

// Args reads the arguments of one call of a bound function. What is wrong is raised at the caller's line and names
// the function and the argument: "bad argument #2 to 'add_header' (value: string expected, got nil)".
type Args struct {
	L    *lua.LState
	Name string // as the script calls it: "add_header", "json.decode"
}

// Fail raises that argument n is not what it should be.
func (a Args) Fail(n int, arg, problem string) {
	a.L.RaiseError("bad argument #%d to '%s' (%s: %s)", n, a.Name, arg, problem)
}

// FailType raises that argument n is of another type than expected.
func (a Args) FailType(n int, arg, expected string) {
	got := "no value"
	if n <= a.L.GetTop() {
		got = a.L.Get(n).Type().String()
	}
	a.Fail(n, arg, expected+" expected, got "+got)
}

// String takes a string; a number is converted, as Lua does.
func (a Args) String(n int, arg string) string {
	switch v := a.L.Get(n).(type) {
	case lua.LString:
		return string(v)
	case lua.LNumber:
		return v.String()
	}
	a.FailType(n, arg, "string")
	return ""
}

// Table takes a table.
func (a Args) Table(n int, arg string) *lua.LTable {
	t, ok := a.L.Get(n).(*lua.LTable)
	if !ok {
		a.FailType(n, arg, "table")
	}
	a.CheckWalk(n, arg, t)
	return t
}

// CheckWalk raises for conn and msg, of which a walk would show what happens to stand in this state.
func (a Args) CheckWalk(n int, arg string, t *lua.LTable) {
	if guard.Reserved(a.L, t) {
		a.Fail(n, arg, "conn and msg have fields, and can't be walked")
	}
}

// Integer takes a whole number from min on.
func (a Args) Integer(n int, arg string, min int) int {
	v, ok := a.L.Get(n).(lua.LNumber)
	if !ok {
		a.FailType(n, arg, "number")
	}
	f := float64(v)
	if f != math.Trunc(f) || f < float64(min) || f > math.MaxInt32 {
		a.Fail(n, arg, "a whole number from "+lua.LNumber(min).String()+" on expected, got "+v.String())
	}
	return int(v)
}

// Absent says that the argument was left out, or is nil.
func (a Args) Absent(n int) bool { return a.L.Get(n) == lua.LNil }

// Loading raises unless the script is being loaded, for what each state must set up alike.
func (a Args) Loading() {
	if !stateOf(a.L).loading {
		a.L.RaiseError("%s: only while the script loads, not in a callback", a.Name)
	}
}

// Beside is where a file of the script's own is: like a module, a relative path is looked for beside the script.
func (a Args) Beside(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(filepath.Dir(stateOf(a.L).script.path), path)
}
