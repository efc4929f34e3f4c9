package mime

import (
	"fmt"
	"unsafe"

	lua "github.com/yuin/gopher-lua"

	"luamilter/luabind"
	"luamilter/luabind/guard"
)

// Open makes the module that a script gets from require "mime".
func Open(L *lua.LState) int {
	module := L.NewTable()
	module.RawSetString("parse", L.NewFunction(parse))
	L.Push(module)
	return 1
}

// parse is mime.parse(text).
func parse(L *lua.LState) int {
	text := luabind.Args{L: L, Name: "mime.parse"}.String(1, "text")
	charge(L)(len(text) / 8)
	// The message only ever reads its bytes, so it can share those of the string.
	m := Parse(unsafe.Slice(unsafe.StringData(text), len(text)))
	value, _ := Push(L, m, nil)
	L.Push(value)
	return 1
}

// What an edit needs of the MTA, named as the global function that needs the same.
const (
	NeedAddHeader    = "add_header"
	NeedChangeHeader = "change_header" // and to delete one
	NeedReplaceBody  = "replace_body"
)

// Push gives the Lua object of a message, which is for one callback: after release any use of it, or of its parts,
// raises "the message is over". permit, which may be nil, is called for what an edit needs of the MTA, one of the Need
// constants, each once; it raises in L where that can't be done, and then the edit is undone.
func Push(L *lua.LState, m *Message, permit func(L *lua.LState, what string)) (value lua.LValue, release func()) {
	o := &object{m: m, permit: permit, allowed: map[string]bool{}, parts: map[*Part]*lua.LUserData{}}
	ud := L.NewUserData()
	ud.Value = o
	ud.Metatable = metatable(L, messageType, "message", messageMethods, func(L *lua.LState, key string) (lua.LValue, bool) {
		get, ok := messageFields[key]
		if !ok {
			return nil, false
		}
		return get(receiver(L, key), L), true
	})
	return ud, func() {
		m.SetMeter(nil, nil)
		*o = object{over: true}
	}
}

const (
	messageType = "luamilter.mime.message"
	partType    = "luamilter.mime.part"
)

// object is what a message is to a script.
type object struct {
	m       *Message
	over    bool
	permit  func(L *lua.LState, what string)
	allowed map[string]bool          // what permit did not object to
	parts   map[*Part]*lua.LUserData // so that a part equals itself
	last    cached
}

// cached is what was made last for a script that asks again and again: the content of one part, for example.
type cached struct {
	of    any
	field string
	edits int
	value lua.LValue
}

// partObject is what a part is to a script.
type partObject struct {
	*object
	p *Part
}

// metatable makes the metatable of a type once per Lua state.
func metatable(L *lua.LState, name, kind string, methods map[string]lua.LGFunction, field func(*lua.LState, string) (lua.LValue, bool)) *lua.LTable {
	meta := L.NewTypeMetatable(name)
	if meta.RawGetString("__metatable") == lua.LFalse {
		return meta
	}
	bound := map[string]*lua.LFunction{}
	for name, fn := range methods {
		bound[name] = L.NewFunction(fn)
	}
	meta.RawSetString("__index", L.NewFunction(func(L *lua.LState) int {
		key := L.Get(2).String()
		if fn, ok := bound[key]; ok {
			L.Push(fn)
			return 1
		}
		value, ok := field(L, key)
		if !ok {
			L.RaiseError("a %s has no field '%s'", kind, shortened(key))
		}
		L.Push(value)
		return 1
	}))
	meta.RawSetString("__newindex", L.NewFunction(func(L *lua.LState) int {
		L.RaiseError("'%s' of a %s can't be assigned; its methods change it", shortened(L.Get(2).String()), kind)
		return 0
	}))
	meta.RawSetString("__metatable", lua.LFalse)
	return meta
}

// receiver is the message that a method or a field belongs to.
func receiver(L *lua.LState, name string) *object {
	ud, ok := L.Get(1).(*lua.LUserData)
	if ok {
		if o, ok := ud.Value.(*object); ok {
			o.use(L)
			return o
		}
	}
	L.RaiseError("bad argument #1 to '%s' (message expected, got %s; call it with a colon)", shortened(name), L.Get(1).Type())
	return nil
}

func partReceiver(L *lua.LState, name string) *partObject {
	ud, ok := L.Get(1).(*lua.LUserData)
	if ok {
		if o, ok := ud.Value.(*partObject); ok {
			o.use(L)
			return o
		}
	}
	L.RaiseError("bad argument #1 to '%s' (part expected, got %s; call it with a colon)", shortened(name), L.Get(1).Type())
	return nil
}

