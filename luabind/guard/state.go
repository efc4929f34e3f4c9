package guard

import (
	"reflect"
	"strings"
	"sync"
	"unsafe"

	lua "github.com/yuin/gopher-lua"
)

const (
	// Lua calls nest no Go calls, so this bounds recursion in Lua (a frame takes 80 bytes). A fixed stack is used:
	// the growing one of gopher-lua v1.1.2 is wrong at the edges of its segments.
	callDepth = 1000
	// registryMax bounds what all frames hold together (16 bytes each), and so unpack and the like.
	registryMax = 1 << 18
	// maxString is the longest string that any function makes (bytes).
	maxString = 64 << 20
)

// Options are the settings of a state.
type Options struct {
	Fuel  *Fuel                            // nil: no limits
	Print func(L *lua.LState, text string) // gets the text of print(...); nil: it is dropped
	Clock *Clock                           // nil: that of the machine

	// Coverage must be that which compiled what runs in the state, if one did.
	Coverage *Coverage
}

// state is what the library functions of one lua.LState and its coroutines share. It hangs on the Fuel.
type state struct {
	fuel      *Fuel
	main      *lua.LState
	print     func(L *lua.LState, text string)
	clock     *Clock
	globals   *lua.LTable                 // the real ones
	view      *lua.LTable                 // _G
	libraries map[*lua.LTable]*lua.LTable // the table behind each view of one
	reserved  map[*lua.LTable]bool        // see Reserve
	strings   *lua.LTable                 // the view of the string library
	replaced  bool                        // a script has put another function in the place of one of a library
	lent      string                      // see Lend
	shield    *lua.LFunction
	next      *lua.LFunction
	ipairs    *lua.LFunction
	sealed    bool
	random    random
	lowered   Cache                // of string.lower
	yieldPath [yieldFrames]uintptr // a call path on which yield was found to be allowed
}

// lowerArrayIndex sets gopher-lua's only switch against t[60000000]=1, which would append 60 million nils (1 GiB) in
// one instruction. A key from here on goes to the hash part of a table, which the length operator does not see: lower
// would break long lists. The variable belongs to the whole process, and every table must see the same value.
var lowerArrayIndex = sync.OnceFunc(func() { lua.MaxArrayIndex = 1 << 22 })

// NewState gives a Lua state with the guarded libraries: Lua 5.1 without debug, package, os.exit and the like.
func NewState(o Options) *lua.LState {
	lowerArrayIndex()
	if o.Fuel == nil {
		o.Fuel = NewFuel(nil)
	}
	L := lua.NewState(lua.Options{
		CallStackSize:    callDepth,
		RegistrySize:     512,
		RegistryMaxSize:  registryMax,
		RegistryGrowStep: 2048,
		SkipOpenLibs:     true,
	})
	s := &state{fuel: o.Fuel, main: L, print: o.Print, clock: o.Clock, globals: L.G.Global,
		libraries: map[*lua.LTable]*lua.LTable{}, reserved: map[*lua.LTable]bool{}}
	o.Fuel.state = s
	L.SetContext(o.Fuel)
	s.shield = L.NewFunction(s.runShielded)
	s.openGlobals(L)
	s.openBase(L)
	register(L, "string", stringFunctions)
	register(L, "table", tableFunctions)
	register(L, "coroutine", coroutineFunctions)
	register(L, "os", osFunctions)
	if o.Coverage != nil {
		L.SetGlobal(hiddenCount, L.NewFunction(o.Coverage.count))
	}
	s.openMath(L)
	s.openIO(L)
	s.strings = L.GetGlobal("string").(*lua.LTable)
	mt := L.CreateTable(0, 2)
	mt.RawSetString("__index", s.library(s.strings)) // ("x"):upper() goes past the view
	mt.RawSetString("__metatable", lua.LFalse)
	L.SetMetatable(lua.LString(""), mt)
	return L
}

func register(L *lua.LState, name string, functions map[string]lua.LGFunction) *lua.LTable {
	t := L.CreateTable(0, len(functions))
	for name, f := range functions {
		t.RawSetString(name, L.NewFunction(f))
	}
	Library(L, name, t)
	return t
}

func stateOf(L *lua.LState) *state { return L.Context().(*Fuel).state }

// Seal makes every later write of a global an error that names it, whichever way it is tried.
func Seal(L *lua.LState) { stateOf(L).sealed = true }

// Run loads a chunk into L and calls it; nret results are left on the stack. The error is a *lua.ApiError.
func Run(L *lua.LState, c *Chunk, nret int) error {
	return Call(L, L.NewFunctionFromProto(c.Proto), nret)
}

// Call calls a Lua function from Go and leaves nret results on the stack. It differs from L.PCall in that locals which
// closures share survive an error (gopher-lua issue 448), and that a panic of Go code becomes an error. The error is
// a *lua.ApiError with a traceback.
func Call(L *lua.LState, fn lua.LValue, nret int, args ...lua.LValue) error {
	s := stateOf(L)
	L.Push(s.shield)
	L.Push(lua.LTrue)
	L.Push(fn)
	for _, v := range args {
		L.Push(v)
	}
	return s.protect(L, len(args)+2, nret)
}

// The list of open upvalues of a thread is a private field of gopher-lua v1.1.2, which has no way to close those of
// some frames only. A test checks that the fields are where they are expected.
var (
	openOffset = fieldOffset[lua.LState]("uvcache")
	nextOffset = fieldOffset[lua.Upvalue]("next")
)

func fieldOffset[T any](name string) uintptr {
	f, ok := reflect.TypeFor[T]().FieldByName(name)
	if !ok || f.Type != reflect.TypeFor[*lua.Upvalue]() {
		panic("guard: this version of gopher-lua has no field " + name + " of type *Upvalue; see openOffset")
	}
	return f.Offset
}

func openUpvalues(L *lua.LState) **lua.Upvalue {
	return (**lua.Upvalue)(unsafe.Add(unsafe.Pointer(L), openOffset))
}

// closeUpvalues gives the closures that share locals with the frames of L their own copies: the frames are ending.
func closeUpvalues(L *lua.LState) {
	list := openUpvalues(L)
	for uv := *list; uv != nil; uv = *(**lua.Upvalue)(unsafe.Add(unsafe.Pointer(uv), nextOffset)) {
		uv.Close()
		if uv.Value() == nil { // the register was cleared already
			uv.SetValue(lua.LNil)
		}
	}
	*list = nil
}

func hidden(name string) bool { return strings.HasPrefix(name, "(") }
