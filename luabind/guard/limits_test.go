package guard

import (
	"errors"
	"os"
	"os/exec"
	"runtime"
	"runtime/metrics"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	lua "github.com/yuin/gopher-lua"
)

// interrupted marks the scripts that end because of ErrTime or ErrMemory; the others end with an error of their own.
const interrupted = "interrupted"

// either marks those that may meet the time limit or one of their own first.
const either = "either"

// escapes are scripts that hold up, or kill, a process that runs them on gopher-lua as it comes.
var escapes = []struct{ name, script, want string }{
	{"an endless loop", `while true do end`, interrupted},
	{"an endless loop in pcall", `pcall(function() while true do end end) while true do end`, interrupted},
	{"pcall in an endless loop", `while true do pcall(function() while true do end end) end`, interrupted},
	{"a loop in an xpcall handler", `xpcall(error, function() while true do end end) while true do end`, interrupted},
	{"a loop in a coroutine", `coroutine.resume(coroutine.create(function() while true do end end)) while true do end`, interrupted},
	{"a loop in wrap", `coroutine.wrap(function() while true do end end)()`, interrupted},
	{"a caught loop in nested wraps", `pcall(coroutine.wrap(function() pcall(coroutine.wrap(function() while true do end end)) while true do end end)) while true do end`, interrupted},
	{"a loop in a sort callback", `table.sort({3, 2, 1}, function() while true do end end)`, interrupted},
	{"a loop in a gsub callback", `string.gsub("abc", ".", function() while true do end end)`, interrupted},
	{"a loop in __index", `local t = setmetatable({}, {__index = function() while true do end end}) return t.x`, interrupted},
	{"a loop in __tostring", `tostring(setmetatable({}, {__tostring = function() while true do end end}))`, interrupted},
	{"a loop in __concat", `local _ = "x" .. setmetatable({}, {__concat = function() while true do end end})`, interrupted},
	{"a loop in __lt for sort", `local mt = {__lt = function() while true do end end} table.sort({setmetatable({}, mt), setmetatable({}, mt)})`, interrupted},
	{"a loop by goto", `::top:: goto top`, interrupted},
	{"a loop of iterations", `for _ in function() return 1 end do end`, interrupted},
	{"an endless coroutine pair", `local w = coroutine.wrap(function() while true do coroutine.yield() end end) while true do w() end`, interrupted},
	{"a loop in a load reader", `load(function() while true do end end)`, interrupted},
	{"a pattern of many stars", `string.find(("a"):rep(40), ("a*"):rep(30) .. "b")`, interrupted},
	{"a pattern of many stars in pcall", `while true do pcall(string.find, ("a"):rep(40), ("a*"):rep(30) .. "b") end`, interrupted},
	{"a pattern of many stars in gmatch", `for _ in string.gmatch(("a"):rep(40), ("a*"):rep(30) .. "b") do end`, interrupted},
	{"a pattern of many stars in gsub", `string.gsub(("a"):rep(40), ("a*"):rep(30) .. "b", "")`, interrupted},
	{"lazy patterns on a long string", `string.find(("a"):rep(200000), ".-.-b")`, interrupted},
	{"a lazy pattern on every position", `while true do string.find(("a"):rep(900000), ".-b") end`, interrupted},
	{"balance on every position", `string.find(("("):rep(1000000), "%b()")`, interrupted},
	{"back references", `string.find(("ab"):rep(100000), "(.*)%1%1c")`, interrupted},
	{"deep patterns", `while true do string.find(("a"):rep(20000), ("a?"):rep(20000)) end`, "pattern too complex"},
	{"rep that fills memory", `return ("x"):rep(1e10)`, "too large"},
	{"rep that overflows", `return ("x"):rep(1e18):rep(1e18)`, "too large"},
	{"rep of rep", `return ("x"):rep(1e7):rep(1e3)`, "too large"},
	{"rep of many strings that are kept", `local t = {} for i = 1, 1e9 do t[i] = ("x"):rep(6e7) end`, interrupted},
	{"format of many wide numbers", `return (("%99d"):rep(1e6)):format(unpack({}, 1, 1e5))`, either},
	{"format that quotes", `local s = ("\0"):rep(6e7) return ("%q"):format(s)`, either},
	{"concatenation that doubles", `local s = "x" while true do s = s .. s end`, either},
	{"concatenation of many operands", `local s = ("x"):rep(6e7) return ` + strings.Repeat("s..", 40) + `s`, either},
	{"table.concat", `local t, s = {}, ("x"):rep(1e6) for i = 1, 1e4 do t[i] = s end return table.concat(t)`, either},
	{"gsub that grows", `return ("x"):rep(1e5):gsub("x", ("y"):rep(1e5))`, either},
	{"gsub of captures that grow", `return ("x"):rep(6e7):gsub(".*", "%0%0")`, either},
	{"a far index", `local t = {} t[60000000] = 1 t[4194303] = 1 error("fine")`, "fine"},
	{"far indices in many tables", `local a = {} for i = 1, 1e9 do local t = {} t[4194303] = 1 a[i] = t end`, interrupted},
	{"the length of a long empty list", `local t = {} t[4194303] = 1 t[4194303] = nil while true do local n = #t end`, interrupted},
	{"a table that grows", `local t = {} for i = 1, 1e12 do t[i] = {i} end`, interrupted},
	{"a table of strings that grows", `local t, i = {}, 0 while true do i = i + 1 t["k" .. i] = ("v"):rep(1000) end`, interrupted},
	{"insert at the front", `local t = {} while true do table.insert(t, 1, 1) end`, interrupted},
	{"insert far below the list", `table.insert({}, -1e15, 1)`, interrupted},
	{"concat over a long range", `table.concat({}, "", 1, 1e15)`, "invalid value"},
	{"unpack of a long range", `unpack({}, 1, 1e9)`, "too many results"},
	{"unpack of an endless range", `unpack({}, -1e300, 1e300)`, "too many results"},
	{"byte of a long string", `(("x"):rep(1e7)):byte(1, -1)`, "too long"},
	{"many arguments", `local function f(...) return f(1, ...) end f()`, either},
	{"deep recursion", `local function f() return 1 + f() end f()`, "stack overflow"},
	{"endless tail calls", `local function f() return f() end f()`, "stack overflow"},
	{"recursion through pcall", `local function f() local ok, e = pcall(f) error(e, 0) end f()`, "stack overflow"},
	{"recursion through gsub", `local function f() return ("a"):gsub("a", f) end f()`, "stack overflow"},
	{"recursion through sort", `local function f() table.sort({2, 1}, f) end f()`, "stack overflow"},
	{"recursion through __index", `local t = {} setmetatable(t, {__index = function(t, k) return t[k .. "x"] end}) return t.x`, "stack overflow"},
	{"recursion through __tostring", `local t = {} setmetatable(t, {__tostring = function(t) return tostring(t) end}) tostring(t)`, "stack overflow"},
	{"a loop of __index tables", `local a = {} setmetatable(a, {__index = a}) return a.x`, "too many recursions"},
	{"recursion through coroutines", `local function f() local ok, e = coroutine.resume(coroutine.create(f)) error(e, 0) end f()`, "C stack overflow"},
	{"recursion through wrap", `local function f() coroutine.wrap(f)() end f()`, "C stack overflow"},
	{"recursion in a handler", `local function f() xpcall(error, f) f() end f()`, either},
	{"recursion that branches", `local function f() pcall(f) pcall(f) end f()`, interrupted},
	{"many coroutines", `local t = {} for i = 1, 1e9 do t[i] = coroutine.create(function() end) end`, interrupted},
	{"source of open brackets", `assert(loadstring(("("):rep(6e6)))`, "too large"},
	{"source of brackets that fit", `assert(loadstring("return " .. ("("):rep(3e4) .. "1" .. (")"):rep(3e4))) error("fine")`, "fine"},
	{"source of nested tables", `assert(loadstring("return " .. ("{"):rep(3e4) .. ("}"):rep(3e4)))`, "too deeply"},
	{"source of nested functions", `assert(loadstring(("do "):rep(2e4) .. (" end"):rep(2e4)))`, ""},
	{"source of a long sum", `assert(loadstring("return 1" .. ("+x"):rep(3e4)))`, "too deeply"},
	{"source loaded for ever", `while true do loadstring("return " .. ("1+"):rep(1000) .. "1") end`, interrupted},
	{"bytecode", `assert(loadstring("\27Lua"))`, "precompiled"},
}

