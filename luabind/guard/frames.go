package guard

import (
	"reflect"
	"unsafe"

	lua "github.com/yuin/gopher-lua"
)

// The call stack of a thread is made of private fields of gopher-lua v1.1.2, whose GetStack and GetInfo allocate at each
// level and do not tell which instruction ran last. A test checks that the fields are where they are expected.
var (
	topOffset    = privateOffset(reflect.TypeFor[lua.LState](), "currentFrame", nil)
	frameType    = pointedAt(reflect.TypeFor[lua.LState](), "currentFrame")
	fnOffset     = privateOffset(frameType, "Fn", reflect.TypeFor[*lua.LFunction]())
	pcOffset     = privateOffset(frameType, "Pc", reflect.TypeFor[int]())
	parentOffset = privateOffset(frameType, "Parent", reflect.PointerTo(frameType))
	tailOffset   = privateOffset(frameType, "TailCall", reflect.TypeFor[int]())
)

// privateOffset finds a field, of a type unless that is nil.
func privateOffset(of reflect.Type, name string, want reflect.Type) uintptr {
	f, ok := of.FieldByName(name)
	if !ok || want != nil && f.Type != want {
		panic("guard: this version of gopher-lua has another field " + name + " in " + of.Name() + "; see frames.go")
	}
	return f.Offset
}

func pointedAt(of reflect.Type, name string) reflect.Type {
	f, ok := of.FieldByName(name)
	if !ok || f.Type.Kind() != reflect.Pointer {
		panic("guard: this version of gopher-lua has no pointer " + name + " in " + of.Name() + "; see frames.go")
	}
	return f.Type.Elem()
}

// frame is one call on the stack of a thread, of a Lua or of a Go function. It is of use only while that thread runs, to
// its own goroutine.
type frame struct{ at unsafe.Pointer }

// topFrame is the running call, or none.
func topFrame(L *lua.LState) frame {
	return frame{*(*unsafe.Pointer)(unsafe.Add(unsafe.Pointer(L), topOffset))}
}

func (f frame) none() bool         { return f.at == nil }
func (f frame) fn() *lua.LFunction { return *(**lua.LFunction)(unsafe.Add(f.at, fnOffset)) }

// next is the index of the instruction behind the one that runs.
func (f frame) next() int     { return *(*int)(unsafe.Add(f.at, pcOffset)) }
func (f frame) parent() frame { return frame{*(*unsafe.Pointer)(unsafe.Add(f.at, parentOffset))} }

// tail says that the function was called by another one in its stead (return f(x)).
func (f frame) tail() bool { return *(*int)(unsafe.Add(f.at, tailOffset)) > 0 }

// proto is what a Lua function was made of; nil for a Go function.
func (f frame) proto() *lua.FunctionProto {
	if fn := f.fn(); fn != nil && !fn.IsG {
		return fn.Proto
	}
	return nil
}

// lineOf is the line of an instruction, 0 where there is none.
func lineOf(p *lua.FunctionProto, instruction int) int {
	if instruction < 0 || instruction >= len(p.DbgSourcePositions) {
		return 0
	}
	return p.DbgSourcePositions[instruction]
}

// Caller is the line of the innermost Lua function that runs: of the call, for a Go function that asks. L is what that one
// was called with. It gives "" and 0 where none runs.
func Caller(L *lua.LState) (file string, line int) {
	for f := topFrame(L); !f.none(); f = f.parent() {
		if p := f.proto(); p != nil {
			return p.SourceName, lineOf(p, f.next()-1)
		}
	}
	return "", 0
}
