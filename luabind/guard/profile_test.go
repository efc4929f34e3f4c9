package guard

import (
	"errors"
	"strings"
	"testing"
	"time"

	lua "github.com/yuin/gopher-lua"
)

// profiled runs a script in a new state until a profile has so many samples, and gives it by "function:line" of the
// innermost frame, and as whole stacks. The script may call beats(n), a Go function that takes n heartbeats.
func profiled(t *testing.T, samples int, script string) (flat, stacks map[string]int) {
	t.Helper()
	fuel := NewFuel(nil)
	L := NewState(Options{Fuel: fuel})
	defer L.Close()
	L.SetGlobal("beats", L.NewFunction(func(L *lua.LState) int {
		takeBeats(L.CheckInt(1))
		return 0
	}))
	L.SetGlobal("slowly", L.NewFunction(func(L *lua.LState) int { // an iterator: 1 to n, with two heartbeats for each
		n := lua.LVAsNumber(L.Get(2)) + 1
		if n > lua.LVAsNumber(L.Get(1)) {
			return 0
		}
		takeBeats(2)
		L.Push(n)
		return 1
	}))
	L.SetGlobal("late", L.NewFunction(func(L *lua.LState) int { // for __lt
		takeBeats(10)
		L.Push(lua.LTrue)
		return 1
	}))
	chunk, err := Compile("filter.lua", []byte(script))
	if err != nil {
		t.Fatal(err)
	}
	fuel.Begin(0, nil)
	if err := Run(L, chunk, 0); err != nil {
		t.Fatal(err)
	}
	p, err := StartProfile()
	if err != nil {
		t.Fatal(err)
	}
	total := 0
	flat, stacks = map[string]int{}, map[string]int{}
	for total < samples {
		fuel.Begin(0, nil)
		if err := Call(L, L.GetGlobal("on_mail"), 0); err != nil {
			t.Fatal(err)
		}
		p.mu.Lock()
		total = 0
		for _, s := range p.stacks {
			total += s.Samples
		}
		p.mu.Unlock()
	}
	found, took := p.Stop()
	if took <= 0 {
		t.Errorf("got a profile of %v", took)
	}
	for _, s := range found {
		var frames []string
		for _, f := range s.Frames {
			frames = append(frames, f.Function+":"+string(lua.LString(lua.LNumber(f.Line).String())))
		}
		if want := time.Duration(s.Samples) * ProfilePeriod; s.Time != want {
			t.Errorf("got %v for %d samples, want %v", s.Time, s.Samples, want)
		}
		flat[frames[0]] += s.Samples
		stacks[strings.Join(frames, " ")] += s.Samples
	}
	return flat, stacks
}

// takeBeats takes so many heartbeats.
func takeBeats(n int) {
	for until := pulse.count.Load() + uint32(n); int32(pulse.count.Load()-until) < 0; {
		pulse.touch()
		time.Sleep(time.Millisecond)
	}
}

func TestAProfileFindsTheLineThatTakesTheTime(t *testing.T) {
	flat, stacks := profiled(t, 30, `
local function busy()
  local n = 0
  for i = 1, 300000 do
    n = n + i * i
  end
  return n
end
function on_mail()
  local a = 1
  local b = busy()
  return nil
end`)
	if got, all := flat["busy:4"]+flat["busy:5"], total(flat); got*2 < all {
		t.Errorf("got %d of %d samples in the loop, want most of them: %v", got, all, flat)
	}
	if stacks["busy:5 on_mail:11"]+stacks["busy:4 on_mail:11"] == 0 {
		t.Errorf("got no stack of busy called by on_mail: %v", stacks)
	}
}

func TestAProfileCountsALongGoFunctionForTheLineThatCalls(t *testing.T) {
	flat, _ := profiled(t, 40, `
local function wait()
  beats(20)
  return 1
end
function on_mail()
  local a = 1
  wait()
  local b = 2
  beats(20)
  a = b
end`)
	if flat["wait:3"] < 20 || flat["on_mail:10"] < 20 {
		t.Errorf("got %v, want 20 samples at least in wait:3 and in on_mail:10", flat)
	}
}

