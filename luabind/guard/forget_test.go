package guard

import (
	"strings"
	"testing"
	"unsafe"

	lua "github.com/yuin/gopher-lua"
)

// forgets says whether the global f of a source forgets its first argument.
func forgets(t *testing.T, src string) bool {
	t.Helper()
	chunk, err := Compile("t.lua", []byte(src))
	if err != nil {
		t.Fatalf("%s: %v", src, err)
	}
	L := NewState(Options{})
	defer L.Close()
	if err := Run(L, chunk, 0); err != nil {
		t.Fatalf("%s: %v", src, err)
	}
	Seal(L)
	fn, ok := L.GetGlobal("f").(*lua.LFunction)
	return ok && !fn.IsG && chunk.Forgets(fn.Proto) && Original(L)
}

func TestFunctionsThatOnlyReadTheirArgumentForgetIt(t *testing.T) {
	for _, src := range []string{
		`function f() end`,
		`function f(c) end`,
		`function f(c, d) return d end`,
		`function f(c) if c:find("x", 1, true) then return c:sub(1, 3), c:match("(a)(b)") end end`,
		`function f(c) return c:lower():find("x"), c:upper(), c:gsub("a", "b"), c:len(), c:byte(1, -1) end`,
		`function f(c) return string.find(c, "x"), string.sub(c, 1), string.byte(c), string.len(c) end`,
		`function f(c) return #c, c == "x", "x" ~= c, not c, c == c end`,
		`function f(c) for a, b in c:gmatch("(a)(b)") do g = a .. b end end`,
		`function f(c) for a in string.gmatch(c, "a") do local x = {a, k = c:sub(1)} end end`,
		`function f(c) local n = 0 while n < #c do n = n + c:byte(n + 1) end repeat n = n - 1 until n == #c end`,
		`function f(c) for i = 1, #c, #c do print(c:byte(i)) end do goto out end ::out:: end`,
		`local seen = {} function f(c) seen[#seen + 1] = c:match("a") return function() return seen end end`,
		`function f(c) return c:gsub("%a", function(a) return a .. "x" end) end`,
		`function f(c) return c:gsub("%a", {a = "b"}), c:find(c:sub(1)) end`,
		"string.trim = function(s) return s end\nfunction f(c) return c:sub(1) end",
		"function g(c) return c end\nfunction f(c) return #c end",
		`function f(c) local x, y = #c, c:sub(1) x, y = y, x return x .. y .. "z" end`,
	} {
		if !forgets(t, src) {
			t.Errorf("%s: taken for one that keeps its argument", src)
		}
	}
}

func TestFunctionsThatMayKeepTheirArgumentAreFound(t *testing.T) {
	for _, src := range []string{
		`function f(c) return c end`,
		`function f(c) return (c) end`,
		`function f(...) end`,
		`function f(c, ...) end`,
		`function f(c) x = c end`,
		`function f(c) local x = c end`,
		`function f(c) c = "x" end`,
		`function f(c) msg.x = c end`,
		`function f(c) t[c] = 1 end`,
		`function f(c) return {c} end`,
		`function f(c) return {[c] = 1} end`,
		`function f(c) return {x = c} end`,
		`function f(c) return c .. "x" end`,
		`function f(c) return "" .. c end`,
		`function f(c) return c or 1, c and 1 end`,
		`function f(c) if c < "x" then end end`,
		`function f(c) return c + 1, -c end`,
		`function f(c) return c.sub, c[1] end`,
		`function f(c) print(c) end`,
		`function f(c) return tostring(c) end`,
		`function f(c) error(c) end`,
		`function f(c) pcall(string.find, c, "x") end`,
		`function f(c) return c:rep(1), c:reverse(), c:format() end`,
		`function f(c) return c:trim() end`,
		`function f(c) return c:gmatch("a") end`,
		`function f(c) local g = c:gmatch("a") end`,
		`function f(c) for a in c:gmatch("a"), c do end end`,
		`function f(c) for a in string.gmatch("a", c) do end end`,
		`function f(c) for a in g(c) do end end`,
		`function f(c) for a in c do end end`,
		`function f(c) for i = 1, c do end end`,
		`function f(c) return ("x"):find(c) end`,
		`function f(c) return string.find("x", c) end`,
		`function f(c) return c:find(c) end`,
		`function f(c) return c:gsub("a", c) end`,
		`function f(c) return function() return c end end`,
		`function f(c) return function() return #c end end`,
		`function f(c) local function g() c:find("x") end end`,
		`function f(c) return function(c) end end`,
		`function f(c) local c = 1 end`,
		`function f(c) for c = 1, 2 do end end`,
		`function f(c) for c in pairs({}) do end end`,
		`function f(c, c) end`,
		`function f(c) function c() end end`,
		`function f(c) function c.x() end end`,
		`function f(c) function c:x() end end`,
		`function f(c) c.x = 1 end`,
		`local string = string function f(c) return string.find(c, "x") end`,
		`function f(c) local string = {} return string.find(c, "x") end`,
		`function f(c, string) return string.find(c, "x") end`,
		`local find = string.find function f(c) return find(c, "x") end`,
		`function f(c) return string[x](c, "x") end`,
		`function f(c) return g.find(c, "x") end`,
		`function f(c) return string.find(x, c) end`,
		`function f(c) return string.format("%s", c) end`,
		`f = function(c) end`,
		`do function f(c) end end`,
		`if true then function f(c) end end`,
		`local function g(c) end f = g`,
		`local t = {} function t.f(c) end f = t.f`,
		`function f(c) end f = function(c) return c end`,
		`function f(c) end local g = f f = function(c) return g(c) end`,
		`function f(c) end; _G.f = function(c) return c end`,
		`function f(c) end; rawset(_G, "f", print)`,
		`function f(c) end function g(c) return c end`, // on one line
		`function f(c) return c:find("x") end string.find = function(s) return s end`,
		`function f(c) return c:find("x") end string.find = string.find`,
		`function f(c) return c:find("x") end _G.string = {find = function(s) return s end}`,
		`function f(c) return c:find("x") end string = nil`,
		`pcall(function() string.len = nil end) function f(c) return #c end`,
	} {
		if forgets(t, src) {
			t.Errorf("%s: taken for one that forgets its argument", src)
		}
	}
}

