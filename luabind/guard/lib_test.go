package guard

import (
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"runtime/metrics"
	"strings"
	"testing"
	"time"

	lua "github.com/yuin/gopher-lua"
)

func TestFilesAreReadAndWritten(t *testing.T) {
	name := filepath.Join(t.TempDir(), "list.txt")
	expectTrue(t, fmt.Sprintf("local name = %s", luaQuote(name))+`
		local f = assert(io.open(name, "w"))
		assert(io.type(f) == "file" and tostring(f):find("^file %("))
		assert(f:write("one\n", 2, "\n\nfour") and f:close())
		assert(io.type(f) == "closed file" and tostring(f) == "file (closed)" and io.type(1) == nil)
		assert(not pcall(f.read, f))
		local lines = {}
		for line in io.lines(name) do lines[#lines + 1] = line end
		assert(table.concat(lines, "|") == "one|2||four")
		f = assert(io.open(name))
		assert(f:read() == "one" and f:read("*n") == 2 and f:read(1) == "\n" and f:read("*l") == "")
		assert(f:seek() == 7 and f:read(2, "*a", "*a", "*l") == "fo")
		assert(f:seek("set") == 0 and f:read("*a") == "one\n2\n\nfour" and f:read("*a") == "" and f:read("*l") == nil and f:read(0) == nil)
		f:seek("set", 1) assert(f:read(1e15) == "ne\n2\n\nfour") f:seek("end", -1) assert(f:read(0) == "" and f:read(9) == "r")
		f:close()
		f = io.open(name, "a+") f:write("!") f:seek("set") assert(select(2, f:read("*l", "*a")) == "2\n\nfour!") f:close()
		local bad, why, number = io.open(name .. "/none")
		assert(bad == nil and why:find("Not a directory", 1, true) and number == 20, why)
		assert(select(2, io.open("/dev/tty")) and select(2, io.open("/tmp")):find("Not a regular file"))
		assert(not pcall(io.lines, name .. ".none") and select(2, io.open(name, "x")):find("Invalid argument"))
		assert(#io.open("/dev/zero"):read(100) == 100 and not io.stdout:close())`)
}

func TestReadingAnEndlessFileIsBounded(t *testing.T) {
	for _, script := range []string{`io.open("/dev/zero"):read("*a")`, `io.open("/dev/zero"):read("*l")`} {
		fuel := NewFuel(NewMemory(heapLine))
		L := NewState(Options{Fuel: fuel})
		defer L.Close()
		fuel.Begin(0, nil)
		if err := Run(L, mustCompile(t, script), 0); err == nil || !strings.Contains(err.Error(), "too large") {
			t.Errorf("%s: got %v", script, err)
		}
	}
}

func TestStringsKeepTheirBytes(t *testing.T) {
	expectTrue(t, `
		local raw = "\0\1\127\128\233\255"
		assert(raw:upper() == raw and raw:lower() == raw and ("aZ\228"):upper() == "AZ\228")
		assert(("%s|%5s"):format(raw, "\0") == raw .. "|    \0")
		assert(#raw:rep(3) == 18 and raw:reverse():reverse() == raw and raw:find("\128", 1, true) == 4)
		assert(raw:gsub("[\128-\255]", "x") == "\0\1\127xxx" and raw:find("%z") == 1)
		assert(("x"):find("", 10) == 2 and ("x"):find("x", 10, true) == nil)`)
}

