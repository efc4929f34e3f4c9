package guard

import (
	"math"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"luamilter/luabind/guard/pattern"
)

// substitution is one running call of gsub.
type substitution struct {
	L    *lua.LState
	m    pattern.Matcher
	src  string
	repl lua.LValue // string, table or function
	out  builder
}

func strGsub(L *lua.LState) int {
	a := args{L, "gsub"}
	src, pat := a.text(1), a.text(2)
	g := substitution{L: L, m: pattern.New(src, pat, FuelOf(L).spender), src: src, repl: L.Get(3)}
	switch g.repl.Type() {
	case lua.LTString, lua.LTTable, lua.LTFunction:
	case lua.LTNumber:
		g.repl = lua.LString(a.text(3))
	default:
		a.fail(3, "string/function/table expected")
	}
	limit := a.optInteger(4, math.MaxInt)
	start := 0
	if pattern.Anchored(pat) {
		start = 1
	}
	n := g.run(start, limit)
	if n == 0 {
		pushPart(L, src)
	} else {
		pushString(L, g.out.String())
	}
	L.Push(lua.LNumber(n))
	return 2
}

// run replaces up to limit matches and gives their number; patStart is 1 for an anchored pattern.
func (g *substitution) run(patStart, limit int) (n int) {
	pos, copied := 0, 0
	for done := false; n < limit && !done; {
		end := g.m.MatchAt(pos, patStart)
		checkMatch(g.L, &g.m)
		if end >= 0 {
			n++
			g.out.add(g.L, g.src[copied:pos])
			g.replace(pos, end)
			copied = end
		}
		switch {
		case end > pos:
			pos = end
		case pos < len(g.src):
			pos++
		default:
			done = true
		}
		done = done || patStart == 1
	}
	if n > 0 {
		g.out.add(g.L, g.src[copied:])
	}
	return n
}

func (g *substitution) replace(start, end int) {
	var v lua.LValue
	switch r := g.repl.(type) {
	case lua.LString:
		g.template(string(r), start, end)
		return
	case *lua.LTable:
		v = g.L.GetTable(r, captureValue(g.L, &g.m, 0, start, end))
	default:
		g.L.Push(r)
		n := pushCaptures(g.L, &g.m, start, end, true)
		g.L.Call(n, 1)
		v = g.L.Get(-1)
		g.L.Pop(1)
	}
	if !lua.LVAsBool(v) {
		g.out.add(g.L, g.src[start:end])
		return
	}
	text, ok := toText(v)
	if !ok {
		g.L.RaiseError("invalid replacement value (a %s)", v.Type())
	}
	g.out.add(g.L, text)
}

// template adds a replacement string, in which %0 is the match and %1 the first capture.
func (g *substitution) template(r string, start, end int) {
	for {
		i := strings.IndexByte(r, '%')
		if i < 0 {
			g.out.add(g.L, r)
			return
		}
		g.out.add(g.L, r[:i])
		if i+1 == len(r) { // Lua 5.1 takes the string's final NUL here
			g.out.addByte(g.L, 0)
			return
		}
		c := r[i+1]
		r = r[i+2:]
		switch {
		case c == '0':
			g.out.add(g.L, g.src[start:end])
		case c >= '1' && c <= '9':
			text, _ := toText(captureValue(g.L, &g.m, int(c-'1'), start, end))
			g.out.add(g.L, text)
		default:
			g.out.addByte(g.L, c)
		}
	}
}
