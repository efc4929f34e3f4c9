package score

import (
	"strings"

	lua "github.com/yuin/gopher-lua"

	"luamilter/luabind"
	"luamilter/luabind/guard"
)

// add is s:add(points, reason): the total with them.
func add(a luabind.Args, s *scale) int {
	points := finite(a, 2, "points", a.L.Get(2))
	reason := a.String(3, "reason")
	if reason == "" {
		a.Fail(3, "reason", "a text expected, got an empty one")
	}
	guard.FuelOf(a.L).Charge(a.L, maxReasons)
	s.keep(a, points, clean(reason))
	return total(a, s)
}

func total(a luabind.Args, s *scale) int {
	a.L.Push(lua.LNumber(s.total(a)))
	return 1
}

// level is "reject", "tempfail", "tag", or nil.
func level(a luabind.Args, s *scale) int {
	if l := s.level(s.total(a)); l != nil {
		a.L.Push(lua.LString(l.level))
	} else {
		a.L.Push(lua.LNil)
	}
	return 1
}

func reasons(a luabind.Args, s *scale) int {
	list := a.L.NewTable()
	s.each(a, func(points float64, reason string) {
		entry := a.L.NewTable()
		entry.RawSetString("points", lua.LNumber(rounded(points)))
		entry.RawSetString("reason", lua.LString(reason))
		list.Append(entry)
	})
	a.L.Push(list)
	return 1
}

// report is the total and the reasons on one line: "7.5: no date (2.5), bad HELO (5)".
func report(a luabind.Args, s *scale) int {
	var parts []string
	s.each(a, func(points float64, reason string) {
		parts = append(parts, reason+" ("+format(points)+")")
	})
	line := format(s.total(a))
	if len(parts) > 0 {
		line += ": " + strings.Join(parts, ", ")
	}
	guard.FuelOf(a.L).Alloc(a.L, 2*len(line))
	a.L.Push(lua.LString(line))
	return 1
}

// refusals are what a sender is told unless the script has a text of its own.
var refusals = map[string]string{
	"reject":   "the message looks like spam",
	"tempfail": "the message looks like spam, try again later",
}

// verdict is s:verdict([text]): what the global reject or tempfail gives for the text, or nil below their limits.
func verdict(a luabind.Args, s *scale) int {
	l := s.level(s.total(a))
	if l == nil || l.level == "tag" {
		a.L.Push(lua.LNil)
		return 1
	}
	text := refusals[l.level]
	if !a.Absent(2) {
		text = a.String(2, "text")
	}
	a.L.Push(a.L.GetGlobal(l.level))
	a.L.Push(lua.LString(text))
	a.L.Call(1, 1)
	return 1
}
