package luabind

import (
	"errors"
	"fmt"
	"math"
	"slices"

	lua "github.com/yuin/gopher-lua"

	"luamilter/luabind/guard"
)

// fieldView is the global conn or msg of one Lua state. It is a table that holds the strings, numbers and booleans of the
// script's own fields, so that these cost what a field of any table costs; all else comes through its metatable. What it
// holds stays there between two callbacks of the same message or connection.
type fieldView struct {
	st      *State
	name    string
	builtin func(st *State, name string) (lua.LValue, bool) // the host's own fields
	owner   func(*Scope) owner
	fields  func(*Scope) *Fields
	clone   bool             // what is kept outlives the message
	work    func(values int) // charges the callback for copying

	table    *lua.LTable // what the script indexes
	builtins *lua.LTable // behind it: builtin fields that the running callback has asked for
	shown    []string    // the names in builtins
	fresh    bool        // one of these is a table, which is for one callback only
	of       owner       // what builtins are of

	loaded  *Fields // what table was loaded from
	version uint64  // of loaded, as far as table has it
	plain   []plainField
	open    map[string]*openTable
}

// plainField is one that stands in the table itself.
type plainField struct {
	name string
	last lua.LValue // as Fields has it; LNil: not at all
}

// openTable is the callback's copy of a kept table.
type openTable struct {
	live    *lua.LTable
	touched bool // since the callback began
	shared  bool // the script gave it, and may have it elsewhere too: of use until the callback ends
}

const (
	// plainMost bounds the names that ever stand in the table: gopher-lua never forgets one.
	plainMost = 64
	// restMost is how many bytes of strings the table may hold while the state is idle.
	restMost = 16 << 10
)

func newConnView(st *State) *fieldView {
	return &fieldView{st: st, name: "conn", clone: true, work: st.chargeCopy, builtin: connField, owner: connOwner,
		fields: func(s *Scope) *Fields { return s.ConnFields }}
}

func newMsgView(st *State) *fieldView {
	return &fieldView{st: st, name: "msg", work: st.chargeCopy, builtin: msgField, owner: msgOwner,
		fields: func(s *Scope) *Fields { return s.MsgFields }}
}

func (st *State) chargeCopy(values int) { st.fuel.Charge(st.lua, values) }

// install makes the view a global of the state.
func (v *fieldView) install(L *lua.LState) {
	v.table, v.builtins = L.NewTable(), L.NewTable()
	index := L.NewFunction(v.index)
	behind := L.NewTable()
	behind.RawSetString("__index", index)
	v.builtins.Metatable = behind
	meta := L.NewTable()
	meta.RawSetString("__index", v.builtins)
	meta.RawSetString("__newindex", L.NewFunction(v.newIndex))
	meta.RawSetString("__metatable", lua.LFalse)
	v.table.Metatable = meta
	guard.Reserve(L, v.table)
	L.SetGlobal(v.name, v.table)
}

// begin makes the view that of a scope, for one callback.
func (v *fieldView) begin(scope *Scope) {
	if of := v.owner(scope); v.fresh || of != v.of {
		v.unshow(of)
	}
	fields := v.fields(scope)
	if fields != v.loaded || fields != nil && fields.version != v.version {
		v.load(fields)
	}
}

// unshow forgets the builtin fields of another message or connection.
func (v *fieldView) unshow(of owner) {
	v.of, v.fresh = of, false
	for _, name := range v.shown {
		v.builtins.RawSetString(name, lua.LNil)
	}
	v.shown = v.shown[:0]
}

// forget lets go of a message or connection that is over, if it is the one at hand.
func (v *fieldView) forget(fields *Fields) {
	if fields == v.loaded {
		v.load(nil)
		v.unshow(owner{})
	}
}

// load puts the plain fields of a message or connection into the table, in place of those of another one.
func (v *fieldView) load(fields *Fields) {
	for i := range v.plain {
		v.table.RawSetString(v.plain[i].name, lua.LNil)
		v.plain[i].last = lua.LNil
	}
	clear(v.open)
	v.loaded = fields
	if fields == nil {
		return
	}
	v.version = fields.version
	// No more of them: a stranger may choose how many fields a script keeps, and this is not charged.
	for _, k := range fields.list[:min(len(fields.list), plainMost)] {
		if isPlain(k.value) {
			if p := v.plainField(k.name); p != nil {
				p.last = k.value
				v.table.RawSetString(k.name, k.value)
			}
		}
	}
}

func isPlain(value lua.LValue) bool {
	switch value.(type) {
	case lua.LString, lua.LNumber, lua.LBool:
		return true
	}
	return false
}

// plainField finds the entry of a name that stands in the table, or makes it. nil: it may not, there are too many.
func (v *fieldView) plainField(name string) *plainField {
	i := slices.IndexFunc(v.plain, func(p plainField) bool { return p.name == name })
	if i < 0 {
		if len(v.plain) == plainMost {
			return nil
		}
		i = len(v.plain)
		v.plain = append(v.plain, plainField{name, lua.LNil})
	}
	return &v.plain[i]
}