func TestRandomNumbersBelongToTheState(t *testing.T) {
	draw := func(L *lua.LState) string {
		if err := Run(L, mustCompile(t, `local t = {} for i = 1, 5 do t[i] = math.random(1000) end return table.concat(t, ",")`), 1); err != nil {
			t.Fatal(err)
		}
		defer L.Pop(1)
		return L.Get(-1).String()
	}
	a, b := NewState(Options{}), NewState(Options{})
	defer a.Close()
	defer b.Close()
	seed := mustCompile(t, `math.randomseed(42)`)
	for _, L := range []*lua.LState{a, b} {
		if err := Run(L, seed, 0); err != nil {
			t.Fatal(err)
		}
	}
	if x, y := draw(a), draw(b); x != y {
		t.Errorf("the same seed gives %s and %s", x, y)
	}
	expectTrue(t, `for i = 1, 100 do local v = math.random(3) assert(v >= 1 and v <= 3 and v % 1 == 0) v = math.random(-2, 0) assert(v >= -2 and v <= 0) v = math.random() assert(v >= 0 and v < 1) end
		assert(not pcall(math.random, 0) and not pcall(math.random, 2, 1) and not pcall(math.random, 1, 2, 3))`)
}

func TestAGoPanicIsAnErrorThatLeavesTheStateWhole(t *testing.T) {
	L := NewState(Options{})
	defer L.Close()
	L.SetGlobal("explode", L.NewFunction(func(*lua.LState) int { panic("boom") }))
	err := Run(L, mustCompile(t, `
		local n, saved = 0
		local ok, e = pcall(function() local z = 7 saved = function() z = z + 1 return z end n = n + 1 explode() end)
		n = n + 1
		local pad1, pad2 = 42, 42
		assert(not ok and e:find("internal error: boom", 1, true) and n == 2 and saved() == 8 and saved() == 9)
		local co = coroutine.create(function() local y = 1 saved = function() y = y + 1 return y end explode() end)
		assert(not coroutine.resume(co) and coroutine.status(co) == "dead")
		assert(saved() == 2 and saved() == 3)
		explode()`), 0)
	if err == nil || !strings.Contains(err.Error(), "boom") {
		t.Errorf("got %v", err)
	}
	if err := Run(L, mustCompile(t, `return 1`), 1); err != nil || L.Get(-1) != lua.LNumber(1) {
		t.Errorf("afterwards: %v, %v", err, L.Get(-1))
	}
}

func TestCallLeavesResults(t *testing.T) {
	L := NewState(Options{})
	defer L.Close()
	if err := Run(L, mustCompile(t, `function f(a, b) if not a then error({code = 5}) end return b, a end`), 0); err != nil {
		t.Fatal(err)
	}
	if err := Call(L, L.GetGlobal("f"), 3, lua.LNumber(1), lua.LString("x")); err != nil {
		t.Fatal(err)
	}
	if a, b, c := L.Get(1), L.Get(2), L.Get(3); a != lua.LString("x") || b != lua.LNumber(1) || c != lua.LNil || L.GetTop() != 3 {
		t.Errorf("got %v, %v, %v", a, b, c)
	}
	L.SetTop(0)
	err, _ := Call(L, L.GetGlobal("f"), 0).(*lua.ApiError)
	if err == nil || L.GetField(err.Object, "code") != lua.LNumber(5) {
		t.Errorf("got %v, want the error object", err)
	}
	if err := Call(L, lua.LNil, 0); err == nil || !strings.Contains(err.Error(), "attempt to call a nil value") {
		t.Errorf("got %v", err)
	}
}

