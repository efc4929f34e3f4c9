package mime

import (
	lua "github.com/yuin/gopher-lua"

	"luamilter/luabind"
	"luamilter/luabind/archive"
	"luamilter/luabind/guard"
)

// partFields are what part.name gives.
var partFields = map[string]func(o *partObject, L *lua.LState) lua.LValue{
	"type":        func(o *partObject, L *lua.LState) lua.LValue { return lua.LString(o.p.Type()) },
	"charset":     func(o *partObject, L *lua.LState) lua.LValue { return orNil(o.p.Charset()) },
	"encoding":    func(o *partObject, L *lua.LState) lua.LValue { return orNil(o.p.Encoding()) },
	"disposition": func(o *partObject, L *lua.LState) lua.LValue { return orNil(o.p.Disposition()) },
	"filename":    func(o *partObject, L *lua.LState) lua.LValue { return orNil(o.p.Filename()) },
	"names":       func(o *partObject, L *lua.LState) lua.LValue { return list(L, o.p.Names()) },
	"depth":       func(o *partObject, L *lua.LState) lua.LValue { return lua.LNumber(o.p.Depth()) },
	"index":       partIndex,
	"params":      partParams,
	"content":     partContent,
	"text":        func(o *partObject, L *lua.LState) lua.LValue { return o.text(L, o.p) },
	"raw":         partRaw,
	"members":     partMembers,
	"defects":     partDefects,
}

// partMethods are called as part:name(...).
var partMethods = map[string]lua.LGFunction{
	"header":         partHeader,
	"raw_header":     partRawHeader,
	"headers":        partHeaders,
	"replace":        partReplace,
	"remove":         partRemove,
	"set_content":    partSetContent,
	"remove_scripts": partRemoveScripts,
}

// part is the Lua object of a part, always the same.
func (o *object) part(L *lua.LState, p *Part) lua.LValue {
	if ud, ok := o.parts[p]; ok {
		return ud
	}
	guard.FuelOf(L).Alloc(L, 256)
	ud := L.NewUserData()
	ud.Value = &partObject{o, p}
	ud.Metatable = metatable(L, partType, "part", partMethods, func(L *lua.LState, key string) (lua.LValue, bool) {
		get, ok := partFields[key]
		if !ok {
			return nil, false
		}
		return get(partReceiver(L, key), L), true
	})
	o.parts[p] = ud
	return ud
}

func orNil(s string) lua.LValue { return stringOrNil(s, s != "") }

func partIndex(o *partObject, L *lua.LState) lua.LValue {
	if o.p.index == 0 {
		return lua.LNil
	}
	return lua.LNumber(o.p.index)
}

func partParams(o *partObject, L *lua.LState) lua.LValue {
	params := o.p.Params()
	guard.FuelOf(L).Alloc(L, 128*len(params))
	t := L.CreateTable(0, len(params))
	for _, q := range params {
		if t.RawGetString(q.Name) == lua.LNil {
			t.RawSetString(q.Name, lua.LString(q.Value))
		}
	}
	return t
}

func partContent(o *partObject, L *lua.LState) lua.LValue {
	return o.keep(o.p, "content", func() lua.LValue {
		return bytesOf(L, o.p.Content())
	})
}

func partRaw(o *partObject, L *lua.LState) lua.LValue {
	return o.keep(o.p, "raw", func() lua.LValue {
		guard.FuelOf(L).Alloc(L, o.p.ContentSize())
		return bytesOf(L, o.p.Raw())
	})
}

// partMembers are the names inside an archive, in archives inside it too.
func partMembers(o *partObject, L *lua.LState) lua.LValue {
	return o.keep(o.p, "members", func() lua.LValue {
		members, _ := archive.Names(o.p.Content(), o.p.Filename(), archive.DefaultLimits(), charge(L))
		guard.FuelOf(L).Alloc(L, 64*len(members))
		names := make([]string, len(members))
		for i, m := range members {
			names[i] = m.Name
		}
		return list(L, names)
	})
}

func partDefects(o *partObject, L *lua.LState) lua.LValue {
	return list(L, o.p.Defects())
}

// partHeader is part:header(name [, n]).
func partHeader(L *lua.LState) int {
	o, a := partReceiver(L, "header"), luabind.Args{L: L, Name: "header"}
	L.Push(stringOrNil(o.p.Header(a.String(2, "name"), fieldIndex(a, 3))))
	return 1
}

// partRawHeader is part:raw_header(name [, n]).
func partRawHeader(L *lua.LState) int {
	o, a := partReceiver(L, "raw_header"), luabind.Args{L: L, Name: "raw_header"}
	L.Push(stringOrNil(o.p.RawHeader(a.String(2, "name"), fieldIndex(a, 3))))
	return 1
}

// partHeaders is part:headers().
func partHeaders(L *lua.LState) int {
	o := partReceiver(L, "headers")
	return o.iterateFields(L, o.p.Fields())
}

// partReplace is part:replace{type=, filename=, disposition=, content=}.
func partReplace(L *lua.LState) int {
	o, c := partReceiver(L, "replace"), content(luabind.Args{L: L, Name: "replace"}, 2)
	o.edit(L, "replace", func() error { return o.p.Replace(c) })
	return 0
}

// partRemove is part:remove().
func partRemove(L *lua.LState) int {
	o := partReceiver(L, "remove")
	o.edit(L, "remove", o.p.Remove)
	return 0
}

// partSetContent is part:set_content(s).
func partSetContent(L *lua.LState) int {
	o, s := partReceiver(L, "set_content"), luabind.Args{L: L, Name: "set_content"}.String(2, "content")
	guard.FuelOf(L).Alloc(L, 4*len(s))
	o.edit(L, "set_content", func() error { return o.p.SetContent([]byte(s)) })
	return 0
}

// partRemoveScripts is part:remove_scripts().
func partRemoveScripts(L *lua.LState) int {
	o, n := partReceiver(L, "remove_scripts"), 0
	guard.FuelOf(L).Alloc(L, 4*o.p.ContentSize())
	o.edit(L, "remove_scripts", func() (err error) {
		n, err = o.p.RemoveScripts()
		return err
	})
	L.Push(lua.LNumber(n))
	return 1
}