// lentTo gives what the global f of a source returns for a text that is lent to it, written over since.
func lentTo(t *testing.T, src, text string) []string {
	t.Helper()
	L := NewState(Options{})
	defer L.Close()
	chunk, err := Compile("t.lua", []byte(src))
	if err != nil {
		t.Fatalf("%s: %v", src, err)
	}
	if err := Run(L, chunk, 0); err != nil {
		t.Fatalf("%s: %v", src, err)
	}
	memory := []byte(text)
	lent := stringOver(memory)
	Lend(L, lent)
	if err := Call(L, L.GetGlobal("f"), lua.MultRet, lua.LString(lent)); err != nil {
		t.Fatalf("%s: %v", src, err)
	}
	Lend(L, "")
	for i := range memory {
		memory[i] = '#'
	}
	var got []string
	for i := 1; i <= L.GetTop(); i++ {
		got = append(got, L.Get(i).String())
	}
	return got
}

func TestWhatIsMadeOfALentTextIsACopy(t *testing.T) {
	text := strings.Repeat("word number 1, ", 20)
	tests := []struct{ src, want string }{
		{`function f(c) return c:sub(1, 4), c:sub(-3), c:sub(2, 1) end`, "word|1, |"},
		{`function f(c) return c:match("%a+"), c:match("(%a+) (%a+)") end`, "word|word|number"},
		{`function f(c) return (c:match("^.*$")) end`, text},
		{`function f(c) return c:find("(%d), (%a+)") end`, "13|19|1|word"},
		{`function f(c) return (c:lower()) end`, text},
		{`function f(c) return (c:sub(1, 7):lower()) end`, "word nu"},
		{`function f(c) return c:gsub("X", "y") end`, text + "|0"},
		{`function f(c) local n = "" c:gsub("%a", function(a) n = a end) return n end`, "r"},
		{`function f(c) local n = "" c:gsub("%a", setmetatable({}, {__index = function(_, a) n = a end})) return n end`, "r"},
		{`function f(c) local t = {} for a in c:gmatch("%a+") do t[#t + 1] = a end return t[1], t[#t] end`, "word|number"},
		{`function f(c) return (string.sub(c, 3, 6):sub(2)) end`, "d n"},
	}
	for _, tt := range tests {
		if got := strings.Join(lentTo(t, tt.src, text), "|"); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.src, got, tt.want)
		}
	}
	upper := strings.Repeat("WORD ", 20)
	if got := lentTo(t, `function f(c) return (c:upper()) end`, upper); got[0] != upper {
		t.Errorf("upper: got %q", got)
	}
}

func TestTextThatIsNotLentIsNotCopied(t *testing.T) {
	L := NewState(Options{})
	defer L.Close()
	s := stateOf(L)
	s.lent = strings.Repeat("x", 100)
	other := strings.Repeat("y", 1000)
	if n := testing.AllocsPerRun(10, func() { s.own(other[10:]) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
	if n := testing.AllocsPerRun(10, func() { s.own(s.lent[10:]) }); n != 1 {
		t.Errorf("%v allocations for a part of the lent text", n)
	}
	s.lent = ""
	if n := testing.AllocsPerRun(10, func() { s.own(other) }); n != 0 {
		t.Errorf("%v allocations where nothing is lent", n)
	}
}

// stringOver is a string whose bytes can be written over.
func stringOver(memory []byte) string { return unsafe.String(unsafe.SliceData(memory), len(memory)) }