// use makes what the message does from here on be paid for by the running callback.
func (o *object) use(L *lua.LState) {
	if o.over {
		L.RaiseError("the message is over")
	}
	fuel := guard.FuelOf(L)
	o.m.SetMeter(charge(L), func(n int) { fuel.Alloc(L, n) })
}

// charge turns bytes that were worked through into VM instructions.
func charge(L *lua.LState) func(n int) {
	const bytesPerStep = 32
	fuel := guard.FuelOf(L)
	return func(n int) { fuel.Charge(L, n/bytesPerStep+1) }
}

// edit makes a change for the method of that name. Whatever it needs is asked for once it is known, and the change is
// undone if it is refused or goes wrong halfway.
func (o *object) edit(L *lua.LState, name string, change func() error) {
	guard.FuelOf(L).Alloc(L, 512*o.m.nodes+128*len(o.m.fields)) // the mark, and a new list of fields
	mark := o.m.Mark()
	done := false
	defer func() {
		if !done {
			o.m.Restore(mark)
		}
	}()
	o.last = cached{}
	if err := change(); err != nil {
		L.RaiseError("%s: %s", name, err)
	}
	for _, what := range o.m.needs() {
		if o.permit != nil && !o.allowed[what] {
			o.permit(L, what)
			o.allowed[what] = true
		}
	}
	done = true
}

// needs is what the edits so far need of the MTA.
func (m *Message) needs() (list []string) {
	add, change := false, false
	for _, op := range m.headerOps() {
		add, change = add || op.Kind == HeaderAdd, change || op.Kind != HeaderAdd
	}
	if add {
		list = append(list, NeedAddHeader)
	}
	if change {
		list = append(list, NeedChangeHeader)
	}
	if m.bodyEdited() {
		list = append(list, NeedReplaceBody)
	}
	return list
}

// keep gives the value of a field of x, the same as last time if nothing was edited since.
func (o *object) keep(x any, field string, build func() lua.LValue) lua.LValue {
	if c := o.last; c.of == x && c.field == field && c.edits == o.m.edits {
		return c.value
	}
	value := build()
	o.last = cached{x, field, o.m.edits, value}
	return value
}

// bytesOf makes a Lua string, which is a copy: the bytes may belong to a file that will be gone.
func bytesOf(L *lua.LState, data []byte) lua.LValue {
	guard.FuelOf(L).Alloc(L, len(data))
	return lua.LString(data)
}

func stringOrNil(s string, ok bool) lua.LValue {
	if !ok {
		return lua.LNil
	}
	return lua.LString(s)
}

func list(L *lua.LState, values []string) *lua.LTable {
	t := L.CreateTable(len(values), 0)
	for _, v := range values {
		t.Append(lua.LString(v))
	}
	return t
}

// fieldIndex takes the optional n of header(name [, n]).
func fieldIndex(a luabind.Args, n int) int {
	if a.Absent(n) {
		return 1
	}
	return a.Integer(n, "n", 1)
}

// iterateFields gives an iterator over name, value and index; the value is decoded when its turn comes.
func (o *object) iterateFields(L *lua.LState, fields []Field) int {
	guard.FuelOf(L).Alloc(L, 64*len(fields))
	counts := map[string]int{}
	i := 0
	L.Push(L.NewFunction(func(L *lua.LState) int {
		o.use(L)
		if i == len(fields) {
			L.Push(lua.LNil)
			return 1
		}
		f := field{name: []byte(fields[i].Name), value: []byte(fields[i].Raw)}
		i++
		key := foldName(f.name)
		counts[key]++
		text, _ := o.m.decoded(&f)
		L.Push(lua.LString(f.name))
		L.Push(lua.LString(text))
		L.Push(lua.LNumber(counts[key]))
		return 3
	}))
	return 1
}

// content reads the table that replace and add_part take.
func content(a luabind.Args, n int) Content {
	t := a.Table(n, "part")
	var c Content
	given := false
	t.ForEach(func(k, v lua.LValue) {
		key := k.String()
		text, ok := v.(lua.LString)
		if number, isNumber := v.(lua.LNumber); isNumber {
			text, ok = lua.LString(number.String()), true
		}
		if !ok {
			a.Fail(n, key, fmt.Sprintf("string expected, got %s", v.Type()))
		}
		switch key {
		case "type":
			c.Type = string(text)
		case "filename":
			c.Filename = string(text)
		case "disposition":
			c.Disposition = string(text)
		case "content":
			c.Data, given = []byte(text), true
		default:
			a.Fail(n, key, "no such field; there are type, filename, disposition and content")
		}
	})
	if !given {
		a.Fail(n, "content", "string expected, got nil")
	}
	guard.FuelOf(a.L).Alloc(a.L, 3*len(c.Data))
	return c
}
