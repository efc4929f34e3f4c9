package guard

import (
	"strings"
	"testing"

	lua "github.com/yuin/gopher-lua"
)

func TestSettingsTakeThePlaceOfLocals(t *testing.T) {
	for _, c := range []struct{ name, src, want string }{
		{"one", "local a = 1 return a", "5"},
		{"one of two", "local b, a = 1, 2 return b .. a", "15"},
		{"the first of a name", "local a = 1 local a = a + 1 return a", "6"},
		{"used by a function", "local a = { 1 } local function f() return a end return f()", "5"},
		{"used by a setting", "local a = 1 local c = a * 2 return c", "10"},
	} {
		t.Run(c.name, func(t *testing.T) {
			chunk, err := Compiler{Settings: Settings{"a": "5"}}.Compile("test.lua", []byte(c.src))
			if err != nil {
				t.Fatal(err)
			}
			L := NewState(Options{})
			defer L.Close()
			if err := Run(L, chunk, 1); err != nil {
				t.Fatal(err)
			}
			if got := lua.LVAsString(L.Get(-1)); got != c.want {
				t.Errorf("got %s, want %s", got, c.want)
			}
		})
	}
}

func TestSettingsThatCannotBe(t *testing.T) {
	for _, c := range []struct{ name, src, value, want string }{
		{"no such local", "b = 1", "1", "test.lua:1: there is no setting a"},
		{"a local of a block", "do local a = 1 end", "1", "there is no setting a"},
		{"a function", "local function g() end", "1", "there is no setting a"},
		{"no value", "\nlocal a", "1", "test.lua:2: a is no setting"},
		{"values of a call", "local a, b = f()", "1", "a is no setting"},
		{"no Lua", "local a = 1", ")", "the setting a is no Lua"},
		{"two values", "local a = 1", "1, 2", "the setting a is not one value"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := Compiler{Settings: Settings{"a": c.value}}.Compile("test.lua", []byte(c.src))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}
