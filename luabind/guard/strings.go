package guard

import (
	"strings"

	lua "github.com/yuin/gopher-lua"

	"luamilter/luabind/guard/pattern"
)

// The string library of Lua 5.1 on bytes. Letters are those of ASCII, whatever the locale.
var stringFunctions = map[string]lua.LGFunction{
	"byte":    strByte,
	"char":    strChar,
	"find":    strFind,
	"format":  strFormat,
	"gfind":   strGmatch, // its name in Lua 5.0 (LUA_COMPAT_GFIND)
	"gmatch":  strGmatch,
	"gsub":    strGsub,
	"len":     strLen,
	"lower":   strLower,
	"match":   strMatch,
	"rep":     strRep,
	"reverse": strReverse,
	"sub":     strSub,
	"upper":   strUpper,
}

// position turns an index that may count from the end into one from the start, 0 or less meaning before it.
func position(i, length int) int {
	if i < 0 {
		return max(i+length+1, 0)
	}
	return i
}

func strByte(L *lua.LState) int {
	a := args{L, "byte"}
	s := a.text(1)
	from := position(a.optInteger(2, 1), len(s))
	to := min(position(a.optInteger(3, from), len(s)), len(s))
	from = max(from, 1)
	if from > to {
		return 0
	}
	if to-from >= maxUnpack {
		L.RaiseError("string slice too long")
	}
	FuelOf(L).Charge(L, to-from)
	for i := from; i <= to; i++ {
		L.Push(lua.LNumber(s[i-1]))
	}
	return to - from + 1
}

func strChar(L *lua.LState) int {
	a := args{L, "char"}
	buf := make([]byte, L.GetTop())
	for i := range buf {
		c := a.integer(i + 1)
		if c < 0 || c > 255 {
			a.fail(i+1, "invalid value")
		}
		buf[i] = byte(c)
	}
	return pushString(L, string(buf))
}

func strLen(L *lua.LState) int {
	L.Push(lua.LNumber(len(args{L, "len"}.text(1))))
	return 1
}

func strLower(L *lua.LState) int {
	s := args{L, "lower"}.text(1)
	if len(s) > cacheLongest {
		claim(L, len(s))
		return pushPart(L, lower(s))
	}
	L.Push(stateOf(L).lowered.Get(s, lowerValue))
	return 1
}

func lowerValue(s string) lua.LValue { return lua.LString(lower(s)) }

func lower(s string) string {
	return mapBytes(s, func(c byte) byte {
		if 'A' <= c && c <= 'Z' {
			c += 'a' - 'A'
		}
		return c
	})
}

func strUpper(L *lua.LState) int {
	s := args{L, "upper"}.text(1)
	claim(L, len(s))
	return pushPart(L, mapBytes(s, func(c byte) byte {
		if 'a' <= c && c <= 'z' {
			c -= 'a' - 'A'
		}
		return c
	}))
}

// mapBytes is s with f of each byte; s itself where that is the same.
func mapBytes(s string, f func(byte) byte) string {
	for i := 0; i < len(s); i++ {
		if f(s[i]) == s[i] {
			continue
		}
		buf := []byte(s)
		for ; i < len(buf); i++ {
			buf[i] = f(buf[i])
		}
		return string(buf)
	}
	return s
}

func strRep(L *lua.LState) int {
	a := args{L, "rep"}
	s, n := a.text(1), a.integer(2)
	if s == "" || n <= 0 {
		return pushString(L, "")
	}
	if n > maxString {
		n = maxString + 1 // keeps the product from overflowing
	}
	claim(L, len(s)*n)
	return pushString(L, strings.Repeat(s, n))
}

func strReverse(L *lua.LState) int {
	s := args{L, "reverse"}.text(1)
	claim(L, len(s))
	buf := make([]byte, len(s))
	for i := range buf {
		buf[i] = s[len(s)-1-i]
	}
	return pushString(L, string(buf))
}

func strSub(L *lua.LState) int {
	a := args{L, "sub"}
	s := a.text(1)
	from := max(position(a.integer(2), len(s)), 1)
	to := min(position(a.optInteger(3, -1), len(s)), len(s))
	if from > to {
		return pushString(L, "")
	}
	return pushPart(L, s[from-1:to])
}

func strFind(L *lua.LState) int  { return find(L, args{L, "find"}, true) }
func strMatch(L *lua.LState) int { return find(L, args{L, "match"}, false) }

func find(L *lua.LState, a args, places bool) int {
	s, p := a.text(1), a.text(2)
	init := min(max(position(a.optInteger(3, 1), len(s))-1, 0), len(s))
	fuel := FuelOf(L)
	if places && (lua.LVAsBool(L.Get(4)) || pattern.Plain(p)) {
		if len(s)-init > 1024 {
			fuel.Charge(L, (len(s)-init)/bytesPerStep)
		}
		i := strings.Index(s[init:], p)
		if i < 0 {
			L.Push(lua.LNil)
			return 1
		}
		L.Push(lua.LNumber(init + i + 1))
		L.Push(lua.LNumber(init + i + len(p)))
		return 2
	}
	m := pattern.New(s, p, fuel.spender)
	start, end, ok := m.Find(init)
	if !ok {
		checkMatch(L, &m)
		L.Push(lua.LNil)
		return 1
	}
	if !places {
		return pushCaptures(L, &m, start, end, true)
	}
	L.Push(lua.LNumber(start + 1))
	L.Push(lua.LNumber(end))
	return 2 + pushCaptures(L, &m, start, end, false)
}

func checkMatch(L *lua.LState, m *pattern.Matcher) {
	if err := m.Err(); err != nil {
		raisePattern(L, err)
	}
}

func raisePattern(L *lua.LState, err error) {
	if f := FuelOf(L); f.err != nil {
		f.raise(L)
	}
	L.RaiseError("%s", err)
}

// pushCaptures pushes all captures; whole says that the whole match stands for none.
func pushCaptures(L *lua.LState, m *pattern.Matcher, start, end int, whole bool) int {
	n := m.Captures()
	if n == 0 && whole {
		n = 1
	}
	for i := range n {
		L.Push(captureValue(L, m, i, start, end))
	}
	return n
}

func captureValue(L *lua.LState, m *pattern.Matcher, i, start, end int) lua.LValue {
	text, pos, isPos, err := m.Capture(i, start, end)
	if err != nil {
		raisePattern(L, err)
	}
	if isPos {
		return lua.LNumber(pos)
	}
	return lua.LString(stateOf(L).own(text))
}

func strGmatch(L *lua.LState) int {
	a := args{L, "gmatch"}
	s, p := a.text(1), a.text(2)
	pos := 0
	L.Push(L.NewFunction(func(L *lua.LState) int {
		m := pattern.New(s, p, FuelOf(L).spender)
		for ; pos <= len(s); pos++ {
			end := m.MatchAt(pos, 0)
			checkMatch(L, &m)
			if end < 0 {
				continue
			}
			start := pos
			pos = max(end, start+1) // past an empty match
			return pushCaptures(L, &m, start, end, true)
		}
		L.Push(lua.LNil)
		return 1
	}))
	return 1
}
