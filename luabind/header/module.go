package header

import (
	lua "github.com/yuin/gopher-lua"

	"luamilter/luabind"
	"luamilter/luabind/guard"
)

// longestText is the most bytes of an argument: what takes about a second at worst, and far above any header.
const longestText = 16 << 20

// Open makes the Lua module header.
func Open(L *lua.LState) int {
	L.Push(L.SetFuncs(L.NewTable(), map[string]lua.LGFunction{
		"decode":  luaDecode,
		"defects": luaDefects,
		"encode":  luaEncode,
		"fold":    luaFold,
		"unfold":  luaUnfold,
		"params":  luaParams,
		"date":    luaDate,
	}))
	return 1
}

// text takes argument n, and charges for reading it and for a result of its size.
func text(a luabind.Args, n int, arg string) string {
	s := a.String(n, arg)
	if len(s) > longestText {
		a.Fail(n, arg, "longer than 16 MiB")
	}
	fuel := guard.FuelOf(a.L)
	fuel.Charge(a.L, len(s)/2+16)
	fuel.Alloc(a.L, 4*len(s))
	return s
}

// header.decode(raw) -> text
func luaDecode(L *lua.LState) int {
	decoded, _ := Decode(text(luabind.Args{L: L, Name: "header.decode"}, 1, "raw"))
	L.Push(lua.LString(decoded))
	return 1
}

// header.defects(raw) -> list
func luaDefects(L *lua.LState) int {
	_, defects := Decode(text(luabind.Args{L: L, Name: "header.defects"}, 1, "raw"))
	L.Push(stringList(L, defects))
	return 1
}

// header.encode(text) -> value
func luaEncode(L *lua.LState) int {
	L.Push(lua.LString(Encode(text(luabind.Args{L: L, Name: "header.encode"}, 1, "text"))))
	return 1
}

// header.fold(name, value) -> value
func luaFold(L *lua.LState) int {
	a := luabind.Args{L: L, Name: "header.fold"}
	name := a.String(1, "name")
	L.Push(lua.LString(Fold(name, text(a, 2, "value"))))
	return 1
}

// header.unfold(value) -> value
func luaUnfold(L *lua.LState) int {
	L.Push(lua.LString(Unfold(text(luabind.Args{L: L, Name: "header.unfold"}, 1, "value"))))
	return 1
}

// header.params(value) -> main, {name = value}, list, defects
func luaParams(L *lua.LState) int {
	main, params, defects := ParseParams(text(luabind.Args{L: L, Name: "header.params"}, 1, "value"))
	byName, list := L.NewTable(), L.NewTable()
	for _, p := range params {
		guard.FuelOf(L).Alloc(L, 1024) // what the tables take, about
		if byName.RawGetString(p.Name) == lua.LNil {
			byName.RawSetString(p.Name, lua.LString(p.Value))
		}
		entry := L.NewTable()
		entry.RawSetString("name", lua.LString(p.Name))
		entry.RawSetString("value", lua.LString(p.Value))
		list.Append(entry)
	}
	L.Push(lua.LString(main))
	L.Push(byName)
	L.Push(list)
	L.Push(stringList(L, defects))
	return 4
}

// header.date(value) -> unix time, offset in seconds | nil, message
func luaDate(L *lua.LState) int {
	t, err := ParseDate(text(luabind.Args{L: L, Name: "header.date"}, 1, "value"))
	if err != nil {
		L.Push(lua.LNil)
		L.Push(lua.LString(err.Error()))
		return 2
	}
	_, offset := t.Zone()
	L.Push(lua.LNumber(t.Unix()))
	L.Push(lua.LNumber(offset))
	return 2
}

func stringList(L *lua.LState, texts []string) *lua.LTable {
	list := L.NewTable()
	for _, s := range texts {
		list.Append(lua.LString(s))
	}
	return list
}
