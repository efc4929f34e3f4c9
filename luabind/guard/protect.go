package guard

import (
	"fmt"
	"runtime/debug"

	lua "github.com/yuin/gopher-lua"
)

// protect is L.PCall of the shield, whose arguments have been pushed. Errors in gopher-lua v1.1.2 close all upvalues of
// the thread, which cuts frames below this call off from their closures; so those are put aside.
func (s *state) protect(L *lua.LState, nargs, nret int) (err error) {
	list := openUpvalues(L)
	outer := *list
	*list = nil
	defer func() {
		*list = outer
		if r := recover(); r != nil { // from building a traceback, see gopher-lua issue 331
			err = &lua.ApiError{Type: lua.ApiErrorPanic, Object: lua.LString(fmt.Sprint(r))}
		}
	}()
	return L.PCall(nargs, nret, nil)
}

// runShielded is the frame between a protected call and the function that it calls. Its arguments are a handler (nil,
// a function, or true for a traceback), the function, and that one's arguments. An error passes here before any frame
// is gone.
func (s *state) runShielded(L *lua.LState) int {
	handler := L.Get(1)
	defer func() {
		if r := recover(); r != nil {
			panic(s.caught(L, handler, r))
		}
	}()
	if fn := L.Get(2); fn.Type() != lua.LTFunction && L.GetMetaField(fn, "__call").Type() != lua.LTFunction {
		L.RaiseError("attempt to call a %s value", fn.Type())
	}
	L.Call(L.GetTop()-2, lua.MultRet)
	return L.GetTop() - 1
}

func (s *state) caught(L *lua.LState, handler lua.LValue, cause any) *lua.ApiError {
	closeUpvalues(L)
	err, ok := cause.(*lua.ApiError)
	if !ok {
		err = &lua.ApiError{
			Type:       lua.ApiErrorPanic,
			Object:     lua.LString(where(L, 0) + "internal error: " + fmt.Sprint(cause)),
			StackTrace: string(debug.Stack()),
		}
	}
	if err.Object == nil {
		err.Object = lua.LNil
	}
	if handler == lua.LTrue {
		return err // L.PCall adds the traceback
	}
	if h, ok := handler.(*lua.LFunction); ok && s.fuel.err == nil {
		err.Object = s.handle(L, h, err.Object)
	}
	if err.StackTrace == "" {
		err.StackTrace = "-" // L.PCall would build one, which costs more than the rest
	}
	return err
}

func (s *state) handle(L *lua.LState, handler *lua.LFunction, object lua.LValue) (result lua.LValue) {
	defer func() {
		if recover() != nil {
			closeUpvalues(L)
			result = lua.LString("error in error handling")
		}
	}()
	L.Push(handler)
	L.Push(object)
	L.Call(1, 1)
	result = L.Get(-1)
	L.Pop(1)
	return result
}

func basePCall(L *lua.LState) int {
	args{L, "pcall"}.any(1)
	s := stateOf(L)
	n := L.GetTop()
	L.Insert(s.shield, 1)
	L.Insert(lua.LNil, 2)
	return s.protected(L, n+1)
}

func baseXPCall(L *lua.LState) int {
	a := args{L, "xpcall"}
	a.any(2)
	f, handler := L.Get(1), L.Get(2)
	s := stateOf(L)
	L.SetTop(0)
	L.Push(s.shield)
	L.Push(handler)
	L.Push(f)
	return s.protected(L, 2)
}

func (s *state) protected(L *lua.LState, nargs int) int {
	err := s.protect(L, nargs, lua.MultRet)
	if s.fuel.err != nil {
		s.fuel.raise(L) // an interruption is not to be caught
	}
	if err == nil {
		L.Insert(lua.LTrue, 1)
		return L.GetTop()
	}
	L.SetTop(0)
	L.Push(lua.LFalse)
	if e, ok := err.(*lua.ApiError); ok && e.Object != nil {
		L.Push(e.Object)
	} else {
		L.Push(lua.LString(err.Error()))
	}
	return 2
}

func baseError(L *lua.LState) int {
	a := args{L, "error"}
	level := a.optInteger(2, 1)
	object := L.Get(1)
	if text, ok := toText(object); ok && level > 0 {
		object = lua.LString(where(L, level) + text)
	}
	L.Error(object, 0)
	return 0
}

// where is "file:line: " of the function at a level of the call stack (0 is the running one), or "" where that is not
// a Lua function (luaL_where). Shields do not count.
func where(L *lua.LState, level int) string {
	shield := stateOf(L).shield
	for i, counted := 0, 0; ; i++ {
		d, ok := L.GetStack(i)
		if !ok {
			return ""
		}
		fn, err := L.GetInfo("fSl", d, lua.LNil)
		if err != nil || fn == shield {
			continue
		}
		if counted == level {
			if d.CurrentLine <= 0 {
				return ""
			}
			return fmt.Sprintf("%s:%d: ", d.Source, d.CurrentLine)
		}
		counted++
	}
}
