package luatest

import (
	"errors"
	"fmt"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"luamilter/luabind"
	"luamilter/luabind/guard"
)

// assertionFailed is what an assertion raises. That it failed is noted, so that pcall does not hide it.
var assertionFailed = &lua.LUserData{Value: "an assertion failed", Metatable: lua.LNil}

// assertions are the functions of the module that look at a value.
func (r *runner) assertions() map[string]lua.LGFunction {
	return map[string]lua.LGFunction{
		"equal":     r.equal,
		"not_equal": r.notEqual,
		"match":     r.match,
		"no_match":  r.noMatch,
		"contains":  r.contains,
		"ok":        r.ok,
		"is_true":   r.is(lua.LTrue, "true"),
		"is_false":  r.is(lua.LFalse, "false"),
		"is_nil":    r.is(lua.LNil, "nil"),
		"error":     r.wantError,
		"fail":      r.failNow,
	}
}

// failAt fails the case at the line of the test that runs, and raises. note is the argument with what the test says itself.
func (r *runner) failAt(L *lua.LState, note int, text string) int {
	trial := r.inCase(L, "assertion")
	if own, ok := L.Get(note).(lua.LString); ok {
		text = strings.TrimRight(printable(string(own))+"\n"+text, "\n")
	}
	places := r.places(L)
	f := Failure{Text: text}
	if len(places) > 0 {
		f.Place, f.Source = places[0].String(), r.sourceLine(places[0].file, places[0].line)
		for _, p := range places[1:] {
			f.Text += "\ncalled from " + p.String()
		}
	}
	trial.fail(f)
	L.Error(assertionFailed, 0)
	return 0
}

// place is a line of the test or of one of its modules.
type place struct {
	file string
	line int
}

func (p place) String() string { return fmt.Sprintf("%s:%d", p.file, p.line) }

// mostPlaces bounds what is said of the calls that led to a failure.
const mostPlaces = 10

// places are the lines of the test that run, the innermost first.
func (r *runner) places(L *lua.LState) []place {
	var list []place
	for level := 1; len(list) < mostPlaces; level++ {
		d, ok := L.GetStack(level)
		if !ok {
			break
		}
		if _, err := L.GetInfo("Sl", d, lua.LNil); err == nil && d.CurrentLine > 0 && r.sources[d.Source] != nil {
			list = append(list, place{d.Source, d.CurrentLine})
		}
	}
	return list
}

// callerLine is where the running function of the module was called.
func callerLine(L *lua.LState) int {
	d, ok := L.GetStack(1)
	if !ok {
		return 0
	}
	if _, err := L.GetInfo("l", d, lua.LNil); err != nil {
		return 0
	}
	return d.CurrentLine
}

// equal is t.equal(got, want [, note]).
func (r *runner) equal(L *lua.LState) int {
	if same(L.Get(1), L.Get(2)) {
		return 0
	}
	return r.failAt(L, 3, difference(L.Get(1), L.Get(2)))
}

// notEqual is t.not_equal(got, unwanted [, note]).
func (r *runner) notEqual(L *lua.LState) int {
	if !same(L.Get(1), L.Get(2)) {
		return 0
	}
	return r.failAt(L, 3, "got, and not wanted: "+show(L.Get(1)))
}

// match is t.match(text, pattern [, note]), with a pattern of Lua.
func (r *runner) match(L *lua.LState) int {
	if r.matches(L, "match") {
		return 0
	}
	return r.failAt(L, 3, "got:  "+show(L.Get(1))+"\nwant: text that matches "+show(L.Get(2)))
}

// noMatch is t.no_match(text, pattern [, note]).
func (r *runner) noMatch(L *lua.LState) int {
	if !r.matches(L, "no_match") {
		return 0
	}
	return r.failAt(L, 3, "got:  "+show(L.Get(1))+"\nwant: text that does not match "+show(L.Get(2)))
}

// matches looks for the pattern that is argument 2 in the text that is argument 1; what is no text does not match.
func (r *runner) matches(L *lua.LState, name string) bool {
	pattern := luabind.Args{L: L, Name: name}.String(2, "pattern")
	text, ok := L.Get(1).(lua.LString)
	if !ok {
		if n, isNumber := L.Get(1).(lua.LNumber); isNumber {
			text, ok = lua.LString(n.String()), true
		}
	}
	if !ok {
		return false
	}
	L.Push(L.GetField(text, "find"))
	L.Push(text)
	L.Push(lua.LString(pattern))
	L.Call(2, 1)
	found := L.Get(-1)
	L.Pop(1)
	return found != lua.LNil
}

// contains is t.contains(list or text, value [, note]).
func (r *runner) contains(L *lua.LState) int {
	a := luabind.Args{L: L, Name: "contains"}
	switch whole := L.Get(1).(type) {
	case lua.LString:
		if strings.Contains(string(whole), a.String(2, "value")) {
			return 0
		}
	case *lua.LTable:
		found := false
		whole.ForEach(func(_, v lua.LValue) { found = found || same(v, L.Get(2)) })
		if found {
			return 0
		}
	}
	return r.failAt(L, 3, "got:  "+show(L.Get(1))+"\nwant: something with "+show(L.Get(2)))
}

// ok is t.ok(value [, note]): neither nil nor false.
func (r *runner) ok(L *lua.LState) int {
	if lua.LVAsBool(L.Get(1)) {
		return 0
	}
	return r.failAt(L, 2, "got:  "+show(L.Get(1))+"\nwant: neither nil nor false")
}

// is makes t.is_true(value [, note]) and its like.
func (r *runner) is(want lua.LValue, name string) lua.LGFunction {
	return func(L *lua.LState) int {
		if L.Get(1) == want {
			return 0
		}
		return r.failAt(L, 2, "got:  "+show(L.Get(1))+"\nwant: "+name)
	}
}

// wantError is t.error(fn [, pattern]), which gives the error.
func (r *runner) wantError(L *lua.LState) int {
	a := luabind.Args{L: L, Name: "error"}
	fn := function(a, 1, "fn")
	var raised *lua.ApiError
	if err := guard.Call(L, fn, 0); err != nil && !errors.As(err, &raised) {
		L.RaiseError("%s", err)
	}
	switch {
	case r.fuel.Err() != nil:
		L.RaiseError("%s", r.fuel.Err())
	case raised == nil:
		return r.failAt(L, 3, "got:  no error\nwant: an error")
	case raised.Object == assertionFailed:
		L.Error(assertionFailed, 0)
	}
	if !a.Absent(2) {
		L.Replace(1, lua.LString(raised.Object.String()))
		if !r.matches(L, "error") {
			return r.failAt(L, 3, "got:  the error "+show(L.Get(1))+"\nwant: one that matches "+show(L.Get(2)))
		}
	}
	L.Push(raised.Object)
	return 1
}

// failNow is t.fail([note]).
func (r *runner) failNow(L *lua.LState) int {
	if L.Get(1) == lua.LNil {
		return r.failAt(L, 1, "the test says so")
	}
	return r.failAt(L, 1, "")
}
