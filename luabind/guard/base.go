package guard

import (
	"fmt"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// maxUnpack is the largest number of values that unpack and string.byte give: the stack has registryMax slots.
const maxUnpack = registryMax / 2

var baseFunctions = map[string]lua.LGFunction{
	"assert":       baseAssert,
	"error":        baseError,
	"getmetatable": baseGetMetatable,
	"ipairs":       baseIpairs,
	"load":         baseLoad,
	"loadstring":   baseLoadString,
	"next":         baseNext,
	"pairs":        basePairs,
	"pcall":        basePCall,
	"print":        basePrint,
	"rawequal":     baseRawEqual,
	"rawget":       baseRawGet,
	"rawset":       baseRawSet,
	"select":       baseSelect,
	"setmetatable": baseSetMetatable,
	"tonumber":     baseToNumber,
	"tostring":     baseToString,
	"type":         baseType,
	"unpack":       baseUnpack,
	"xpcall":       baseXPCall,
	hiddenConcat:   concat,
}

func (s *state) openBase(L *lua.LState) {
	for name, f := range baseFunctions {
		L.SetGlobal(name, L.NewFunction(f))
	}
	L.SetGlobal("_VERSION", lua.LString(lua.LuaVersion))
	s.next = L.GetGlobal("next").(*lua.LFunction)
	s.ipairs = L.NewFunction(ipairsNext)
}

func baseAssert(L *lua.LState) int {
	a := args{L, "assert"}
	if !lua.LVAsBool(a.any(1)) {
		L.RaiseError("%s", a.optText(2, "assertion failed!"))
	}
	return L.GetTop()
}

func baseGetMetatable(L *lua.LState) int {
	L.Push(L.GetMetatable(args{L, "getmetatable"}.any(1)))
	return 1
}

func baseSetMetatable(L *lua.LState) int {
	a := args{L, "setmetatable"}
	t := a.table(1)
	mt := L.Get(2)
	if L.GetTop() < 2 || mt.Type() != lua.LTNil && mt.Type() != lua.LTTable {
		a.fail(2, "nil or table expected")
	}
	if old, ok := t.Metatable.(*lua.LTable); ok && old.RawGetString("__metatable") != lua.LNil {
		L.RaiseError("cannot change a protected metatable")
	}
	t.Metatable = mt
	L.SetTop(1)
	return 1
}

func baseIpairs(L *lua.LState) int {
	t := args{L, "ipairs"}.table(1)
	L.Push(stateOf(L).ipairs)
	L.Push(t)
	L.Push(lua.LNumber(0))
	return 3
}

func ipairsNext(L *lua.LState) int {
	a := args{L, "ipairs"}
	t := a.table(1)
	i := a.integer(2) + 1
	v := t.RawGet(lua.LNumber(i))
	if v == lua.LNil {
		return 0
	}
	L.Push(lua.LNumber(i))
	L.Push(v)
	return 2
}

func baseNext(L *lua.LState) int {
	key, value := stateOf(L).nextOf(args{L, "next"}.walked(1), L.Get(2))
	L.Push(key)
	if key == lua.LNil {
		return 1
	}
	L.Push(value)
	return 2
}

func basePairs(L *lua.LState) int {
	t := args{L, "pairs"}.table(1)
	L.Push(stateOf(L).next)
	L.Push(t)
	L.Push(lua.LNil)
	return 3
}

func basePrint(L *lua.LState) int {
	s := stateOf(L)
	var b builder
	for i := 1; i <= L.GetTop(); i++ {
		v := tostring(L, L.Get(i))
		text, ok := toText(v)
		if !ok {
			L.RaiseError("'tostring' must return a string to 'print'")
		}
		if i > 1 {
			b.add(L, "\t")
		}
		b.add(L, text)
	}
	if s.print != nil {
		s.print(L, b.String())
	}
	return 0
}

func baseRawEqual(L *lua.LState) int {
	a := args{L, "rawequal"}
	L.Push(lua.LBool(L.RawEqual(a.any(1), a.any(2))))
	return 1
}

func baseRawGet(L *lua.LState) int {
	a := args{L, "rawget"}
	s := stateOf(L)
	t, key := a.table(1), a.any(2)
	switch {
	case t == s.view:
		L.Push(s.global(key))
	case Reserved(L, t):
		L.Push(L.GetTable(t, key))
	default:
		L.Push(t.RawGet(key))
	}
	return 1
}

func baseRawSet(L *lua.LState) int {
	a := args{L, "rawset"}
	s := stateOf(L)
	t, key, value := a.table(1), a.any(2), a.any(3)
	if t == s.view {
		s.setGlobal(L, key, value)
	} else {
		args{L, "rawset"}.notLibrary(1, t)
		L.RawSet(t, key, value)
	}
	L.SetTop(1)
	return 1
}

func baseSelect(L *lua.LState) int {
	a := args{L, "select"}
	top := L.GetTop()
	if s, ok := L.Get(1).(lua.LString); ok && strings.HasPrefix(string(s), "#") {
		L.Push(lua.LNumber(top - 1))
		return 1
	}
	n := a.integer(1)
	if n < 0 {
		n += top
	} else if n > top {
		n = top
	}
	if n < 1 {
		a.fail(1, "index out of range")
	}
	return top - n
}

func baseToNumber(L *lua.LState) int {
	a := args{L, "tonumber"}
	base := a.optInteger(2, 10)
	var v float64
	var ok bool
	if base == 10 {
		v, ok = toNumber(a.any(1))
	} else {
		text := a.text(1)
		if base < 2 || base > 36 {
			a.fail(2, "base out of range")
		}
		v, ok = parseBase(text, base)
	}
	if !ok {
		L.Push(lua.LNil)
	} else {
		L.Push(lua.LNumber(v))
	}
	return 1
}

func baseToString(L *lua.LState) int {
	L.Push(tostring(L, args{L, "tostring"}.any(1)))
	return 1
}

// tostring is Lua's tostring: a string, or whatever __tostring gives.
func tostring(L *lua.LState, v lua.LValue) lua.LValue {
	if text, ok := toText(v); ok {
		if s, ok := v.(lua.LString); ok {
			return s
		}
		return lua.LString(text)
	}
	if mt := L.GetMetaField(v, "__tostring"); mt != lua.LNil {
		L.Push(mt)
		L.Push(v)
		L.Call(1, 1)
		v = L.Get(-1)
		L.Pop(1)
		return v
	}
	switch v := v.(type) {
	case *lua.LTable:
		return lua.LString(fmt.Sprintf("table: %p", v))
	case *lua.LFunction:
		if v.IsG {
			return lua.LString(fmt.Sprintf("builtin: %p", v))
		}
	}
	return lua.LString(v.String())
}

func baseType(L *lua.LState) int {
	L.Push(lua.LString(args{L, "type"}.any(1).Type().String()))
	return 1
}

func baseUnpack(L *lua.LState) int {
	a := args{L, "unpack"}
	t := a.table(1)
	from := a.optInteger(2, 1)
	to := t.Len()
	if L.Get(3) != lua.LNil {
		to = a.integer(3)
	}
	if from > to {
		return 0
	}
	if n := uint64(to) - uint64(from); n >= maxUnpack {
		L.RaiseError("too many results to unpack")
	}
	FuelOf(L).Charge(L, to-from)
	for i := from; ; i++ {
		L.Push(t.RawGet(lua.LNumber(i)))
		if i == to { // i++ may overflow
			return to - from + 1
		}
	}
}
