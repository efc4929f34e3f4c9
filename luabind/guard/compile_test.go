package guard

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/parse"
)

func TestCompileErrorsNameFileAndLine(t *testing.T) {
	tests := map[string]struct{ source, want string }{
		"an unexpected word":          {"local x = 1\nx x", "bad.lua:2: parse error near 'x'"},
		"an end of file too early":    {"if x then\n\n", "bad.lua:3: syntax error near end of file"},
		"an unfinished string":        {"local s = 'abc", "bad.lua:1: unterminated string"},
		"a break without a loop":      {"local x\nbreak", "bad.lua:2: no loop to break"},
		"a goto without a label":      {"goto nowhere", "bad.lua:2: no visible label 'nowhere'"},
		"varargs in a plain function": {"local function f()\nreturn ... end", "bad.lua:2: cannot use '...' outside a vararg function"},
		"bytecode":                    {"\x1bLuaQ", "bad.lua:1: precompiled Lua is not allowed"},
		"too many locals":             {strings.Repeat("local a\n", 300), "bad.lua:"},
		"a table that is too large":   {"return {" + strings.Repeat("1,", 30000) + "f()}", "bad.lua:1: table constructor with too many values"},
		"a file that is too large":    {strings.Repeat(" ", maxSource+1), "bad.lua:1: file too large"},
		"nesting that is too deep":    {"return " + strings.Repeat("-", 1) + strings.Repeat("not ", 5000) + "1", "bad.lua:1: nested too deeply"},
		"too many outer locals":       {manyUpvalues(), "bad.lua:"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			chunk, err := Compile("bad.lua", []byte(tt.source))
			var e *Error
			if !errors.As(err, &e) || chunk != nil {
				t.Fatalf("got %v, %v", chunk, err)
			}
			if !strings.HasPrefix(err.Error(), tt.want) || e.File != "bad.lua" || e.Line < 1 {
				t.Errorf("got %v, want %s", err, tt.want)
			}
		})
	}
}

// manyUpvalues makes a function with more outer locals than gopher-lua counts.
func manyUpvalues() string {
	var b strings.Builder
	var names []string
	for level := range 2 {
		for i := range 150 {
			name := fmt.Sprintf("v%d_%d", level, i)
			names = append(names, name)
			fmt.Fprintf(&b, "local %s = 1\n", name)
		}
		b.WriteString("local function f()\n")
	}
	for _, name := range names {
		fmt.Fprintf(&b, "%s = 2\n", name)
	}
	return b.String() + "end end"
}

func TestAShebangAndAByteOrderMarkAreSkipped(t *testing.T) {
	for _, source := range []string{"#!/usr/bin/lua\nerror('x')", "\xef\xbb\xbf\nerror('x')"} {
		L := NewState(Options{})
		defer L.Close()
		if err := Run(L, mustCompile(t, source), 0); err == nil || !strings.HasPrefix(err.Error(), "test.lua:2: x") {
			t.Errorf("got %v", err)
		}
	}
}

func TestLongListsKeepAllEntries(t *testing.T) {
	const n = 30000
	var b strings.Builder
	b.WriteString("local t = {")
	for i := 1; i <= n; i++ {
		fmt.Fprintf(&b, "%d,", i%100) // few constants: their search is quadratic
	}
	fmt.Fprintf(&b, "} assert(#t == %d) for i = 1, #t do assert(t[i] == i %% 100, i) end", n)
	expectTrue(t, b.String())
}

func TestKeyedFieldsBehindAFullBatchLeaveTheListAlone(t *testing.T) {
	for _, n := range []int{49, 50, 51, 100, 149, 150} {
		list := strings.Repeat("id(7),", n)
		expectTrue(t, fmt.Sprintf(`local function id(v) return v end
			local t = {%s x = id(1), y = id(2)}
			assert(#t == %d and t.x == 1 and t.y == 2)
			t = {z = id(3), %s x = id(1), id(8), y = id(2)}
			assert(#t == %d and t[%d] == 8 and t.x == 1 and t.z == 3)
			for i = 1, %d do assert(t[i] == 7, i) end`, list, n, list, n+1, n+1, n))
	}
}

