package miltertest

import (
	"fmt"
	"os"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"luamilter/luabind/guard"
)

// open gives a state the libraries that a filter has not, the table mt, and the globals of the script.
func (r *run) open(L *lua.LState) {
	r.openSystem(L)
	mt := L.CreateTable(0, len(functions))
	for name, f := range functions {
		mt.RawSetString(name, L.NewFunction(func(L *lua.LState) int { return f(&call{L, r, name}) }))
	}
	L.SetGlobal("mt", mt)
	for name, value := range constants {
		L.SetGlobal(name, lua.LNumber(value))
	}
	for _, d := range r.Defines {
		if d.HasValue {
			L.SetGlobal(d.Name, lua.LString(d.Value))
		} else {
			L.SetGlobal(d.Name, lua.LNumber(1))
		}
	}
}

// openSystem gives what reaches the rest of the machine: gopher-lua's io, os and debug, where guard has a part of them or
// none, and what loads files.
func (r *run) openSystem(L *lua.LState) {
	guarded := L.GetGlobal("os")
	for name, open := range map[string]lua.LGFunction{"io": lua.OpenIo, "os": lua.OpenOs, "debug": lua.OpenDebug} {
		L.SetGlobal(name, lua.LNil)
		L.Push(L.NewFunction(open))
		L.Call(0, 0)
	}
	system := L.GetGlobal("os").(*lua.LTable)
	for _, name := range []string{"clock", "date", "difftime", "getenv", "time"} {
		system.RawSetString(name, L.GetField(guarded, name))
	}
	system.RawSetString("exit", L.NewFunction(r.exit))
	newer(L)
	L.SetGlobal("dofile", L.NewFunction(dofile))
	L.SetGlobal("loadfile", L.NewFunction(loadfile))
	modules := L.CreateTable(0, 2)
	modules.RawSetString("path", lua.LString("./?.lua;./?/init.lua"))
	modules.RawSetString("loaded", L.CreateTable(0, 0))
	L.SetGlobal("package", modules)
	L.SetGlobal("require", L.NewFunction(require))
}

// newer gives what the Lua 5.3 of the model has under another name.
func newer(L *lua.LState) {
	L.SetField(L.GetGlobal("table"), "unpack", L.GetGlobal("unpack"))
	read, compile := L.GetGlobal("load"), L.GetGlobal("loadstring")
	L.SetGlobal("load", L.NewFunction(func(L *lua.LState) int {
		if L.Get(1).Type() == lua.LTString {
			L.Insert(compile, 1)
		} else {
			L.Insert(read, 1)
		}
		L.Call(L.GetTop()-1, lua.MultRet)
		return L.GetTop()
	}))
}

// exit is os.exit: it ends the script, not the process.
func (r *run) exit(L *lua.LState) int {
	exit := exitStatus{place: where(L)}
	switch v := L.Get(1).(type) {
	case lua.LBool:
		if !v {
			exit.status = 1
		}
	case lua.LNumber:
		exit.status = int(v)
	}
	r.interrupt(L, exit)
	return 0
}

// where is the place of the innermost Lua function.
func where(L *lua.LState) string {
	for level := 0; ; level++ {
		frame, ok := L.GetStack(level)
		if !ok {
			return ""
		}
		if _, err := L.GetInfo("Sl", frame, nil); err == nil && frame.CurrentLine > 0 {
			return fmt.Sprintf("%s:%d: ", frame.Source, frame.CurrentLine)
		}
	}
}

// interrupt ends the script here, whatever it tries to catch.
func (r *run) interrupt(L *lua.LState, cause error) {
	r.end(cause)
	r.fuel.Stop()
	r.fuel.Charge(L, 1<<30) // more than a script runs before it is asked again
}

// load compiles a file.
func load(L *lua.LState, name string) (*lua.LFunction, error) {
	src, err := os.ReadFile(name)
	if err != nil {
		return nil, fmt.Errorf("cannot open %s: %w", name, err)
	}
	chunk, err := guard.Compile(name, src)
	if err != nil {
		return nil, err
	}
	return L.NewFunctionFromProto(chunk.Proto), nil
}

func dofile(L *lua.LState) int {
	f, err := load(L, L.CheckString(1))
	if err != nil {
		fail(L, "%s", err)
	}
	L.SetTop(0)
	L.Push(f)
	L.Call(0, lua.MultRet)
	return L.GetTop()
}

func loadfile(L *lua.LState) int {
	f, err := load(L, L.CheckString(1))
	if err != nil {
		L.Push(lua.LNil)
		L.Push(lua.LString(err.Error()))
		return 2
	}
	L.Push(f)
	return 1
}

// require is require(name), which looks along package.path.
func require(L *lua.LState) int {
	name := L.CheckString(1)
	modules := L.GetGlobal("package")
	loaded, ok := L.GetField(modules, "loaded").(*lua.LTable)
	if !ok {
		L.RaiseError("'package.loaded' must be a table")
	}
	if v := loaded.RawGetString(name); v != lua.LNil {
		L.Push(v)
		return 1
	}
	f := find(L, name, L.GetField(modules, "path").String())
	L.Push(f)
	L.Push(lua.LString(name))
	L.Call(1, 1)
	value := L.Get(-1)
	if value == lua.LNil {
		if value = loaded.RawGetString(name); value == lua.LNil { // it may have set that itself
			value = lua.LTrue
		}
	}
	loaded.RawSetString(name, value)
	L.Push(value)
	return 1
}

// find gives the file of a module.
func find(L *lua.LState, name, path string) *lua.LFunction {
	tried := ""
	for _, pattern := range strings.Split(path, ";") {
		file := strings.ReplaceAll(pattern, "?", strings.ReplaceAll(name, ".", "/"))
		if _, err := os.Stat(file); err != nil {
			tried += fmt.Sprintf("\n\tno file '%s'", file)
			continue
		}
		f, err := load(L, file)
		if err != nil {
			fail(L, "%s", err)
		}
		return f
	}
	L.RaiseError("module '%s' not found:%s", name, tried)
	return nil
}
