package re

import (
	"fmt"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"luamilter/luabind/guard"
)

// maxResult is the longest string that gsub makes (bytes), as in the string library.
const maxResult = 64 << 20

// substitution is one running call of gsub.
type substitution struct {
	*call
	template []piece // of a replacement string
	out      []byte
}

// piece is a part of a replacement string: a text, or a group of the match.
type piece struct {
	text  string
	group int // -1: text
}

// gsub gives the new string and the number of replacements.
func (c *call) gsub() int {
	g := &substitution{call: c}
	repl := c.L.Get(3)
	switch r := repl.(type) {
	case lua.LString, lua.LNumber:
		var err error
		if g.template, err = c.p.template(r.String()); err != nil {
			c.a.Fail(3, "repl", err.Error())
		}
	case *lua.LTable, *lua.LFunction:
	default:
		c.a.FailType(3, "repl", "string, table or function")
	}
	limit := c.limit(4, "n")
	count, copied := 0, 0
	for m := newMatches(c.p, c.s); count < limit; count++ {
		loc := m.next(c.L)
		if loc == nil {
			break
		}
		g.add(c.s[copied:loc[0]])
		g.replace(repl, loc)
		copied = loc[1]
	}
	result := lua.LString(c.s)
	if count > 0 {
		g.add(c.s[copied:])
		guard.FuelOf(c.L).Alloc(c.L, len(g.out))
		result = lua.LString(g.out)
	}
	c.L.Push(result)
	c.L.Push(lua.LNumber(count))
	return 2
}

func (g *substitution) replace(repl lua.LValue, loc []int) {
	L := g.L
	var v lua.LValue
	switch r := repl.(type) {
	case *lua.LTable:
		key := g.group(loc, min(g.p.groups(), 1))
		if key == lua.LNil {
			v = lua.LNil
		} else {
			v = L.GetTable(r, key)
		}
	case *lua.LFunction:
		L.Push(r)
		n := g.push(loc, lua.LNil)
		L.Call(n, 1)
		v = L.Get(-1)
		L.Pop(1)
	default:
		g.fill(loc)
		return
	}
	switch v := v.(type) {
	case lua.LString, lua.LNumber:
		g.add(v.String())
	default:
		if lua.LVAsBool(v) {
			g.a.Fail(3, "repl", "it gave a "+v.Type().String()+" to put in; a string or number, or nil or false to leave the match, is needed")
		}
		g.add(g.s[loc[0]:loc[1]])
	}
}

func (g *substitution) fill(loc []int) {
	for _, part := range g.template {
		switch {
		case part.group < 0:
			g.add(part.text)
		case loc[2*part.group] >= 0:
			g.add(g.s[loc[2*part.group]:loc[2*part.group+1]])
		}
	}
}

func (g *substitution) add(s string) {
	if need := len(g.out) + len(s); need > cap(g.out) {
		if need > maxResult {
			g.L.RaiseError("%s: resulting string too large (at most 64 MiB)", g.a.Name)
		}
		size := min(max(need, 2*cap(g.out), 64), maxResult)
		guard.FuelOf(g.L).Alloc(g.L, size)
		g.out = slices.Grow(g.out, size-len(g.out))
	}
	guard.FuelOf(g.L).Charge(g.L, 1+len(s)/64)
	g.out = append(g.out, s...)
}

// template reads a replacement string: %0 is the match, %1 to %9 and %{name} are groups, %% is a percent sign. As in Lua,
// %1 is the match where the pattern has no groups.
func (p *pattern) template(r string) ([]piece, error) {
	var out []piece
	for {
		text, after, found := strings.Cut(r, "%")
		if text != "" {
			out = append(out, piece{text, -1})
		}
		if !found {
			return out, nil
		}
		if after == "" {
			return nil, fmt.Errorf("%q ends in a single %%; write %%%%", shorten(r))
		}
		switch c := after[0]; {
		case c == '%':
			out, r = append(out, piece{"%", -1}), after[1:]
		case c >= '0' && c <= '9':
			group := int(c - '0')
			if group == 1 && p.groups() == 0 {
				group = 0
			}
			if group > p.groups() {
				return nil, fmt.Errorf("%%%c: the pattern has %d groups", c, p.groups())
			}
			out, r = append(out, piece{group: group}), after[1:]
		case c == '{':
			name, rest, closed := strings.Cut(after[1:], "}")
			group := slices.Index(p.names, name)
			if !closed || name == "" || group < 0 {
				return nil, fmt.Errorf("%%{%s}: the pattern has no group of that name", shorten(name))
			}
			out, r = append(out, piece{group: group}), rest
		default:
			return nil, fmt.Errorf("%%%q: a digit, {name} or %% follows a percent sign", c)
		}
	}
}
