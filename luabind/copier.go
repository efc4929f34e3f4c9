package luabind

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// maxFieldDepth bounds how deep a kept table may be.
const maxFieldDepth = 50

// copier makes a copy of plain data and counts what it takes.
type copier struct {
	clone bool // copy strings too, since the copy outlives the buffer that they are a part of
	left  int64
	size  int64
	work  func(values int) // charged for what was copied or compared
	path  []*lua.LTable    // the tables that are being copied, to find a cycle
}

func (c *copier) copy(v lua.LValue) (lua.LValue, error) {
	c.size += valueSize
	c.work(1)
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
	if err := c.enter(t); err != nil {
		return nil, err
	}
	out := &lua.LTable{Metatable: lua.LNil} // of no Lua state
	var err error
	t.ForEach(func(k, v lua.LValue) {
		if err == nil {
			err = c.copyEntry(out, k, v)
		}
	})
	c.path = c.path[:len(c.path)-1]
	return out, err
}

// enter begins with a table, if it can be kept; the caller takes it off the path when it is done.
func (c *copier) enter(t *lua.LTable) error {
	switch {
	case t.Metatable != lua.LNil:
		return errors.New("a table with a metatable can't be kept")
	case slices.Contains(c.path, t):
		return errors.New("a table that contains itself can't be kept")
	case len(c.path) == maxFieldDepth:
		return fmt.Errorf("a table deeper than %d can't be kept", maxFieldDepth)
	}
	c.path = append(c.path, t)
	return nil
}

func (c *copier) copyEntry(out *lua.LTable, k, v lua.LValue) error {
	if c.size += entrySize; c.size > c.left {
		return errTooLarge
	}
	key, err := c.copy(k)
	if err != nil {
		return err
	}
	value, err := c.copy(v)
	if err == nil {
		out.RawSet(key, value)
	}
	return err
}

// update makes old, which was copied from live before, equal to live again. What has not changed is compared and not
// copied, so that a table that grows by an entry at each header field costs little. It gives up, with false, where live
// has lost something; old is of no use then.
func (c *copier) update(old, live *lua.LTable) (bool, error) {
	if err := c.enter(live); err != nil {
		return false, err
	}
	defer func() { c.path = c.path[:len(c.path)-1] }()
	c.size += valueSize
	n, before := live.Len(), old.Len()
	if n < before {
		return false, nil
	}
	c.work(n)
	for i := 1; i <= n; i++ {
		c.size += entrySize + valueSize
		var was lua.LValue = lua.LNil
		if i <= before {
			was = old.RawGetInt(i)
		}
		v, changed, err := c.updateValue(was, live.RawGetInt(i))
		if err != nil {
			return false, err
		}
		if changed {
			old.RawSetInt(i, v)
		}
		if c.size > c.left {
			return false, errTooLarge
		}
	}
	return c.updateHash(old, live, n, before)
}

// updateHash is the part of update for what stands behind the list of n, or before, entries.
func (c *copier) updateHash(old, live *lua.LTable, n, before int) (bool, error) {
	entries := 0
	for k, v := live.Next(behindList(n)); k != lua.LNil; k, v = live.Next(k) {
		entries++
		c.work(1)
		c.size += entrySize + valueSize
		switch k := k.(type) {
		case lua.LString:
			c.size += int64(len(k))
		case lua.LNumber, lua.LBool:
		default:
			return false, nil // copy says whether such a key can be kept; it must not be this state's own
		}
		if c.size > c.left {
			return false, errTooLarge
		}
		v, changed, err := c.updateValue(old.RawGet(k), v)
		if err != nil {
			return false, err
		}
		if !changed {
			continue
		}
		if c.clone {
			if k, err = c.copy(k); err != nil {
				return false, err
			}
		}
		old.RawSet(k, v)
	}
	for k, _ := old.Next(behindList(max(n, before))); k != lua.LNil; k, _ = old.Next(k) {
		c.work(1)
		entries--
	}
	return entries == 0, nil
}

// behindList is the key after which Next gives what stands behind a list of n. 0 is none: Next would skip a key.
func behindList(n int) lua.LValue {
	if n == 0 {
		return lua.LNil
	}
	return lua.LNumber(n)
}

// updateValue gives what is kept of a value where was is kept so far, and whether that is another.
func (c *copier) updateValue(was, v lua.LValue) (lua.LValue, bool, error) {
	if t, ok := v.(*lua.LTable); ok {
		if before, ok := was.(*lua.LTable); ok {
			again := *c
			same, err := c.update(before, t)
			if same || err != nil {
				return before, false, err
			}
			*c = again
		}
	} else if was == v {
		c.size += valueSize
		if s, ok := v.(lua.LString); ok {
			c.size += int64(len(s))
		}
		return was, false, nil
	}
	out, err := c.copy(v)
	return out, true, err
}
