package guard

import (
	"strings"
	"testing"

	lua "github.com/yuin/gopher-lua"
)

func TestLibrariesAreWritableBeforeSealOnly(t *testing.T) {
	tests := []struct{ name, lua, want string }{
		{"a function replaced", `string.upper = nil`, "assignment to field 'upper' of a library inside a callback"},
		{"a function added", `math.twice = print`, "assignment to field 'twice' of a library"},
		{"by rawset", `rawset(table, "concat", nil)`, "bad argument #1 to 'rawset' (a library cannot be changed this way)"},
		{"by table.insert", `table.insert(os, 1)`, "bad argument #1 to 'insert' (a library cannot be changed this way)"},
		{"by a new metatable", `setmetatable(io, {})`, "cannot change a protected metatable"},
		{"of the host", `host.version = "x"`, "assignment to field 'version' of a library"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			L := NewState(Options{})
			defer L.Close()
			host := L.NewTable()
			host.RawSetString("version", lua.LString("1"))
			Library(L, "host", host)
			if err := Run(L, mustCompile(t, "function try() "+tt.lua+" end"), 0); err != nil {
				t.Fatal(err)
			}
			Seal(L)
			err := Call(L, L.GetGlobal("try"), 0)
			if err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), "test.lua:1: ") {
				t.Errorf("got %v, want test.lua:1: and %q", err, tt.want)
			}
		})
	}
}

func TestAScriptMayAddToALibraryWhileItLoads(t *testing.T) {
	L := NewState(Options{})
	defer L.Close()
	err := Run(L, mustCompile(t, `
		function string.trim(s) return (s:gsub("^%s+", ""):gsub("%s+$", "")) end
		assert(string.trim("  a ") == "a" and ("  b "):trim() == "b" and string.upper("c") == "C")
		local names = {}
		for name in pairs(string) do names[name] = true end
		assert(names.trim and names.upper and next(string) ~= nil and not getmetatable(string))`), 0)
	if err != nil {
		t.Error(err)
	}
}