func TestAProfileCountsAnIteratorForTheLoop(t *testing.T) {
	flat, _ := profiled(t, 40, `
function on_mail()
  local n = 0
  for i in slowly, 20, 0 do
    n = n + i
  end
  return nil
end`)
	if flat["on_mail:4"]*2 < total(flat) {
		t.Errorf("got %v, want most in line 4", flat)
	}
}

func TestAProfileCountsAComparisonForItsLine(t *testing.T) {
	flat, _ := profiled(t, 40, `
local slow = setmetatable({}, {__lt = late})
function on_mail()
  local n = 0
  if slow < slow then
    n = n + 1
  end
  return nil
end`)
	if flat["on_mail:5"]*2 < total(flat) {
		t.Errorf("got %v, want most in line 5", flat)
	}
}

func TestAProfileSeesCoroutinesAndTheirCallers(t *testing.T) {
	_, stacks := profiled(t, 20, `
function on_mail()
  local co = coroutine.wrap(function()
    beats(20)
  end)
  co()
end`)
	if stacks[":4 on_mail:6"] < 20 {
		t.Errorf("got %v, want 20 samples of line 4 below on_mail:6", stacks)
	}
}

func TestAProfileSeesTimeInsideAGuardedFunction(t *testing.T) {
	flat, _ := profiled(t, 10, `
local long = ("a"):rep(300)
function on_mail()
  local x = 1
  return (long:find(".-.-b"))
end`)
	if flat["on_mail:5"]*2 < total(flat) {
		t.Errorf("got %v, want most in line 5", flat)
	}
}

func TestAProfileKeepsAtMostSoManyStacks(t *testing.T) {
	p, err := StartProfile()
	if err != nil {
		t.Fatal(err)
	}
	for i := range mostStacks {
		p.stacks[string(rune(i))+"x"] = &Stack{}
	}
	fuel := NewFuel(nil)
	L := NewState(Options{Fuel: fuel})
	defer L.Close()
	L.SetGlobal("look", L.NewFunction(func(L *lua.LState) int {
		p.sample(fuel.state, 3)
		return 0
	}))
	if err := L.DoString("look()"); err != nil {
		t.Fatal(err)
	}
	stacks, _ := p.Stop()
	if len(stacks) != mostStacks+1 {
		t.Errorf("got %d stacks, want %d and the rest", len(stacks), mostStacks)
	}
	if last := stacks[len(stacks)-1]; len(last.Frames) != 0 || last.Samples < 3 { // and those of real heartbeats
		t.Errorf("got %v, want 3 samples or more without a stack", last)
	}
}

func TestOneProfileAtATime(t *testing.T) {
	p, err := StartProfile()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := StartProfile(); !errors.Is(err, ErrProfiling) {
		t.Errorf("got %v, want ErrProfiling", err)
	}
	p.Stop()
	again, err := StartProfile()
	if err != nil {
		t.Fatalf("after it has stopped: %v", err)
	}
	p.Stop() // the old one does not stop the new one
	if _, err := StartProfile(); !errors.Is(err, ErrProfiling) {
		t.Errorf("got %v, want ErrProfiling", err)
	}
	again.Stop()
}

func TestCallerIsTheLineOfTheCall(t *testing.T) {
	L := NewState(Options{})
	defer L.Close()
	var file string
	var line int
	L.SetGlobal("here", L.NewFunction(func(L *lua.LState) int { file, line = Caller(L); return 0 }))
	chunk, err := Compile("x.lua", []byte("local x = 1\n\nlocal function f()\n  return here()\nend\npcall(f)"))
	if err != nil {
		t.Fatal(err)
	}
	if err := Run(L, chunk, 0); err != nil {
		t.Fatal(err)
	}
	if file != "x.lua" || line != 4 {
		t.Errorf("got %s:%d, want x.lua:4", file, line)
	}
	L.Push(L.GetGlobal("here"))
	L.Call(0, 0)
	if file != "" || line != 0 {
		t.Errorf("without a Lua function: got %s:%d, want none", file, line)
	}
}

func total(counts map[string]int) (n int) {
	for _, c := range counts {
		n += c
	}
	return n
}
