package re

import (
	"fmt"
	"math"
	"regexp"
	"strings"
	"unicode/utf8"

	lua "github.com/yuin/gopher-lua"

	"luamilter/luabind"
	"luamilter/luabind/guard"
)

// call is one call of an operation.
type call struct {
	a luabind.Args
	L *lua.LState
	s string
	p *pattern
}

// resultBytes is what a result takes besides the text, which it shares with the subject.
const resultBytes = 32

// start is argument 3, the place to start from, counted as string.find counts; false: it is behind the end.
func (c *call) start() (int, bool) {
	if c.a.Absent(3) {
		return 0, true
	}
	init := c.a.Integer(3, "init", math.MinInt32)
	switch {
	case init > 0:
		init--
	case init < 0:
		init = max(init+len(c.s), 0)
	}
	return init, init <= len(c.s)
}

// limit is an optional argument n, the most that is wanted.
func (c *call) limit(n int, arg string) int {
	if c.a.Absent(n) {
		return math.MaxInt
	}
	return c.a.Integer(n, arg, 0)
}

// first is the first match from argument 3 on, which ^ and \b take for the start of the text, as string.find does.
func (c *call) first() []int {
	init, ok := c.start()
	if !ok {
		return nil
	}
	return moved(c.p.search(c.L, c.s[init:], 0), init)
}

// group is the text of group n, nil if it took no part.
func (c *call) group(loc []int, n int) lua.LValue {
	if loc[2*n] < 0 {
		return lua.LNil
	}
	return lua.LString(c.s[loc[2*n]:loc[2*n+1]])
}

// push pushes the groups, or the whole match of a pattern without any, and gives their number. For missing stands what a
// group is that took no part.
func (c *call) push(loc []int, missing lua.LValue) int {
	groups := c.p.groups()
	if groups == 0 {
		c.L.Push(c.group(loc, 0))
		return 1
	}
	for n := 1; n <= groups; n++ {
		v := c.group(loc, n)
		if v == lua.LNil {
			v = missing
		}
		c.L.Push(v)
	}
	return groups
}

func (c *call) match() int {
	loc := c.first()
	if loc == nil {
		c.L.Push(lua.LNil)
		return 1
	}
	return c.push(loc, lua.LNil)
}

func (c *call) find() int {
	loc := c.first()
	if loc == nil {
		c.L.Push(lua.LNil)
		return 1
	}
	c.L.Push(lua.LNumber(loc[0] + 1))
	c.L.Push(lua.LNumber(loc[1]))
	if c.p.groups() == 0 {
		return 2
	}
	return 2 + c.push(loc, lua.LNil)
}

// groups gives a table: the whole match at 0, each group by number and, if it has one, by name.
func (c *call) groups() int {
	loc := c.first()
	if loc == nil {
		c.L.Push(lua.LNil)
		return 1
	}
	t := c.L.NewTable()
	for n, name := range c.p.names {
		v := c.group(loc, n)
		t.RawSetInt(n, v)
		if name != "" {
			t.RawSetString(name, v)
		}
	}
	c.L.Push(t)
	return 1
}

func (c *call) findAll() int {
	limit := c.limit(3, "limit")
	fuel := guard.FuelOf(c.L)
	var found []lua.LValue
	for m := newMatches(c.p, c.s); len(found) < limit; {
		loc := m.next(c.L)
		if loc == nil {
			break
		}
		fuel.Alloc(c.L, resultBytes*(1+4*c.p.groups()))
		found = append(found, c.item(loc))
	}
	c.L.Push(listOf(c.L, found))
	return 1
}

// item is one match in a list: a text, or a table of the groups where there are several.
func (c *call) item(loc []int) lua.LValue {
	top := c.L.GetTop()
	n := c.push(loc, lua.LString(""))
	v := c.L.Get(top + 1)
	if n > 1 {
		values := make([]lua.LValue, n)
		for i := range values {
			values[i] = c.L.Get(top + 1 + i)
		}
		v = listOf(c.L, values)
	}
	c.L.SetTop(top)
	return v
}

func listOf(L *lua.LState, values []lua.LValue) *lua.LTable {
	t := L.CreateTable(len(values), 0)
	for i, v := range values {
		t.RawSetInt(i+1, v)
	}
	return t
}

// gmatch gives an iterator. A group that took no part is "" there: nil would end the loop.
func (c *call) gmatch() int {
	m, own := newMatches(c.p, c.s), *c
	c.L.Push(c.L.NewFunction(func(L *lua.LState) int {
		loc := m.next(L)
		if loc == nil {
			L.Push(lua.LNil)
			return 1
		}
		own.L = L // a coroutine may go on with it
		return own.push(loc, lua.LString(""))
	}))
	return 1
}

// split gives the pieces between the matches, at most n; an empty match at the start or at the end does not count.
func (c *call) split() int {
	limit := c.limit(3, "n")
	if limit == 0 {
		c.a.Fail(3, "n", "a whole number from 1 on expected, got 0")
	}
	fuel := guard.FuelOf(c.L)
	var pieces []lua.LValue
	from := 0
	for m := newMatches(c.p, c.s); len(pieces) < limit-1; {
		loc := m.next(c.L)
		if loc == nil {
			break
		}
		if loc[0] == loc[1] && (loc[0] == 0 || loc[0] == len(c.s)) {
			continue
		}
		fuel.Alloc(c.L, resultBytes)
		pieces = append(pieces, lua.LString(c.s[from:loc[0]]))
		from = loc[1]
	}
	pieces = append(pieces, lua.LString(c.s[from:]))
	c.L.Push(listOf(c.L, pieces))
	return 1
}

// escape is re.escape(s): a pattern that matches s and nothing else, as far as s is UTF-8.
func escape(L *lua.LState) int {
	a := luabind.Args{L: L, Name: "re.escape"}
	s := a.String(1, "s")
	if len(s) > maxSource {
		a.Fail(1, "s", fmt.Sprintf("%d bytes are more than the %d that a pattern may have", len(s), maxSource))
	}
	guard.FuelOf(L).Charge(L, len(s))
	if utf8.ValidString(s) {
		L.Push(lua.LString(regexp.QuoteMeta(s)))
		return 1
	}
	var out strings.Builder
	for i := 0; i < len(s); {
		r, width := utf8.DecodeRuneInString(s[i:])
		if r == utf8.RuneError && width == 1 {
			out.WriteString(`\x{FFFD}`)
		} else {
			out.WriteString(regexp.QuoteMeta(s[i : i+width]))
		}
		i += width
	}
	L.Push(lua.LString(out.String()))
	return 1
}
