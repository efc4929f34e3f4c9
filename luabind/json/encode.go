package json

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	lua "github.com/yuin/gopher-lua"

	"luamilter/luabind"
	"luamilter/luabind/guard"
)

// encoder makes one text.
type encoder struct {
	a      luabind.Args
	fuel   *guard.Fuel
	out    []byte
	indent string // "": everything on one line
	sort   bool
	tables []*lua.LTable // that are open, the outer ones first
	keys   []lua.LValue  // that led to them, and to what is in the last one
}

// encode is json.encode(value [, options]).
func encode(L *lua.LState) int {
	a := luabind.Args{L: L, Name: "json.encode"}
	e := &encoder{a: a, fuel: guard.FuelOf(L), sort: true}
	if a.Absent(1) {
		a.FailType(1, "value", "a value, or json.null,")
	}
	if t := options(a, 2, "indent", "sort"); t != nil {
		e.options(t)
	}
	e.value(L.Get(1))
	e.fuel.Alloc(L, len(e.out))
	L.Push(lua.LString(e.out))
	return 1
}

func (e *encoder) options(t *lua.LTable) {
	const most = 16
	switch v := t.RawGetString("indent").(type) {
	case *lua.LNilType:
	case lua.LNumber:
		n := int(v)
		if lua.LNumber(n) != v || n < 0 || n > most {
			e.a.Fail(2, "options", fmt.Sprintf("indent is 0 to %d spaces, not %s", most, v))
		}
		e.indent = strings.Repeat(" ", n)
	case lua.LString:
		if e.indent = string(v); len(v) > most || strings.Trim(e.indent, " \t") != "" {
			e.a.Fail(2, "options", fmt.Sprintf("indent is at most %d spaces and tabs", most))
		}
	default:
		e.a.Fail(2, "options", "indent is a number or a string, not a "+v.Type().String())
	}
	switch v := t.RawGetString("sort").(type) {
	case *lua.LNilType:
	case lua.LBool:
		e.sort = bool(v)
	default:
		e.a.Fail(2, "options", "sort is a boolean, not a "+v.Type().String())
	}
}

// fail raises and says where in the value the problem is.
func (e *encoder) fail(problem string) {
	e.a.Fail(1, e.path(), problem)
}

// path is the way to the value at hand, as Lua would write it: value.a[3]["x y"].
func (e *encoder) path() string {
	var path strings.Builder
	path.WriteString("value")
	for _, k := range e.keys {
		switch k := k.(type) {
		case lua.LString:
			if isName(string(k)) {
				path.WriteString("." + string(k))
			} else {
				path.WriteString(`["` + short(string(k)) + `"]`)
			}
		default:
			path.WriteString("[" + k.String() + "]")
		}
		if path.Len() > 500 {
			return path.String() + "..."
		}
	}
	return path.String()
}

func isName(s string) bool {
	for i, c := range []byte(s) {
		letter := c == '_' || c|0x20 >= 'a' && c|0x20 <= 'z'
		if !letter && (i == 0 || c < '0' || c > '9') {
			return false
		}
	}
	return s != "" && len(s) <= 80
}

// short is a key as a message quotes it.
func short(s string) string {
	if len(s) > 80 {
		s = s[:80] + "..."
	}
	q := strconv.Quote(s)
	return q[1 : len(q)-1]
}

func (e *encoder) value(v lua.LValue) {
	e.fuel.Charge(e.a.L, 2)
	switch v := v.(type) {
	case lua.LBool:
		e.add(v.String())
	case lua.LNumber:
		e.number(float64(v))
	case lua.LString:
		e.str(string(v))
	case *lua.LTable:
		e.table(v)
	default:
		if v != null {
			e.fail("a " + v.Type().String() + " has no form in JSON")
		}
		e.add("null")
	}
}

