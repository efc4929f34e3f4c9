package guard

import (
	"slices"
	"strings"
	"testing"

	lua "github.com/yuin/gopher-lua"
)

// writes are ways to assign a global; each is tried in a function.
var writes = map[string]string{
	"an assignment":                     `function try() count = 1 end`,
	"a second assignment":               `count = 0 function try() count = count + 1 end`,
	"an assignment of nil":              `count = 1 function try() count = nil end`,
	"an assignment among several":       `function try() local a, b; a, count, b = 1, 2, 3 end`,
	"a function definition":             `function try() function count() end end`,
	"an assignment in a nested closure": `function try() (function() count = 1 end)() end`,
	"an assignment through _G":          `function try() _G.count = 1 end`,
	"an assignment through _G._G":       `function try() _G._G["count"] = 1 end`,
	"rawset on _G":                      `function try() rawset(_G, "count", 1) end`,
	"an assignment in loaded code":      `function try() loadstring("count = 1")() end`,
	"an assignment in a coroutine":      `function try() local ok, e = coroutine.resume(coroutine.create(function() count = 1 end)) if not ok then error(e, 0) end end`,
	"an assignment in wrap":             `function try() coroutine.wrap(function() count = 1 end)() end`,
	"an assignment in a method":         `local t = {} function t:set() count = 1 end function try() t:set() end`,
	"a loop over a global":              `function try() for i = 1, 2 do count = i end end`,
	"a replaced library function":       `function try() print = 1 count = 1 end`,
	"__newindex set to _G":              `local t = setmetatable({}, {__newindex = _G}) function try() t.count = 1 end`,
}

func TestGlobalsAreWritableBeforeSealOnly(t *testing.T) {
	for name, script := range writes {
		t.Run(name, func(t *testing.T) {
			for _, sealed := range []bool{false, true} {
				L := NewState(Options{})
				defer L.Close()
				if err := Run(L, mustCompile(t, script), 0); err != nil {
					t.Fatal(err)
				}
				if sealed {
					Seal(L)
				}
				before := L.GetGlobal("count")
				err := Call(L, L.GetGlobal("try"), 0)
				if !sealed {
					if err != nil {
						t.Errorf("before Seal: %v", err)
					}
					continue
				}
				if err == nil {
					t.Fatal("no error after Seal")
				}
				for _, want := range []string{"test.lua:1: ", "global '", "msg"} {
					if !strings.Contains(err.Error(), want) {
						t.Errorf("got %v, want %q in it", err, want)
					}
				}
				if after := L.GetGlobal("count"); after != before {
					t.Errorf("count changed from %v to %v", before, after)
				}
			}
		})
	}
}

func TestTheProtectionOfGlobalsCannotBeTakenOff(t *testing.T) {
	tests := map[string]string{
		"setmetatable of _G":       `setmetatable(_G, nil)`,
		"table.insert into _G":     `table.insert(_G, 1)`,
		"table.sort of _G":         `table.sort(_G)`,
		"a hidden name through _G": `_G["(globals)"] = 1`,
		"rawset of a hidden name":  `rawset(_G, "(concat)", print)`,
		"metatable of strings":     `getmetatable("").__index = nil`,
		"setfenv":                  `setfenv(1, {})`,
		"getfenv":                  `getfenv(1).count = 1`,
		"debug":                    `debug.getregistry()`,
		"newproxy":                 `newproxy(true)`,
		"module":                   `module("x")`,
	}
	for name, script := range tests {
		t.Run(name, func(t *testing.T) {
			L := NewState(Options{})
			defer L.Close()
			if err := Run(L, mustCompile(t, script), 0); err == nil {
				t.Error("no error")
			}
		})
	}
}

func TestGReadsAsTheGlobals(t *testing.T) {
	expectTrue(t, `
		local seen = {}
		for k, v in pairs(_G) do seen[k] = v assert(not k:find("(", 1, true), k) end
		assert(seen.print == print and seen._G == _G and seen.string == string)
		x = 5
		assert(_G.x == 5 and rawget(_G, "x") == 5 and _G["(concat)"] == nil and rawget(_G, "(globals)") == nil)
		assert(getmetatable(_G) == false and type(_G) == "table" and next(_G) ~= nil)
		_G.y = 6 rawset(_G, "z", 7)
		assert(y == 6 and z == 7)
		for _, name in ipairs{"dofile", "loadfile", "module", "newproxy", "getfenv", "setfenv", "collectgarbage", "debug", "channel", "require", "package", "_printregs"} do
			assert(_G[name] == nil, name)
		end
		for _, name in ipairs{"exit", "execute", "remove", "rename", "setlocale", "tmpname", "setenv"} do assert(os[name] == nil, name) end
		assert(io.popen == nil and string.dump == nil)`)
}

// expectTrue runs a script that asserts.
func expectTrue(t *testing.T, script string) {
	t.Helper()
	L := NewState(Options{})
	defer L.Close()
	if err := Run(L, mustCompile(t, script), 0); err != nil {
		t.Error(err)
	}
}

func TestUses(t *testing.T) {
	const script = `
local l, seen = 1, {}
add_header("A", "b")
local v = tempfail("x", f())
on_load = function() end
function on_mail(from, params)
  reject(550, ...)
  return accept()
end
function seen.note() l = 2; seen = nil; seen2 = l; return msg:header("X"), conn.name end
local function shadow(accept) accept() local reject = accept reject() end
for accept in pairs(l) do accept() end
repeat local quarantine = 1 until quarantine()
a, l = 1, 2
print("x" .. y .. "z")`
	want := []Use{
		{"add_header", 3, UseStatement, 2, false},
		{"tempfail", 4, UseCall, -1, false}, {"f", 4, UseCall, 0, false},
		{"on_load", 5, UseAssign, 0, false},
		{"on_mail", 6, UseAssign, 0, false},
		{"reject", 7, UseStatement, -1, true},
		{"accept", 8, UseCall, 0, true},
		{"seen2", 10, UseAssign, 0, true}, {"msg", 10, UseRead, 0, true}, {"conn", 10, UseRead, 0, true},
		{"pairs", 12, UseCall, 1, false},
		{"a", 14, UseAssign, 0, false},
		{"print", 15, UseStatement, 1, false}, {"y", 15, UseRead, 0, false},
	}
	chunk := mustCompile(t, strings.Replace(script, "(from, params)", "(from, ...)", 1))
	if !slices.Equal(chunk.Uses, want) {
		t.Errorf("got %v\nwant %v", chunk.Uses, want)
	}
	wantWrites := []LocalWrite{{"l", 10}, {"seen", 10}}
	if !slices.Equal(chunk.Writes, wantWrites) {
		t.Errorf("got writes %v, want %v", chunk.Writes, wantWrites)
	}
}

func TestPrintGivesTheTextToTheHost(t *testing.T) {
	var got []string
	L := NewState(Options{Print: func(_ *lua.LState, text string) { got = append(got, text) }})
	defer L.Close()
	if err := Run(L, mustCompile(t, `print("a", 1, nil, true, 1e15) print()`), 0); err != nil {
		t.Fatal(err)
	}
	if want := []string{"a\t1\tnil\ttrue\t1e+15", ""}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}