func TestLongConcatenations(t *testing.T) {
	expectTrue(t, `local x, n = "x", 1 local s = x`+strings.Repeat(" .. x .. n", 300)+` assert(#s == 601, #s)`)
	expectTrue(t, `local s = "a"`+strings.Repeat(` .. "bc"`, 3000)+` assert(#s == 6001, #s)`)
}

func TestErrorsKeepTheirLines(t *testing.T) {
	L := NewState(Options{})
	defer L.Close()
	const source = "local a, b = 1, 2\na, b = b,\n  a\nx = 1\nfunction f()\n  y = 1\n  local s = 'v' ..\n  x .. 'w'\n  return s .. nil\nend\nf()"
	err := Run(L, mustCompile(t, source), 0)
	if err == nil || !strings.HasPrefix(err.Error(), "test.lua:9: attempt to concatenate a nil value") {
		t.Errorf("got %v", err)
	}
	for _, want := range []string{"test.lua:9: in function 'f'", "test.lua:11: in "} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q in the traceback", err, want)
		}
	}
}

func FuzzCompile(f *testing.F) {
	for _, script := range pucScripts {
		f.Add([]byte(script))
	}
	for _, tt := range escapes {
		if len(tt.script) < 1000 {
			f.Add([]byte(tt.script))
		}
	}
	f.Fuzz(func(t *testing.T, src []byte) {
		if len(src) > 4096 {
			return
		}
		chunk, err := Compile("fuzz.lua", src)
		var e *Error
		if err != nil && !errors.As(err, &e) {
			t.Fatalf("the error is a %T: %v", err, err)
		}
		if (chunk == nil) == (err == nil) {
			t.Fatalf("got %v and %v", chunk, err)
		}
		if err != nil && stockCompiles(Text(src)) && !strings.Contains(err.Error(), "register overflow") && !strings.Contains(err.Error(), "too many local") {
			t.Errorf("%v, but gopher-lua compiles it", err)
		}
	})
}

func stockCompiles(src []byte) (ok bool) {
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	stmts, err := parse.Parse(bytes.NewReader(src), "fuzz.lua")
	if err == nil {
		_, err = lua.Compile(stmts, "fuzz.lua")
	}
	return err == nil
}

func TestConstantsAreFoundFromFunctions(t *testing.T) {
	for _, tt := range []struct{ name, script, want string }{
		{"in a function", `function f() return host.x end`, "the host's"},
		{"in a function in a function", `function f() return (function() return host.x end)() end`, "the host's"},
		{"behind a local of the same name", `function f() local host = { x = "mine" } return host.x end`, "mine"},
		{"behind a parameter", `function f(host) host = host or { x = "mine" } return host.x end`, "mine"},
		{"behind a local of the file", `local host = { x = "mine" } function f() return host.x end`, "mine"},
		{"assigned while the file runs", `host = { x = "mine" } function f() return host.x end`, "mine"},
		{"in a file with a block of many locals", "do local a0" + manyNames(199) + ` end function f() return host.x end`, "the host's"},
		{"in a file of many locals", "local a0" + manyNames(150) + ` function f() return host.x end`, "the host's"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			L := NewState(Options{})
			defer L.Close()
			host := L.NewTable()
			host.RawSetString("x", lua.LString("the host's"))
			L.SetGlobal("host", host)
			chunk, err := Compile("test.lua", []byte(tt.script+" result = f()"), "host", "other")
			if err != nil {
				t.Fatal(err)
			}
			if err := Run(L, chunk, 0); err != nil {
				t.Fatal(err)
			}
			if got := L.GetGlobal("result").String(); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func manyNames(n int) string {
	var b strings.Builder
	for i := 1; i <= n; i++ {
		fmt.Fprintf(&b, ", a%d", i)
	}
	return b.String()
}
