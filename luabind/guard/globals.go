package guard

import (
	lua "github.com/yuin/gopher-lua"
)

// openGlobals makes _G, a view through which the globals are read and written, and the hidden table that assignments
// to globals go to (see globalField). Both stay empty, so that each write meets __newindex.
func (s *state) openGlobals(L *lua.LState) {
	write := L.NewFunction(s.writeGlobal)
	s.view = L.CreateTable(0, 0)
	mt := L.CreateTable(0, 3)
	mt.RawSetString("__index", L.NewFunction(s.readGlobal))
	mt.RawSetString("__newindex", write)
	mt.RawSetString("__metatable", lua.LFalse)
	s.view.Metatable = mt
	L.SetGlobal("_G", s.view)

	target := L.CreateTable(0, 0)
	mt = L.CreateTable(0, 1)
	mt.RawSetString("__newindex", write)
	target.Metatable = mt
	L.SetGlobal(hiddenGlobals, target)
}

func (s *state) readGlobal(L *lua.LState) int {
	L.Push(s.global(L.Get(2)))
	return 1
}

func (s *state) global(key lua.LValue) lua.LValue {
	if name, ok := key.(lua.LString); ok && hidden(string(name)) {
		return lua.LNil
	}
	return s.globals.RawGet(key)
}

func (s *state) writeGlobal(L *lua.LState) int {
	s.setGlobal(L, L.Get(2), L.Get(3))
	return 0
}

func (s *state) setGlobal(L *lua.LState, key, value lua.LValue) {
	name, ok := key.(lua.LString)
	switch {
	case ok && hidden(string(name)):
		L.RaiseError("the name '%s' is reserved", string(name))
	case s.sealed:
		L.RaiseError("assignment to global '%s' inside a callback: all messages would share it; "+
			"use a local variable, or a field of msg or conn", keyName(key))
	}
	L.RawSet(s.globals, key, value)
}

func keyName(key lua.LValue) string {
	if text, ok := toText(key); ok {
		return text
	}
	return key.Type().String()
}

// Library makes t a global of the given name, or of none for "", and gives the view that scripts have of it: they may
// add to it while they load, not later, when other messages would see it.
func Library(L *lua.LState, name string, t *lua.LTable) *lua.LTable {
	s := stateOf(L)
	view, mt := L.CreateTable(0, 0), L.CreateTable(0, 3)
	mt.RawSetString("__index", t)
	mt.RawSetString("__newindex", L.NewFunction(func(L *lua.LState) int {
		if s.sealed {
			L.RaiseError("assignment to field '%s' of a library inside a callback: all messages would share it; "+
				"use a local variable, or a field of msg or conn", keyName(L.Get(2)))
		}
		s.replaced = s.replaced || t.RawGet(L.Get(2)) != lua.LNil
		L.RawSet(t, L.Get(2), L.Get(3))
		return 0
	}))
	mt.RawSetString("__metatable", lua.LFalse)
	view.Metatable = mt
	s.libraries[view] = t
	if name != "" {
		L.SetGlobal(name, view)
	}
	return view
}

// Reserve makes t a table that scripts only get at by indexing it, which its metatable leads: no function of the libraries
// reads, writes or walks it raw.
func Reserve(L *lua.LState, t *lua.LTable) { stateOf(L).reserved[t] = true }

// Reserved says that Reserve has put the table aside, for modules that read tables of the script's.
func Reserved(L *lua.LState, t *lua.LTable) bool {
	return t.Metatable != lua.LNil && stateOf(L).reserved[t]
}

// library is the table behind the view of one, or nil.
func (s *state) library(t *lua.LTable) *lua.LTable {
	if t.Metatable == lua.LNil {
		return nil // the common case, without a look at the map
	}
	return s.libraries[t]
}

// nextOf is next(t, key), which shows the globals in place of _G, and a library in place of its view.
func (s *state) nextOf(t *lua.LTable, key lua.LValue) (lua.LValue, lua.LValue) {
	if t != s.view {
		if behind := s.library(t); behind != nil {
			t = behind
		}
		return t.Next(key)
	}
	for {
		var value lua.LValue
		key, value = s.globals.Next(key)
		if name, ok := key.(lua.LString); !ok || !hidden(string(name)) {
			return key, value
		}
	}
}