// number writes whole numbers without an exponent, as far as they are exact.
func (e *encoder) number(f float64) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		e.fail(strconv.FormatFloat(f, 'g', -1, 64) + " has no form in JSON")
	}
	format := byte('f')
	if abs := math.Abs(f); abs != 0 && (abs < 1e-6 || abs >= 1e21) {
		format = 'e'
	}
	e.add(strconv.FormatFloat(f, format, -1, 64))
}

func (e *encoder) table(t *lua.LTable) {
	if slices.Contains(e.tables, t) {
		e.fail("a table that contains itself")
	}
	if len(e.tables) == defaultDepth {
		e.fail(fmt.Sprintf("nested deeper than %d", defaultDepth))
	}
	kind, problem, ok := classify(e.a.L, t)
	if !ok {
		e.fail(problem)
	}
	e.tables = append(e.tables, t)
	switch kind {
	case kindArray:
		e.array(t)
	case kindObject:
		e.object(t)
	default:
		e.add("{}")
	}
	e.tables = e.tables[:len(e.tables)-1]
}

func (e *encoder) array(t *lua.LTable) {
	n := t.Len()
	e.add("[")
	for i := 1; i <= n; i++ {
		if i > 1 {
			e.add(",")
		}
		e.line(0)
		e.item(lua.LNumber(i), t.RawGetInt(i))
	}
	if n > 0 {
		e.line(-1)
	}
	e.add("]")
}

func (e *encoder) object(t *lua.LTable) {
	var keys []string
	t.ForEach(func(k, _ lua.LValue) {
		e.fuel.Alloc(e.a.L, itemBytes)
		keys = append(keys, k.String())
	})
	if e.sort {
		e.fuel.Charge(e.a.L, 4*len(keys)) // each is compared about 20 times
		slices.Sort(keys)
	}
	e.add("{")
	for i, k := range keys {
		if i > 0 {
			e.add(",")
		}
		e.line(0)
		e.str(k)
		e.add(":")
		if e.indent != "" {
			e.add(" ")
		}
		e.item(lua.LString(k), t.RawGetString(k))
	}
	e.line(-1)
	e.add("}")
}

func (e *encoder) item(key, v lua.LValue) {
	e.keys = append(e.keys, key)
	e.value(v)
	e.keys = e.keys[:len(e.keys)-1]
}

// line begins a new line; deeper is counted from the items of the last open table.
func (e *encoder) line(deeper int) {
	if e.indent == "" {
		return
	}
	e.add("\n")
	for range len(e.tables) + deeper {
		e.add(e.indent)
	}
}

func (e *encoder) str(s string) {
	e.fuel.Charge(e.a.L, len(s)/16)
	e.add(`"`)
	from := 0 // what is before it has been written
	for i := 0; i < len(s); {
		c, width := s[i], 1
		replacement := ""
		switch {
		case c >= utf8.RuneSelf:
			var r rune
			if r, width = utf8.DecodeRuneInString(s[i:]); r == utf8.RuneError && width == 1 {
				replacement = "\ufffd"
			}
		case c == '"' || c == '\\':
			replacement = `\` + string(c)
		case c < ' ':
			replacement = control(c)
		}
		if replacement != "" {
			e.add(s[from:i])
			e.add(replacement)
			from = i + width
		}
		i += width
	}
	e.add(s[from:])
	e.add(`"`)
}

func control(c byte) string {
	if i := strings.IndexByte("\b\f\n\r\t", c); i >= 0 {
		return `\` + "bfnrt"[i:i+1]
	}
	return fmt.Sprintf(`\u%04x`, c)
}

// add grows the text, which is announced to the Fuel and bounded.
func (e *encoder) add(s string) {
	if need := len(e.out) + len(s); need > cap(e.out) {
		if need > maxText {
			e.a.L.RaiseError("%s: the text would be larger than 64 MiB", e.a.Name)
		}
		size := min(max(need, 2*cap(e.out), 64), maxText)
		e.fuel.Alloc(e.a.L, size)
		e.out = slices.Grow(e.out, size-len(e.out))
	}
	e.out = append(e.out, s...)
}
