package luabind

import (
	"errors"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// Fields are what one script keeps in conn or msg between its callbacks. Each callback may run in another Lua state,
// so the values are plain data that no state has a hold of: copied when stored, and copied when read.
type Fields struct {
	list    []kept
	index   map[string]int // of list by name, once that is too long to search
	version uint64         // counts the changes, for the states that have a copy
	total   *int64         // bytes kept of the connection or message that they belong to, the fields of all scripts together
}

// kept is one field: its value, which no script has a hold of, and the bytes it is counted with.
type kept struct {
	name  string
	value lua.LValue
	size  int64
}

// NewConnFields are the fields of one script for a connection.
func NewConnFields(c *Conn) *Fields { return &Fields{total: &c.size} }

// NewMessageFields are the fields of one script for a message.
func NewMessageFields(m *Message) *Fields { return &Fields{total: &m.size} }

// Large says that much is kept of the connection or message: enough for State.Forget to be worth a call when it is over.
func (f *Fields) Large() bool { return *f.total > restMost }

// Sizes that a kept value is counted with, besides the bytes of its strings.
const (
	valueSize = 16
	entrySize = 64
)

// searchMost is how many fields are searched one after the other; messages have a few.
const searchMost = 16

// find gives the place of a field in the list, or -1.
func (f *Fields) find(name string) int {
	if f.index != nil {
		if i, ok := f.index[name]; ok {
			return i
		}
		return -1
	}
	return slices.IndexFunc(f.list, func(k kept) bool { return k.name == name })
}

// get gives the kept value of a field; nil is no value.
func (f *Fields) get(name string) lua.LValue {
	if f == nil {
		return nil
	}
	if i := f.find(name); i >= 0 {
		return f.list[i].value
	}
	return nil
}

// set keeps a copy of a value; nil removes the field. What the copier has left is the limit for all that total counts.
func (f *Fields) set(name string, value lua.LValue, c copier) error {
	i := f.find(name)
	if value == lua.LNil {
		f.remove(i)
		return nil
	}
	v, err := c.copy(value)
	if err != nil {
		return err
	}
	return f.store(i, name, v, &c)
}

// update brings the kept copy of a table up to the table that the script has.
func (f *Fields) update(name string, live *lua.LTable, c copier) error {
	i := f.find(name)
	if i < 0 {
		return f.set(name, live, c)
	}
	old, ok := f.list[i].value.(*lua.LTable)
	if !ok {
		return f.set(name, live, c)
	}
	again := c
	same, err := c.update(old, live)
	if err != nil {
		return err
	}
	if !same {
		return f.set(name, live, again)
	}
	return f.store(i, name, old, &c)
}

// store keeps what the copier has copied, if there is room.
func (f *Fields) store(i int, name string, v lua.LValue, c *copier) error {
	c.size += entrySize + int64(len(name))
	var before int64
	if i >= 0 {
		before = f.list[i].size
	}
	if *f.total-before+c.size > c.left {
		return errTooLarge
	}
	*f.total += c.size - before
	f.version++
	if i >= 0 {
		f.list[i].value, f.list[i].size = v, c.size
		return nil
	}
	if c.clone {
		name = strings.Clone(name)
	}
	f.list = append(f.list, kept{name, v, c.size})
	if f.index != nil {
		f.index[name] = len(f.list) - 1
	} else if len(f.list) > searchMost {
		f.index = make(map[string]int)
		for i, k := range f.list {
			f.index[k.name] = i
		}
	}
	return nil
}

// remove forgets the field at a place of the list, none at -1.
func (f *Fields) remove(i int) {
	if i < 0 {
		return
	}
	*f.total -= f.list[i].size
	f.version++
	last := len(f.list) - 1
	if f.index != nil {
		delete(f.index, f.list[i].name)
		if i != last {
			f.index[f.list[last].name] = i
		}
	}
	f.list[i] = f.list[last]
	f.list[last] = kept{}
	f.list = f.list[:last]
}

var errTooLarge = errors.New("too large to keep")