// isLoaded says that the table has all there is to know of a field.
func (v *fieldView) isLoaded(name string) bool {
	return slices.ContainsFunc(v.plain, func(p plainField) bool { return p.name == name && p.last != lua.LNil })
}

// key is the field name of an access through the metatable, and the fields it goes to: nil where there is no message.
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
		if value != lua.LNil {
			v.fresh = v.fresh || !isPlain(value)
			v.builtins.RawSetString(name, value)
			v.shown = append(v.shown, name)
		}
		L.Push(value)
		return 1
	}
	L.Push(v.other(name, fields))
	return 1
}

// other is a field of the script that does not stand in the table.
func (v *fieldView) other(name string, fields *Fields) lua.LValue {
	value := fields.get(name)
	if value == nil || v.isLoaded(name) && isPlain(value) {
		return lua.LNil // or the callback has removed it
	}
	if t, ok := value.(*lua.LTable); ok {
		return v.openTable(name, t)
	}
	return value
}

// openTable gives the running callback a copy of a kept table; end keeps what it changed in it.
func (v *fieldView) openTable(name string, t *lua.LTable) *lua.LTable {
	if o, ok := v.open[name]; ok {
		o.touched = true
		return o.live
	}
	c := copier{left: math.MaxInt64, work: v.work}
	live, err := c.copy(t)
	if err != nil {
		panic(fmt.Sprintf("%s.%s: what was kept can't be copied: %v", v.name, name, err))
	}
	v.setOpen(name, live.(*lua.LTable), false)
	return live.(*lua.LTable)
}

func (v *fieldView) setOpen(name string, t *lua.LTable, shared bool) {
	if v.open == nil {
		v.open = make(map[string]*openTable)
	}
	v.open[name] = &openTable{t, true, shared}
}

// newIndex sets a field that does not stand in the table.
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
	if t, ok := value.(*lua.LTable); ok {
		v.setOpen(name, t, true) // so that filling the table after it was stored works as in plain Lua
		return 0
	}
	delete(v.open, name)
	if isPlain(value) {
		if p := v.plainField(name); p != nil {
			p.last = value
			v.table.RawSetString(name, value)
		}
	}
	return 0
}

// keep stores a value, so that the table is still what fields has.
func (v *fieldView) keep(fields *Fields, name string, value lua.LValue) error {
	err := fields.set(name, value, v.copier())
	v.version = fields.version
	return v.explain(name, err)
}

func (v *fieldView) copier() copier {
	return copier{left: v.st.scope.limit(), clone: v.clone, work: v.work}
}

// explain makes an error of Fields one for the script.
func (v *fieldView) explain(name string, err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, errTooLarge):
		return v.st.tooLarge()
	}
	return fmt.Errorf("%s.%s: %w", v.name, shorten(name), err)
}

// end keeps what the callback has assigned to plain fields, and changed in tables.
func (v *fieldView) end() error {
	fields := v.loaded
	if fields == nil {
		return nil
	}
	for i := range v.plain {
		p := &v.plain[i]
		if value := v.table.RawGetString(p.name); value != p.last {
			if err := v.assigned(fields, p, value); err != nil {
				return err
			}
		}
	}
	for name, o := range v.open {
		if !o.touched {
			continue
		}
		o.touched = false
		err := fields.update(name, o.live, v.copier())
		v.version = fields.version
		if err != nil {
			return v.explain(name, err)
		}
		if o.shared {
			delete(v.open, name)
		}
	}
	return nil
}

// salvage keeps what a callback that failed had assigned to fields that stood in the table: assignments to other fields
// are kept at once. The state is not used again, so there is nobody to charge.
func (v *fieldView) salvage() {
	if v.loaded == nil || v.loaded != v.fields(v.st.scope) { // not those of another message, if begin did not get so far
		return
	}
	c := v.copier()
	c.work = func(int) {}
	for _, p := range v.plain {
		if value := v.table.RawGetString(p.name); value != p.last {
			_ = v.loaded.set(p.name, value, c) // the callback has failed already
		}
	}
}

// assigned keeps what the callback has put in place of a plain field.
func (v *fieldView) assigned(fields *Fields, p *plainField, value lua.LValue) error {
	if err := v.keep(fields, p.name, value); err != nil {
		return err
	}
	p.last = value
	if !isPlain(value) && value != lua.LNil {
		v.table.RawSetString(p.name, lua.LNil) // a table is read through the metatable
		p.last = lua.LNil
	}
	return nil
}

// rest lets go of what would take much memory while the state is idle.
func (v *fieldView) rest() {
	if v.loaded == nil {
		return
	}
	size := 0
	for i := range v.plain {
		if s, ok := v.plain[i].last.(lua.LString); ok {
			size += len(s)
		}
	}
	if size > restMost {
		v.load(nil)
	}
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
