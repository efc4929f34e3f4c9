// Package re is the module that a script gets from require "re": regular expressions in RE2 syntax, on bytes.
package re

import (
	lua "github.com/yuin/gopher-lua"

	"luamilter/luabind"
)

// Module is the module re with the patterns that its states have compiled; it may be used by any number of them.
type Module struct{ cache cache }

// New makes a module whose cache is empty.
func New() *Module { return new(Module) }

// operation is one function of the module, which is also a method of compiled patterns. Its own arguments are from 3 on.
type operation func(c *call) int

var operations = map[string]operation{
	"match":    (*call).match,
	"find":     (*call).find,
	"find_all": (*call).findAll,
	"gmatch":   (*call).gmatch,
	"groups":   (*call).groups,
	"gsub":     (*call).gsub,
	"split":    (*call).split,
}

// Open makes the module's table (require "re").
func (m *Module) Open(L *lua.LState) int {
	module, methods, meta := L.NewTable(), L.NewTable(), L.NewTable()
	for name, run := range operations {
		module.RawSetString(name, L.NewFunction(func(L *lua.LState) int {
			a := luabind.Args{L: L, Name: "re." + name}
			return run(&call{a: a, L: L, s: a.String(1, "s"), p: m.pattern(a, 2)})
		}))
		methods.RawSetString(name, L.NewFunction(func(L *lua.LState) int {
			a := luabind.Args{L: L, Name: name}
			p := compiled(L.Get(1))
			if p == nil {
				a.FailType(1, "pattern", "compiled pattern")
			}
			return run(&call{a: a, L: L, s: a.String(2, "s"), p: p})
		}))
	}
	meta.RawSetString("__index", methods)
	meta.RawSetString("__metatable", lua.LFalse)
	meta.RawSetString("__tostring", L.NewFunction(describe))
	module.RawSetString("compile", L.NewFunction(func(L *lua.LState) int {
		L.Push(&lua.LUserData{Value: m.pattern(luabind.Args{L: L, Name: "re.compile"}, 1), Metatable: meta})
		return 1
	}))
	module.RawSetString("escape", L.NewFunction(escape))
	L.Push(module)
	return 1
}

// pattern takes argument n: a pattern, or what re.compile made of one.
func (m *Module) pattern(a luabind.Args, n int) *pattern {
	if p := compiled(a.L.Get(n)); p != nil {
		return p
	}
	source := a.String(n, "pattern")
	if p := m.cache.get(source); p != nil {
		return p
	}
	if len(source) <= maxSource {
		chargeCompile(a.L, source)
	}
	p, err := compile(source)
	if err != nil {
		a.Fail(n, "pattern", err.Error())
	}
	m.cache.put(p)
	return p
}

func compiled(v lua.LValue) *pattern {
	ud, ok := v.(*lua.LUserData)
	if !ok {
		return nil
	}
	p, _ := ud.Value.(*pattern)
	return p
}

func describe(L *lua.LState) int {
	text := "pattern"
	if p := compiled(L.Get(1)); p != nil {
		text += " " + p.source
	}
	L.Push(lua.LString(text))
	return 1
}
