package guard

import (
	"fmt"
	"regexp"
	"strings"
	"sync"
	"testing"

	lua "github.com/yuin/gopher-lua"
)

// counted are programs of which each line that counts ends with a comment: how often it runs, and + where another statement
// on it does not run.
var counted = map[string]string{
	"if, elseif and else": `
local function size(n)      --1
  if n > 2 then             --4
    return "large"          --1
  elseif n > 1 then         --3
    return "medium"         --1
  elseif n > 100 then       --2
    return "never"          --0
  else
    n = n + 1               --2
  end
  return n                  --2
end
size(3) size(2)             --1
size(1) size(0)             --1
`,
	"loops": `
local t = { 1, 2, 3 }       --1
for i = 1, 5 do             --1
  t[i] = i                  --4
  if i == 4 then break end  --4
end
for _, v in ipairs(t) do    --1
  t[v] = v                  --4
end
for _ in ipairs({}) do      --1
  t = nil                   --0
end
while #t > 0 do             --1
  t[#t] = nil               --4
end
local n = 0                 --1
repeat                      --1
  local done = n == 2       --3
  n = n + 1                 --3
until done
while true do               --1
  break                     --1
end
`,
	"an early return": `
local function first(list)  --1
  for _, v in ipairs(list) do --2
    if v then return v end  --1
  end
  do return end             --1
  error("no")               --0
end
first{ 7, 8 }               --1
first{}                     --1
`,
	"a return without a value": `
local function check(n)     --1
  if n then                 --2
    return                  --1
  end
  n = 1                     --1
end
check(1)                    --1
check()                     --1
`,
	"calls and tables over several lines": `
local function join(...)    --1
  return table.concat({     --1
    ...,
  }, ",")
end
local text = join(          --1
  "a",
  "b"
)
local handlers = {          --1
  one = function()
    return 1                --2
  end,
  two = function() return 2 end, --0
}
local sum =                 --1
  handlers.one() +
  handlers.one()
`,
	"closures": `
local function counter()    --1
  local n = 0               --2
  return function()         --2
    n = n + 1               --3
    return n                --3
  end
end
local a, b = counter(), counter() --1
a() a() b()                 --1
local unused = function()   --1
  return 1                  --0
end
`,
	"methods and functions in tables": `
local m = {}                --1
function m.f()              --1
  return 1                  --1
end
function m:g()              --1
  return self               --0
end
m.f()                       --1
`,
	"goto": `
local n = 0                 --1
::again::
n = n + 1                   --3
if n < 3 then goto again end --3
for i = 1, 3 do             --1
  if i == 2 then goto continue end --3
  local x = i               --2
  ::continue::
end
`,
	"errors that are caught": `
local ok = pcall(function() --1
  local x = nil             --1
  x = x.y                   --1
  x = 1                     --0
end)
`,
	"coroutines": `
local co = coroutine.wrap(function(a) --1
  a = coroutine.yield(a)    --1
  a = coroutine.yield(a)    --1
  return a                  --0
end)
co(1) co(2)                 --1
`,
	"statements on one line": `
local function f(x) if x then return 1 end return 2 end --1+
f(true)                     --1
local function g(x) if x then return 1 end return 2 end --1
g(true) g(false)            --1
`,
	"nothing but functions that are not called": `
local function f() return 1 end --1+
function g()                --1
  return f()                --0
end
`,
}

func TestLinesAreCountedExactly(t *testing.T) {
	comment := regexp.MustCompile(`--(\d+)(\+?)$`)
	for name, src := range counted {
		t.Run(name, func(t *testing.T) {
			var want strings.Builder
			for i, line := range strings.Split(src, "\n") {
				if m := comment.FindStringSubmatch(line); m != nil {
					fmt.Fprintf(&want, "%d: %s%s\n", i+1, m[1], m[2])
				}
			}
			coverage := new(Coverage)
			runCounted(t, coverage, src)
			if got := countsOf(t, coverage); got != want.String() {
				t.Errorf("got\n%swant\n%s", got, want.String())
			}
		})
	}
}

func runCounted(t *testing.T, coverage *Coverage, src string) {
	t.Helper()
	chunk, err := Compiler{Coverage: coverage}.Compile("test.lua", []byte(src))
	if err != nil {
		t.Fatal(err)
	}
	L := NewState(Options{Coverage: coverage})
	defer L.Close()
	if err := Run(L, chunk, 0); err != nil {
		t.Error(err)
	}
}

// countsOf is the coverage of the one file.
func countsOf(t *testing.T, coverage *Coverage) string {
	t.Helper()
	files := coverage.Files()
	if len(files) != 1 || files[0].Name != "test.lua" {
		t.Fatalf("got the files %v, want test.lua", files)
	}
	var got strings.Builder
	for _, l := range files[0].Lines {
		part := ""
		if l.Part {
			part = "+"
		}
		fmt.Fprintf(&got, "%d: %d%s\n", l.Line, l.Count, part)
	}
	return got.String()
}

// TestCountingChangesNothing runs what PUC Lua's output is known of, counted and not.
func TestCountingChangesNothing(t *testing.T) {
	output := func(src string, coverage *Coverage) string {
		var lines []string
		chunk, err := Compiler{Coverage: coverage}.Compile("test.lua", []byte(pucPrelude+src))
		if err != nil {
			return err.Error()
		}
		L := NewState(Options{Coverage: coverage, Print: func(_ *lua.LState, text string) { lines = append(lines, text) }})
		defer L.Close()
		if err := Run(L, chunk, 0); err != nil {
			lines = append(lines, err.Error())
		}
		return strings.Join(lines, "\n")
	}
	for name, src := range pucScripts {
		t.Run(name, func(t *testing.T) {
			got, want := output(src, new(Coverage)), output(src, nil)
			if got != want {
				t.Errorf("got %q, want %q", got, want)
			}
		})
	}
}

func TestCountsAddUpOverStatesAndCompilations(t *testing.T) {
	coverage := new(Coverage)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() { runCounted(t, coverage, "local a = 1\nfor _ = 1, 100 do\n a = a + 1\nend") })
	}
	all.Wait()
	if got, want := countsOf(t, coverage), "1: 8\n2: 8\n3: 800\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	runCounted(t, coverage, "local a = 2")
	if got, want := countsOf(t, coverage), "1: 1\n"; got != want {
		t.Errorf("after a change of the file: got %q, want %q", got, want)
	}
}

func TestAFileWithoutRoomForCountingRunsAllTheSame(t *testing.T) {
	coverage := new(Coverage)
	for n := 150; n <= 250; n++ {
		src := "local x0 = 1\n"
		for i := range n {
			src += fmt.Sprintf("local a%d = %d\n", i, i)
		}
		_, plain := Compile("test.lua", []byte(src))
		_, err := Compiler{Coverage: coverage}.Compile("test.lua", []byte(src))
		if (plain == nil) != (err == nil) {
			t.Fatalf("%d locals: got %v with counting, %v without", n, err, plain)
		}
	}
}