// heapLine is the memory limit in these tests, and heapSlack what a script may take past it before it is caught.
const (
	heapLine  = 256 << 20
	heapSlack = 256 << 20
)

// watchHeap gives the largest heap seen until stop is called.
func watchHeap() (stop func() uint64) {
	var done atomic.Bool
	result := make(chan uint64)
	go func() {
		sample := []metrics.Sample{{Name: heapMetric}}
		var most uint64
		for !done.Load() {
			metrics.Read(sample)
			most = max(most, sample[0].Value.Uint64())
			time.Sleep(time.Millisecond)
		}
		result <- most
	}()
	return func() uint64 {
		done.Store(true)
		return <-result
	}
}

func TestNoScriptEscapesItsLimits(t *testing.T) {
	memory := NewMemory(heapLine)
	for _, tt := range escapes {
		t.Run(tt.name, func(t *testing.T) {
			runtime.GC()
			fuel := NewFuel(memory)
			L := NewState(Options{Fuel: fuel})
			defer L.Close()
			chunk, err := Compile("escape.lua", []byte(tt.script))
			if err != nil {
				t.Fatal(err)
			}
			// A script that is to come to an error of its own must have the time to, on a busy machine too.
			limit := 200 * time.Millisecond
			if tt.want != interrupted && tt.want != either {
				limit = time.Minute
			}
			stop := watchHeap()
			began := time.Now()
			fuel.Begin(limit, nil)
			err = Run(L, chunk, 0)
			took, heap := time.Since(began), stop()
			fuel.End()
			checkEnd(t, fuel, err, tt.want)
			// How exactly the limit is kept is for the log: a busy machine may give the process no time at all for a while.
			t.Logf("%v, heap %d MiB", took, heap>>20)
			if took > limit+time.Minute {
				t.Errorf("took %v", took)
			}
			if heap > heapLine+heapSlack {
				t.Errorf("heap grew to %d MiB", heap>>20)
			}
		})
	}
}

