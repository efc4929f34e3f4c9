package guard

import (
	lua "github.com/yuin/gopher-lua"
	"strings"
)

var tableFunctions = map[string]lua.LGFunction{
	"concat":   tabConcat,
	"foreach":  tabForeach,
	"foreachi": tabForeachi,
	"getn":     tabGetn,
	"insert":   tabInsert,
	"maxn":     tabMaxn,
	"remove":   tabRemove,
	"sort":     tabSort,
}

// moved is how many list entries a move of memory shifts in the time of one instruction.
const moved = 64

func entry(t *lua.LTable, i int) lua.LValue { return t.RawGet(lua.LNumber(i)) }

func tabConcat(L *lua.LState) int {
	a := args{L, "concat"}
	sep := a.optText(2, "") // checked first, as in Lua
	t := a.table(1)
	from := a.optInteger(3, 1)
	to := t.Len()
	if L.Get(4) != lua.LNil {
		to = a.integer(4)
	}
	total := 0
	fuel := FuelOf(L)
	for i := from; i <= to; i++ {
		v := entry(t, i)
		size, ok := textSize(v)
		if !ok {
			L.RaiseError("invalid value (%s) at index %d in table for 'concat'", v.Type(), i)
		}
		total += size + len(sep)
		fuel.Charge(L, 1)
		if i == to || total > maxString+len(sep) { // i++ may overflow
			break
		}
	}
	claim(L, total-len(sep))
	var joined strings.Builder // which makes the string without zeroing or copying it
	joined.Grow(max(total, 0))
	for i := from; i <= to; i++ {
		text, _ := toText(entry(t, i))
		joined.WriteString(text)
		if i == to {
			break
		}
		joined.WriteString(sep)
	}
	return pushString(L, joined.String())
}

func tabForeach(L *lua.LState) int {
	a := args{L, "foreach"}
	t, f := a.walked(1), a.function(2)
	s := stateOf(L)
	for key, value := s.nextOf(t, lua.LNil); key != lua.LNil; key, value = s.nextOf(t, key) {
		if eachResult(L, f, key, value) {
			return 1
		}
	}
	return 0
}

func tabForeachi(L *lua.LState) int {
	a := args{L, "foreachi"}
	t, f := a.table(1), a.function(2)
	for i, n := 1, t.Len(); i <= n; i++ {
		if eachResult(L, f, lua.LNumber(i), entry(t, i)) {
			return 1
		}
	}
	return 0
}

// eachResult calls f and leaves its result on the stack if it is not nil.
func eachResult(L *lua.LState, f *lua.LFunction, key, value lua.LValue) bool {
	L.Push(f)
	L.Push(key)
	L.Push(value)
	L.Call(2, 1)
	if L.Get(-1) != lua.LNil {
		return true
	}
	L.Pop(1)
	return false
}

func tabGetn(L *lua.LState) int {
	L.Push(lua.LNumber(args{L, "getn"}.table(1).Len()))
	return 1
}

func tabInsert(L *lua.LState) int {
	a := args{L, "insert"}
	t := a.ownTable(1)
	n := t.Len()
	switch L.GetTop() {
	case 2:
		L.RawSet(t, lua.LNumber(n+1), L.Get(2))
	case 3:
		pos, value := a.integer(2), L.Get(3)
		fuel := FuelOf(L)
		switch {
		case pos > n:
			L.RawSet(t, lua.LNumber(pos), value)
		case pos >= 1:
			fuel.Charge(L, (n-pos)/moved)
			t.Insert(pos, value)
		default: // Lua shifts from below the list's start
			for i := n + 1; i > pos; i-- {
				fuel.Charge(L, 1)
				L.RawSet(t, lua.LNumber(i), entry(t, i-1))
			}
			L.RawSet(t, lua.LNumber(pos), value)
		}
	default:
		L.RaiseError("wrong number of arguments to 'insert'")
	}
	return 0
}

