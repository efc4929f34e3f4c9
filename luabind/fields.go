package luabind

import (
	"errors"
	"fmt"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// Fields are what one script keeps in conn or msg between its callbacks. Each callback may run in another Lua state,
// so the values are plain data that no state has a hold of: copied when stored, and copied when read.
type Fields struct {
	values map[string]kept
	total  *int64 // bytes kept of the connection or message that they belong to, the fields of all scripts together
}

// kept is one field's value, which nobody changes, and the bytes it is counted with.
type kept struct {
	value lua.LValue
	size  int64
}

// NewConnFields are the fields of one script for a connection.
func NewConnFields(c *Conn) *Fields { return &Fields{total: &c.size} }

// NewMessageFields are the fields of one script for a message.
func NewMessageFields(m *Message) *Fields { return &Fields{total: &m.size} }

// Sizes that a kept value is counted with, besides the bytes of its strings.
const (
	valueSize = 16
	entrySize = 64
)

// maxFieldDepth bounds how deep a kept table may be.
const maxFieldDepth = 50

// copier makes a copy of plain data and counts what it takes.
type copier struct {
	clone bool // copy strings too, since the copy outlives the buffer that they are a part of
	left  int64
	size  int64
	work  func()        // charged for each value
	path  []*lua.LTable // the tables that are being copied, to find a cycle
}

var errTooLarge = errors.New("too large to keep")

func (c *copier) copy(v lua.LValue) (lua.LValue, error) {
	c.size += valueSize
	c.work()
	switch v := v.(type) {
	case lua.LBool, lua.LNumber, *lua.LNilType:
		return v, nil
	case lua.LString:
		c.size += int64(len(v))
		if c.clone {
			return lua.LString(strings.Clone(string(v))), nil
		}
		return v, nil
	case *lua.LTable:
		return c.copyTable(v)
	}
	return nil, fmt.Errorf("a %s can't be kept; strings, numbers, booleans and tables of these can", v.Type())
}

func (c *copier) copyTable(t *lua.LTable) (lua.LValue, error) {
	if t.Metatable != lua.LNil {
		return nil, errors.New("a table with a metatable can't be kept")
	}
	for _, above := range c.path {
		if above == t {
			return nil, errors.New("a table that contains itself can't be kept")
		}
	}
	if len(c.path) == maxFieldDepth {
		return nil, fmt.Errorf("a table deeper than %d can't be kept", maxFieldDepth)
	}
	c.path = append(c.path, t)
	out := &lua.LTable{Metatable: lua.LNil} // of no Lua state
	var err error
	t.ForEach(func(k, v lua.LValue) {
		if err != nil {
			return
		}
		if c.size += entrySize; c.size > c.left {
			err = errTooLarge
			return
		}
		var key, value lua.LValue
		if key, err = c.copy(k); err != nil {
			return
		}
		if value, err = c.copy(v); err == nil {
			out.RawSet(key, value)
		}
	})
	c.path = c.path[:len(c.path)-1]
	return out, err
}

// same says whether two values that are plain data, or are to become it, hold the same.
func same(k, v lua.LValue, depth int) bool {
	a, ok := k.(*lua.LTable)
	if !ok {
		return k == v
	}
	b, ok := v.(*lua.LTable)
	if !ok || b.Metatable != lua.LNil || depth > maxFieldDepth || a.Len() != b.Len() {
		return false
	}
	equal, entries := true, 0
	a.ForEach(func(k, v lua.LValue) {
		entries++
		equal = equal && same(v, b.RawGet(k), depth+1)
	})
	if !equal {
		return false
	}
	b.ForEach(func(lua.LValue, lua.LValue) { entries-- })
	return entries == 0
}

// set keeps a copy of a value; nil removes the field. What the copier has left is the limit for all that total counts.
func (f *Fields) set(name string, value lua.LValue, c copier) error {
	old, replaced := f.values[name]
	if value == lua.LNil {
		delete(f.values, name)
		*f.total -= old.size
		return nil
	}
	v, err := c.copy(value)
	if err != nil {
		return err
	}
	c.size += entrySize + int64(len(name))
	if *f.total-old.size+c.size > c.left {
		return errTooLarge
	}
	*f.total += c.size - old.size
	if f.values == nil {
		f.values = make(map[string]kept)
	}
	if c.clone && !replaced {
		name = strings.Clone(name)
	}
	f.values[name] = kept{v, c.size}
	return nil
}