func checkEnd(t *testing.T, fuel *Fuel, err error, want string) {
	t.Helper()
	if want == "" {
		return
	}
	if err == nil {
		t.Fatal("the script came to its end")
	}
	if want == either {
		return
	}
	if want != interrupted {
		if fuel.Err() != nil || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v (%v), want an error with %q", err, fuel.Err(), want)
		}
		return
	}
	if !errors.Is(fuel.Err(), ErrTime) && !errors.Is(fuel.Err(), ErrMemory) {
		t.Errorf("got %v and the error %v, want an interruption", fuel.Err(), err)
	}
	if fuel.Err() != nil && !strings.Contains(err.Error(), fuel.Err().Error()) {
		t.Errorf("got %v, want the reason %v in it", err, fuel.Err())
	}
}

func TestAStateGoesOnAfterEachEscape(t *testing.T) {
	fuel := NewFuel(NewMemory(heapLine))
	L := NewState(Options{Fuel: fuel})
	defer L.Close()
	probe, err := Compile("probe.lua", []byte(`
		local n = 0
		local function inc() n = n + 1 end
		local co = coroutine.wrap(function() for i = 1, 3 do inc() coroutine.yield(i) end end)
		pcall(function() co() error("x") end) co()
		assert(n == 2 and not pcall(error) and ("a"):rep(3) == "aaa")`))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range escapes {
		chunk, err := Compile("escape.lua", []byte(tt.script))
		if err != nil {
			t.Fatal(err)
		}
		fuel.Begin(10*time.Millisecond, nil)
		_ = Run(L, chunk, 0) // what it gives is for the other test
		fuel.Begin(time.Minute, nil)
		if err := Run(L, probe, 0); err != nil {
			t.Fatalf("after %s: %v", tt.name, err)
		}
		if L.GetTop() != 0 {
			t.Fatalf("after %s: %d values on the stack", tt.name, L.GetTop())
		}
	}
}

