package luabind

import (
	"errors"
	"fmt"
	"math"

	lua "github.com/yuin/gopher-lua"

	"luamilter/protocol"
)

// fieldView is the global conn or msg of one Lua state: a userdata, so that no rawset gets by, whose metatable leads every
// access here.
type fieldView struct {
	st      *State
	name    string
	builtin func(st *State, name string) (lua.LValue, bool) // the host's own fields
	fields  func(*Scope) *Fields
	clone   bool                   // what is kept outlives the message
	work    func()                 // charges the callback for copying one value
	shown   map[string]lua.LValue  // tables made of builtin fields for the running callback
	open    map[string]*lua.LTable // kept tables that the running callback has a copy of, and may have changed
}

func newConnView(st *State) *fieldView {
	return &fieldView{st: st, name: "conn", clone: true, work: st.chargeCopy, builtin: connField,
		fields: func(s *Scope) *Fields { return s.ConnFields }}
}

func newMsgView(st *State) *fieldView {
	return &fieldView{st: st, name: "msg", work: st.chargeCopy, builtin: msgField,
		fields: func(s *Scope) *Fields { return s.MsgFields }}
}

func (st *State) chargeCopy() { st.fuel.Charge(st.lua, 1) }

// connField is a builtin field of conn.
func connField(st *State, name string) (lua.LValue, bool) {
	c := st.scope.Conn
	switch name {
	case "hostname":
		return lua.LString(c.Hostname), true
	case "family":
		return lua.LString(c.Family.String()), true
	case "address":
		return orNil(c.Address), true
	case "port":
		if c.Family != protocol.FamilyInet && c.Family != protocol.FamilyInet6 {
			return lua.LNil, true
		}
		return lua.LNumber(c.Port), true
	case "helo":
		return orNil(c.Helo), true
	case "id":
		return lua.LString(c.ID), true
	}
	return nil, false
}

// msgField is a builtin field of msg.
func msgField(st *State, name string) (lua.LValue, bool) {
	m := st.scope.Message
	switch name {
	case "sender", "sender_params", "recipients", "id":
	default:
		return nil, false
	}
	if m == nil {
		return lua.LNil, true
	}
	switch name {
	case "sender":
		return lua.LString(m.Sender), true
	case "id":
		return orNil(m.ID), true
	case "sender_params":
		return st.msg.show(name, func() *lua.LTable { return paramTable(st.lua, m.SenderParams) }), true
	}
	return st.msg.show(name, func() *lua.LTable { return recipientTable(st.lua, m.Recipients) }), true
}

func recipientTable(L *lua.LState, recipients []Recipient) *lua.LTable {
	t := L.CreateTable(len(recipients), 0)
	for _, r := range recipients {
		t.Append(lua.LString(r.Address))
	}
	return t
}

func orNil(s string) lua.LValue {
	if s == "" {
		return lua.LNil
	}
	return lua.LString(s)
}

// show makes a builtin table once per callback, so that a loop over it does not make it again and again.
func (v *fieldView) show(name string, build func() *lua.LTable) lua.LValue {
	value, ok := v.shown[name]
	if !ok {
		if v.shown == nil {
			v.shown = make(map[string]lua.LValue)
		}
		value = build()
		v.shown[name] = value
	}
	return value
}

// install makes the view a global of the state.
func (v *fieldView) install(L *lua.LState) {
	object, meta := L.NewUserData(), L.NewTable()
	meta.RawSetString("__index", L.NewFunction(v.index))
	meta.RawSetString("__newindex", L.NewFunction(v.newIndex))
	meta.RawSetString("__metatable", lua.LFalse)
	object.Metatable = meta
	L.SetGlobal(v.name, object)
}

// key is the field name of an access, and the fields it goes to: nil where there is no message.
func (v *fieldView) key(L *lua.LState) (string, *Fields) {
	if v.st.scope == nil {
		L.RaiseError("%s: only in a callback, not while the script loads", v.name)
	}
	name, ok := L.Get(2).(lua.LString)
	if !ok {
		L.RaiseError("%s: a field name is a string, not a %s", v.name, L.Get(2).Type())
	}
	return string(name), v.fields(v.st.scope)
}

func (v *fieldView) index(L *lua.LState) int {
	name, fields := v.key(L)
	if value, ok := v.builtin(v.st, name); ok {
		L.Push(value)
		return 1
	}
	var value lua.LValue = lua.LNil
	if fields != nil {
		if k, ok := fields.values[name]; ok {
			value = k.value
		}
	}
	if t, ok := value.(*lua.LTable); ok {
		value = v.openTable(name, t)
	}
	L.Push(value)
	return 1
}

// openTable gives the running callback a copy of a kept table; close keeps what it changed in it.
func (v *fieldView) openTable(name string, t *lua.LTable) *lua.LTable {
	if live, ok := v.open[name]; ok {
		return live
	}
	c := copier{left: math.MaxInt64, work: v.work}
	live, err := c.copy(t)
	if err != nil {
		panic(fmt.Sprintf("%s.%s: what was kept can't be copied: %v", v.name, name, err))
	}
	v.setOpen(name, live.(*lua.LTable))
	return v.open[name]
}

func (v *fieldView) setOpen(name string, t *lua.LTable) {
	if v.open == nil {
		v.open = make(map[string]*lua.LTable)
	}
	v.open[name] = t
}

func (v *fieldView) newIndex(L *lua.LState) int {
	name, fields := v.key(L)
	if _, ok := v.builtin(v.st, name); ok {
		L.RaiseError("%s.%s is the host's own field; choose another name", v.name, name)
	}
	if fields == nil {
		L.RaiseError("%s.%s: there is nothing to keep it for in %s", v.name, shorten(name), v.st.callback)
	}
	value := L.Get(3)
	if err := v.keep(fields, name, value); err != nil {
		L.RaiseError("%s", err)
	}
	delete(v.open, name)
	if t, ok := value.(*lua.LTable); ok {
		v.setOpen(name, t) // so that filling the table after it was stored works as in plain Lua
	}
	return 0
}

func (v *fieldView) keep(fields *Fields, name string, value lua.LValue) error {
	c := copier{left: v.st.scope.limit(), clone: v.clone, work: v.work}
	err := fields.set(name, value, c)
	if errors.Is(err, errTooLarge) {
		return v.st.tooLarge()
	}
	if err != nil {
		return fmt.Errorf("%s.%s: %w", v.name, shorten(name), err)
	}
	return nil
}

// close ends the callback's use of the view: tables that it changed are kept as they are now.
func (v *fieldView) close() error {
	clear(v.shown)
	if len(v.open) == 0 {
		return nil
	}
	defer clear(v.open)
	fields := v.fields(v.st.scope)
	for name, t := range v.open {
		if k, ok := fields.values[name]; ok && same(k.value, t, 0) {
			continue
		}
		if err := v.keep(fields, name, t); err != nil {
			return err
		}
	}
	return nil
}

// limit is how many bytes may be kept of one message or connection.
func (s *Scope) limit() int64 {
	if s.MaxSize <= 0 {
		return math.MaxInt64
	}
	return s.MaxSize
}

// tooLarge notes that the script wanted to keep more than Scope.MaxSize allows.
func (st *State) tooLarge() error {
	st.oversized = true
	return fmt.Errorf("more than %d bytes are kept of this message (--max-message-size)", st.scope.MaxSize)
}
