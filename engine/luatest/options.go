package luatest

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"luamilter/luabind"
)

// options is a table of named arguments. What is wrong with one is raised at the caller's line.
type options struct {
	args  luabind.Args
	table *lua.LTable
}

// optionsOf takes the table of arguments, in which only known names may stand.
func optionsOf(L *lua.LState, function string, n int, known ...string) options {
	o := options{luabind.Args{L: L, Name: function}, L.NewTable()}
	if o.args.Absent(n) {
		return o
	}
	o.table = o.args.Table(n, "options")
	o.table.ForEach(func(k, _ lua.LValue) {
		if name, ok := k.(lua.LString); !ok || !slices.Contains(known, string(name)) {
			L.RaiseError("%s: there is no option %s; there are %s", function, shorten(k.String()), strings.Join(known, ", "))
		}
	})
	return o
}

func (o options) fail(name, format string, values ...any) {
	o.args.L.RaiseError("%s: %s: %s", o.args.Name, name, fmt.Sprintf(format, values...))
}

func (o options) get(name string) lua.LValue { return o.table.RawGetString(name) }

func (o options) has(name string) bool { return o.get(name) != lua.LNil }

// text is a string option, or what it is without one.
func (o options) text(name, without string) string {
	if !o.has(name) {
		return without
	}
	return o.textOf(name, o.get(name))
}

func (o options) textOf(name string, v lua.LValue) string {
	switch v := v.(type) {
	case lua.LString:
		return string(v)
	case lua.LNumber:
		return v.String()
	}
	o.fail(name, "a string expected, got %s", v.Type())
	return ""
}

func (o options) flag(name string) bool {
	v, ok := o.get(name).(lua.LBool)
	if o.has(name) && !ok {
		o.fail(name, "true or false expected, got %s", o.get(name).Type())
	}
	return bool(v)
}

// integer is a whole number from 0 to most, 0 without the option.
func (o options) integer(name string, most int) int {
	if !o.has(name) {
		return 0
	}
	n, ok := o.get(name).(lua.LNumber)
	if f := float64(n); !ok || f != math.Trunc(f) || f < 0 || f > float64(most) {
		o.fail(name, "a whole number from 0 to %d expected, got %s", most, o.get(name).String())
	}
	return int(n)
}

// list is a list option; a value alone is a list of one.
func (o options) list(name string) []lua.LValue {
	v := o.get(name)
	t, ok := v.(*lua.LTable)
	switch {
	case v == lua.LNil:
		return nil
	case !ok:
		return []lua.LValue{v}
	}
	var values []lua.LValue
	for i := 1; i <= t.Len(); i++ {
		values = append(values, t.RawGetInt(i))
	}
	return values
}

// pairs are the entries of a table whose keys and values are texts, ordered by key.
func (o options) pairs(name string, t *lua.LTable) [][2]string {
	entries := map[string]string{}
	t.ForEach(func(k, v lua.LValue) {
		key, ok := k.(lua.LString)
		if !ok {
			o.fail(name, "a table {name = value} expected, got the key %s", shorten(k.String()))
		}
		entries[string(key)] = o.textOf(name+"."+string(key), v)
	})
	var list [][2]string
	for _, key := range slices.Sorted(maps.Keys(entries)) {
		list = append(list, [2]string{key, entries[key]})
	}
	return list
}
