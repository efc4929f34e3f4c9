package guard

import (
	"runtime"
	"strings"
	"sync"

	lua "github.com/yuin/gopher-lua"
)

const (
	// maxNested bounds coroutines that run inside each other: each takes Go stack, which is not counted elsewhere.
	maxNested = 50
	// threadBytes is about what a coroutine takes.
	threadBytes = 24 << 10
	// yieldFrames is more than the Go frames between yield and the function that starts the coroutine.
	yieldFrames = 8
)

var threadOptions = lua.Options{
	CallStackSize:    200,
	RegistrySize:     64,
	RegistryMaxSize:  registryMax,
	RegistryGrowStep: 512,
	SkipOpenLibs:     true,
}

var coroutineFunctions = map[string]lua.LGFunction{
	"create":  coCreate,
	"resume":  coResume,
	"running": coRunning,
	"status":  coStatus,
	"wrap":    coWrap,
	"yield":   coYield,
}

// stock gives gopher-lua's own coroutine functions, the only way to the call stack of a new thread. They do not
// depend on the state.
var stock = sync.OnceValue(func() struct{ create, resume lua.LGFunction } {
	L := lua.NewState(lua.Options{SkipOpenLibs: true})
	defer L.Close()
	lua.OpenCoroutine(L)
	lib := L.Get(-1)
	return struct{ create, resume lua.LGFunction }{
		L.GetField(lib, "create").(*lua.LFunction).GFunction,
		L.GetField(lib, "resume").(*lua.LFunction).GFunction,
	}
})

// create pushes a new thread for the function that is argument 1.
func create(L *lua.LState, name string) *lua.LState {
	f, ok := L.Get(1).(*lua.LFunction)
	if !ok || f.IsG {
		args{L, name}.fail(1, "Lua function expected")
	}
	fuel := FuelOf(L)
	fuel.Alloc(L, threadBytes)
	own := L.Options
	L.Options = threadOptions
	L.RemoveContext() // with it the thread would get a context of its own that never ends, and never go away
	stock().create(L)
	L.SetContext(fuel)
	L.Options = own
	th := L.Get(-1).(*lua.LState)
	th.SetContext(fuel)
	return th
}

func coCreate(L *lua.LState) int {
	create(L, "create")
	return 1
}

func coWrap(L *lua.LState) int {
	th := create(L, "wrap")
	L.Push(L.NewFunction(func(L *lua.LState) int {
		n := resume(L, th)
		top := L.GetTop()
		if lua.LVAsBool(L.Get(top - n + 1)) {
			return n - 1
		}
		object := L.Get(top)
		if text, ok := toText(object); ok { // luaB_auxwrap
			object = lua.LString(where(L, 1) + text)
		}
		L.Error(object, 0)
		return 0
	}))
	return 1
}

func coResume(L *lua.LState) int {
	th := args{L, "resume"}.thread(1)
	L.Remove(1)
	return resume(L, th)
}

// resume runs th with all that is on the stack as arguments and pushes true and the results, or false and an error.
func resume(L *lua.LState, th *lua.LState) int {
	if status := statusOf(L, th); status != "suspended" {
		L.SetTop(0)
		L.Push(lua.LFalse)
		L.Push(lua.LString("cannot resume " + status + " coroutine"))
		return 2
	}
	fuel := FuelOf(L)
	if fuel.depth >= maxNested {
		L.RaiseError("C stack overflow")
	}
	fuel.depth++
	defer func() { fuel.depth-- }()
	L.Insert(th, 1)
	n := stock().resume(L)
	if th.Dead && *openUpvalues(th) != nil {
		closeUpvalues(th) // a Go panic ended it: gopher-lua closes them for Lua errors only
	}
	if fuel.err != nil {
		fuel.raise(L)
	}
	return n
}

func statusOf(L, th *lua.LState) string {
	if th.Dead {
		return "dead"
	}
	if th == L {
		return "running"
	}
	for p := L.Parent; p != nil; p = p.Parent {
		if p == th {
			return "normal"
		}
	}
	if th == L.G.MainThread {
		return "normal"
	}
	return "suspended"
}

func coStatus(L *lua.LState) int {
	L.Push(lua.LString(statusOf(L, args{L, "status"}.thread(1))))
	return 1
}

func coRunning(L *lua.LState) int {
	if L.Parent == nil {
		L.Push(lua.LNil)
	} else {
		L.Push(L)
	}
	return 1
}

func coYield(L *lua.LState) int {
	if L.Parent == nil {
		L.RaiseError("attempt to yield from outside a coroutine")
	}
	if !stateOf(L).mayYield() {
		L.RaiseError("attempt to yield across metamethod/C-call boundary")
	}
	return -1
}

// mayYield says whether only the loop of the coroutine lies between yield and its start. A yield from a metamethod, an
// iterator or a callback of a library function would leave Go frames behind that go on with the wrong registers, and
// gopher-lua does not check it. The call stack is the one place where the difference shows.
func (s *state) mayYield() bool {
	var path [yieldFrames]uintptr
	n := runtime.Callers(2, path[:])
	if path == s.yieldPath {
		return true
	}
	frames := runtime.CallersFrames(path[:n])
	for {
		frame, more := frames.Next()
		if strings.HasSuffix(frame.Function, ".mainLoopWithContext") {
			frame, _ = frames.Next()
			if !strings.HasSuffix(frame.Function, ".threadRun") {
				return false
			}
			s.yieldPath = path
			return true
		}
		if !more {
			return false
		}
	}
}
