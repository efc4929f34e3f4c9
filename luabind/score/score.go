// Package score is the module that a script gets from require "score": points with reasons, and limits at which a message
// is tagged, delayed or refused.
package score

import (
	"fmt"
	"math"

	lua "github.com/yuin/gopher-lua"

	"luamilter/luabind"
)

// scale is what score.new makes: limits, and the field of msg and conn that the points are kept in. It never changes.
type scale struct {
	field  string
	limits []limit // those that are set, the highest first
}

// limit is one of tag, tempfail and reject.
type limit struct {
	level  string
	points float64
}

// levels are the limits that there may be, the gravest first.
var levels = [...]string{"reject", "tempfail", "tag"}

// standardField is where points are kept unless score.new names another field.
const standardField = "score"

// Open makes the module.
func Open(L *lua.LState) int {
	methods, meta := L.NewTable(), L.NewTable()
	for name, run := range map[string]func(luabind.Args, *scale) int{
		"add": add, "total": total, "level": level, "reasons": reasons, "report": report, "verdict": verdict,
	} {
		methods.RawSetString(name, L.NewFunction(func(L *lua.LState) int {
			a := luabind.Args{L: L, Name: name}
			return run(a, receiver(a))
		}))
	}
	meta.RawSetString("__index", methods)
	meta.RawSetString("__metatable", lua.LFalse)
	module := L.NewTable()
	module.RawSetString("new", L.NewFunction(func(L *lua.LState) int {
		L.Push(&lua.LUserData{Value: newScale(luabind.Args{L: L, Name: "score.new"}), Metatable: meta})
		return 1
	}))
	L.Push(module)
	return 1
}

func receiver(a luabind.Args) *scale {
	if ud, ok := a.L.Get(1).(*lua.LUserData); ok {
		if s, ok := ud.Value.(*scale); ok {
			return s
		}
	}
	a.FailType(1, "score", "what score.new gives")
	return nil
}

// newScale reads score.new{tag=, tempfail=, reject=, field=}.
func newScale(a luabind.Args) *scale {
	s := &scale{field: standardField}
	t := a.Table(1, "limits")
	t.ForEach(func(k, v lua.LValue) {
		switch k {
		case lua.LString("field"):
			name, ok := v.(lua.LString)
			if !ok || name == "" {
				a.Fail(1, "field", "the name of a field of msg expected, got "+v.String())
			}
			s.field = string(name)
		case lua.LString("reject"), lua.LString("tempfail"), lua.LString("tag"):
		default:
			a.Fail(1, "limits", fmt.Sprintf("tag, tempfail, reject and field are known, not %.40s", k.String()))
		}
	})
	for _, name := range levels {
		v := t.RawGetString(name)
		if v == lua.LNil {
			continue
		}
		points := finite(a, 1, name, v)
		if n := len(s.limits); n > 0 && points >= s.limits[n-1].points {
			a.Fail(1, name, fmt.Sprintf("%s is not below %s (%s), so it would never be reached",
				format(points), s.limits[n-1].level, format(s.limits[n-1].points)))
		}
		s.limits = append(s.limits, limit{name, points})
	}
	if len(s.limits) == 0 {
		a.Fail(1, "limits", "at least one of tag, tempfail and reject expected")
	}
	return s
}

// mostPoints bounds what may be added at once, so that a sum is exact to the digits that are shown.
const mostPoints = 1e6

func finite(a luabind.Args, n int, arg string, v lua.LValue) float64 {
	number, ok := v.(lua.LNumber)
	if !ok {
		a.Fail(n, arg, "number expected, got "+v.Type().String())
	}
	points := float64(number)
	if math.IsNaN(points) || math.Abs(points) > mostPoints {
		a.Fail(n, arg, fmt.Sprintf("a number from -%d to %[1]d expected, got %s", int(mostPoints), number))
	}
	return points
}

// level is the gravest limit that has been reached, or nil.
func (s *scale) level(points float64) *limit {
	for i := range s.limits {
		if points >= s.limits[i].points {
			return &s.limits[i]
		}
	}
	return nil
}
