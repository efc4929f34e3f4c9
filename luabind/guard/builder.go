package guard

import (
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// builder makes a string piece by piece. Growth is announced to the Fuel, and no string gets past maxString.
type builder struct{ buf []byte }

func (b *builder) add(L *lua.LState, s string) {
	b.reserve(L, len(s))
	b.buf = append(b.buf, s...)
}

func (b *builder) addByte(L *lua.LState, c byte) {
	b.reserve(L, 1)
	b.buf = append(b.buf, c)
}

func (b *builder) reserve(L *lua.LState, n int) {
	if need := len(b.buf) + n; need > cap(b.buf) {
		claim(L, need)
		// Room beyond the limit would be filled without another look at it.
		grown := make([]byte, len(b.buf), min(max(need, 2*cap(b.buf), 64), maxString))
		copy(grown, b.buf)
		b.buf = grown
	}
}

func (b *builder) String() string { return string(b.buf) }

// claim announces a string of n bytes.
func claim(L *lua.LState, n int) {
	if n > maxString {
		L.RaiseError("resulting string too large (at most 64 MiB)")
	}
	if n > 1024 { // below that the instructions around it are cost enough
		FuelOf(L).Alloc(L, n)
	}
}

func pushString(L *lua.LState, s string) int {
	L.Push(lua.LString(s))
	return 1
}

// pushPart pushes what may be an argument of the function, or a part of one.
func pushPart(L *lua.LState, s string) int { return pushString(L, stateOf(L).own(s)) }

// concat is what a .. b .. c is compiled to: OP_CONCAT would join 200 strings of 64 MiB without looking.
func concat(L *lua.LState) int {
	n := L.GetTop()
	if n == 2 {
		a, ok1 := L.Get(1).(lua.LString)
		b, ok2 := L.Get(2).(lua.LString)
		if ok1 && ok2 {
			claim(L, len(a)+len(b))
			L.Push(a + b)
			return 1
		}
	}
	right := L.Get(n)
	for n > 1 {
		first, total := joinable(L, n, right)
		if first == n {
			right = concatMeta(L, L.Get(n-1), right)
			n--
			continue
		}
		claim(L, total)
		right = join(L, first, n, right, total)
		n = first
	}
	L.Push(right)
	return 1
}

// joinable gives the first of the values up to n-1 that can be joined with right directly, and about how long all is.
func joinable(L *lua.LState, n int, right lua.LValue) (first, total int) {
	total, ok := textSize(right)
	if !ok {
		return n, 0
	}
	for first = n; first > 1; first-- {
		size, ok := textSize(L.Get(first - 1))
		if !ok {
			break
		}
		total += size
	}
	return first, total
}

func textSize(v lua.LValue) (int, bool) {
	switch v := v.(type) {
	case lua.LString:
		return len(v), true
	case lua.LNumber:
		return 24, true
	}
	return 0, false
}

func join(L *lua.LState, first, n int, right lua.LValue, total int) lua.LValue {
	var joined strings.Builder
	joined.Grow(total)
	for i := first; i < n; i++ {
		text, _ := toText(L.Get(i))
		joined.WriteString(text)
	}
	text, _ := toText(right)
	joined.WriteString(text)
	return lua.LString(joined.String())
}

func concatMeta(L *lua.LState, a, b lua.LValue) lua.LValue {
	op := L.GetMetaField(a, "__concat")
	if op == lua.LNil {
		op = L.GetMetaField(b, "__concat")
	}
	if op == lua.LNil {
		if _, ok := textSize(a); ok {
			a = b
		}
		L.RaiseError("attempt to concatenate a %s value", a.Type())
	}
	L.Push(op)
	L.Push(a)
	L.Push(b)
	L.Call(2, 1)
	v := L.Get(-1)
	L.Pop(1)
	return v
}