func TestMachineMemoryIsTheLeastOfWhatTheKernelSays(t *testing.T) {
	tests := map[string]struct {
		files map[string]string
		want  int64
	}{
		"RAM only":              {map[string]string{"proc/meminfo": "MemFree: 5 kB\nMemTotal:    4096 kB\n"}, 4 << 20},
		"cgroup v2":             {map[string]string{"proc/meminfo": "MemTotal: 4096 kB\n", "sys/fs/cgroup/memory.max": "1048576\n"}, 1 << 20},
		"cgroup v2 without one": {map[string]string{"proc/meminfo": "MemTotal: 4096 kB\n", "sys/fs/cgroup/memory.max": "max\n"}, 4 << 20},
		"cgroup v1":             {map[string]string{"proc/meminfo": "MemTotal: 4096 kB\n", "sys/fs/cgroup/memory/memory.limit_in_bytes": "2097152"}, 2 << 20},
		"own cgroup v2": {map[string]string{"proc/meminfo": "MemTotal: 4096 kB\n", "proc/self/cgroup": "0::/system.slice/x.service\n",
			"sys/fs/cgroup/system.slice/x.service/memory.max": "1048576\n"}, 1 << 20},
		"a cgroup above": {map[string]string{"proc/meminfo": "MemTotal: 4096 kB\n", "proc/self/cgroup": "0::/system.slice/x.service\n",
			"sys/fs/cgroup/system.slice/memory.max": "524288\n", "sys/fs/cgroup/system.slice/x.service/memory.max": "1048576\n"}, 512 << 10},
		"own cgroup v1": {map[string]string{"proc/meminfo": "MemTotal: 4096 kB\n", "proc/self/cgroup": "3:cpu:/a\n2:memory,x:/a/b\n",
			"sys/fs/cgroup/memory/a/memory.limit_in_bytes": "1048576\n"}, 1 << 20},
		"nothing known": {nil, 1 << 30},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			root := t.TempDir() + "/"
			for path, text := range tt.files {
				if err := os.MkdirAll(filepath.Dir(root+path), 0o777); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(root+path, []byte(text), 0o666); err != nil {
					t.Fatal(err)
				}
			}
			if got := machineMemory(root); got != tt.want {
				t.Errorf("got %d, want %d", got, tt.want)
			}
		})
	}
	if got := NewMemory(0).Limit(); got < 16<<20 {
		t.Errorf("this machine: %d bytes", got)
	}
}

func TestMemoryEndsTheGuiltyFirst(t *testing.T) {
	sample := [1]metrics.Sample{{Name: heapMetric}}
	live := make([]byte, 64<<20) // no collection frees it
	tests := map[string]struct {
		limit, pending int64
		guilty, want   bool
	}{
		"below the line":                     {1 << 40, 0, true, false},
		"past the line, guilty":              {48 << 20, 0, true, true},
		"far past the line, not guilty":      {32 << 20, 0, false, true},
		"a little past the line, not guilty": {1 << 40, 1<<40 + 1<<37, false, false},
		"a little past the line, guilty":     {1 << 40, 1<<40 + 1<<37, true, true},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			if got := NewMemory(tt.limit).short(&sample, tt.pending, tt.guilty); got != tt.want {
				t.Errorf("got %v, want %v", got, tt.want)
			}
		})
	}
	runtime.KeepAlive(live)
}

func TestGarbageAloneIsNoShortage(t *testing.T) {
	fuel := NewFuel(NewMemory(64 << 20))
	L := NewState(Options{Fuel: fuel})
	defer L.Close()
	fuel.Begin(time.Minute, nil)
	if err := Run(L, mustCompile(t, `for i = 1, 200 do local s = ("x"):rep(4e6) end`), 0); err != nil {
		t.Error(err)
	}
}

func FuzzFormat(f *testing.F) {
	for _, s := range []string{"%5.1f|%-5s|%05d", "%q", "%c%%%x", "%.99g", "%#X", "% i", "%100d", "%", "%.", "%+.0e", "%#.0g"} {
		f.Add(s, "text\x00\r\n\"", 12.5)
	}
	L := NewState(Options{})
	f.Cleanup(L.Close)
	format := L.GetField(L.GetGlobal("string"), "format")
	f.Fuzz(func(t *testing.T, spec, text string, number float64) {
		for _, v := range []lua.LValue{lua.LString(text), lua.LNumber(number)} {
			err := Call(L, format, 1, lua.LString(spec), v, v, v, v)
			if err != nil {
				if strings.Contains(err.Error(), "internal error") {
					t.Fatal(err)
				}
				continue
			}
			got, ok := L.Get(-1).(lua.LString)
			if !ok || len(got) > len(spec)*(420+len(text)*4) {
				t.Errorf("%q gives %d bytes (%v)", spec, len(got), ok)
			}
			L.Pop(1)
		}
	})
}