func tabMaxn(L *lua.LState) int {
	t := args{L, "maxn"}.table(1)
	greatest, n := 0.0, 0
	t.ForEach(func(key, _ lua.LValue) {
		n++
		if v, ok := key.(lua.LNumber); ok {
			greatest = max(greatest, float64(v))
		}
	})
	FuelOf(L).Charge(L, n)
	L.Push(lua.LNumber(greatest))
	return 1
}

func tabRemove(L *lua.LState) int {
	a := args{L, "remove"}
	t := a.ownTable(1)
	n := t.Len()
	pos := a.optInteger(2, n)
	if pos < 1 || pos > n {
		return 0
	}
	FuelOf(L).Charge(L, (n-pos)/moved)
	L.Push(t.Remove(pos))
	return 1
}

func tabSort(L *lua.LState) int {
	a := args{L, "sort"}
	t := a.ownTable(1)
	s := sorter{L: L, t: t, fuel: FuelOf(L)}
	if L.Get(2) != lua.LNil {
		s.less = a.function(2)
	}
	s.sort(1, t.Len())
	return 0
}

// sorter sorts a list with the algorithm of ltablib.c, so that equal elements come out in the same order as in Lua,
// and so that a comparison may do what it likes to the table.
type sorter struct {
	L    *lua.LState
	t    *lua.LTable
	less *lua.LFunction
	fuel *Fuel
}

func (s *sorter) get(i int) lua.LValue    { return entry(s.t, i) }
func (s *sorter) set(i int, v lua.LValue) { s.L.RawSet(s.t, lua.LNumber(i), v) }

func (s *sorter) before(x, y lua.LValue) bool {
	if s.less == nil {
		s.fuel.Charge(s.L, 2)
		return lessThan(s.L, x, y)
	}
	s.L.Push(s.less)
	s.L.Push(x)
	s.L.Push(y)
	s.L.Call(2, 1)
	result := lua.LVAsBool(s.L.Get(-1))
	s.L.Pop(1)
	return result
}

func lessThan(L *lua.LState, x, y lua.LValue) bool {
	tx, ty := x.Type(), y.Type()
	if tx != ty {
		L.RaiseError("attempt to compare %s with %s", tx, ty)
	}
	if tx != lua.LTNumber && tx != lua.LTString && L.GetMetaField(x, "__lt") == lua.LNil {
		L.RaiseError("attempt to compare two %s values", tx)
	}
	return L.LessThan(x, y)
}

// order swaps elements i and j if the second belongs before the first.
func (s *sorter) order(i, j int) bool {
	x, y := s.get(i), s.get(j)
	if !s.before(y, x) {
		return false
	}
	s.set(i, y)
	s.set(j, x)
	return true
}

func (s *sorter) sort(lo, up int) {
	for lo < up {
		s.order(lo, up)
		if up-lo == 1 {
			return
		}
		mid := lo + (up-lo)/2
		if !s.order(lo, mid) {
			s.order(mid, up)
		}
		if up-lo == 2 {
			return
		}
		pivot := s.get(mid)
		s.swap(mid, up-1)
		i := s.partition(lo, up, pivot)
		s.swap(up-1, i)
		if i-lo < up-i { // recurse into the smaller half
			s.sort(lo, i-1)
			lo = i + 1
		} else {
			s.sort(i+1, up)
			up = i - 1
		}
	}
}

func (s *sorter) swap(i, j int) {
	x, y := s.get(i), s.get(j)
	s.set(i, y)
	s.set(j, x)
}

// partition sorts lo..up-1 around the pivot, which is at up-1, and gives where the two parts meet.
func (s *sorter) partition(lo, up int, pivot lua.LValue) int {
	i, j := lo, up-1
	for {
		for i++; s.before(s.get(i), pivot); i++ {
			if i > up {
				s.L.RaiseError("invalid order function for sorting")
			}
		}
		for j--; s.before(pivot, s.get(j)); j-- {
			if j < lo {
				s.L.RaiseError("invalid order function for sorting")
			}
		}
		if j < i {
			return i
		}
		s.swap(i, j)
	}
}