const subprocessVariable = "GUARD_TEST_UNDER_ULIMIT"

// The worst are run with the address space that a small machine has: an allocation that Go cannot make is not a panic
// but the end of the process.
func TestTheProcessSurvivesUnderAMemoryLimit(t *testing.T) {
	worst := map[string]bool{
		"rep that fills memory": true, "rep of many strings that are kept": true, "concatenation that doubles": true,
		"concatenation of many operands": true, "far indices in many tables": true, "a table that grows": true,
		"recursion through coroutines": true, "many coroutines": true, "a table of strings that grows": true,
	}
	if os.Getenv(subprocessVariable) != "" {
		memory := NewMemory(heapLine)
		memory.HintGC()
		for _, tt := range escapes {
			if !worst[tt.name] {
				continue
			}
			fuel := NewFuel(memory)
			L := NewState(Options{Fuel: fuel})
			chunk, err := Compile("escape.lua", []byte(tt.script))
			if err != nil {
				t.Fatal(err)
			}
			fuel.Begin(10*time.Second, nil)
			checkEnd(t, fuel, Run(L, chunk, 0), tt.want)
			L.Close()
		}
		return
	}
	if raceEnabled {
		return // the race detector reserves terabytes of address space
	}
	cmd := exec.Command("/bin/sh", "-c", `ulimit -v 4000000; exec "$0" -test.run '^TestTheProcessSurvivesUnderAMemoryLimit$'`, os.Args[0])
	cmd.Env = append(os.Environ(), subprocessVariable+"=1")
	if text, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, text)
	}
}

func TestStopInterruptsFromAnotherGoroutine(t *testing.T) {
	fuel := NewFuel(nil)
	L := NewState(Options{Fuel: fuel, Print: func(*lua.LState, string) { go fuel.Stop() }})
	defer L.Close()
	fuel.Begin(time.Minute, nil)
	err := Run(L, mustCompile(t, `print("running") while true do pcall(error) end`), 0)
	if !errors.Is(fuel.Err(), ErrStopped) {
		t.Errorf("got %v and the error %v", fuel.Err(), err)
	}
}

func TestTickIsCalledAboutOnceASecond(t *testing.T) {
	fuel := NewFuel(nil)
	L := NewState(Options{Fuel: fuel})
	defer L.Close()
	ticks := 0
	fuel.Begin(2500*time.Millisecond, func() { ticks++ })
	if err := Run(L, mustCompile(t, `while true do end`), 0); err == nil {
		t.Error("the script came to its end")
	}
	if ticks != 2 {
		t.Errorf("got %d ticks in 2.5 s, want 2", ticks)
	}
}

func TestContextEndsWithTheCallback(t *testing.T) {
	fuel := NewFuel(nil)
	fuel.Begin(20*time.Millisecond, nil)
	ctx, cancel := fuel.Context()
	defer cancel()
	deadline, ok := ctx.Deadline()
	if left := time.Until(deadline); !ok || left > 20*time.Millisecond {
		t.Errorf("got a deadline in %v (%v)", left, ok)
	}
	fuel.Begin(0, nil)
	free, cancel := fuel.Context()
	defer cancel()
	if _, ok := free.Deadline(); ok {
		t.Error("a deadline without a limit")
	}
}

func mustCompile(t testing.TB, source string) *Chunk {
	t.Helper()
	chunk, err := Compile("test.lua", []byte(source))
	if err != nil {
		t.Fatal(err)
	}
	return chunk
}
