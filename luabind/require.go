package luabind

import (
	"os"
	"path/filepath"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"luamilter/luabind/guard"
)

// bind makes the globals of a state, besides those of guarded Lua itself.
func (st *State) bind(first bool) {
	L := st.lua
	for name, fn := range verdictFunctions {
		L.SetGlobal(name, L.NewFunction(fn))
	}
	for name, fn := range changeFunctions {
		L.SetGlobal(name, L.NewFunction(fn))
	}
	L.SetGlobal("macro", L.NewFunction(macro))
	L.SetGlobal("every", L.NewFunction(every))
	L.SetGlobal("negotiate", L.NewFunction(negotiate))
	guard.Library(L, "milter", milterTable(L, st.script.env.Version))
	st.verdicts = newVerdicts(L)
	st.conn, st.msg = newConnView(st), newMsgView(st)
	st.conn.install(L)
	st.msg.install(L)
	r := &requirer{st: st, compile: first, loaded: map[string]lua.LValue{}}
	L.SetGlobal("require", L.NewFunction(r.require))
}

// requirer is require of one state: it runs each module once.
type requirer struct {
	st      *State
	compile bool // files are read while the script is loaded for the first time, never later
	loaded  map[string]lua.LValue
	running []string
}

// require is require(name): ?.lua and ?/init.lua beside the script, then the host's modules.
func (r *requirer) require(L *lua.LState) int {
	name := Args{L, "require"}.String(1, "name")
	if v, ok := r.loaded[name]; ok {
		L.Push(v)
		return 1
	}
	if !r.st.loading {
		L.RaiseError("require: %q was not loaded with the script; require it at the top of the file, not in a callback", shorten(name))
	}
	if slices.Contains(r.running, name) {
		L.RaiseError("require: %q requires itself: %s", name, strings.Join(append(r.running, name), " -> "))
	}
	r.running = append(r.running, name)
	defer func() { r.running = r.running[:len(r.running)-1] }() // the script may catch an error
	value := r.run(L, name)
	r.loaded[name] = value
	L.Push(value)
	return 1
}

func (r *requirer) run(L *lua.LState, name string) lua.LValue {
	chunk := r.st.script.modules[name]
	if chunk == nil && r.compile {
		chunk = r.find(L, name)
	}
	if chunk != nil {
		L.Push(L.NewFunctionFromProto(chunk.Proto))
		L.Push(lua.LString(name))
		L.Call(1, 1)
	} else {
		open, ok := r.st.script.env.Modules[name]
		if !ok {
			L.RaiseError("require: module %q not found: no %s.lua or %[2]s/init.lua beside %s, and the host has none of that name",
				name, strings.ReplaceAll(name, ".", "/"), r.st.script.path)
		}
		L.Push(L.NewFunction(open))
		L.Call(0, 1)
	}
	value := L.Get(-1)
	L.Pop(1)
	if value == lua.LNil {
		value = lua.LTrue
	}
	if module, ok := value.(*lua.LTable); ok && chunk == nil {
		value = guard.Library(r.st.lua, "", module)
	}
	return value
}

// find looks for the module's file and compiles it.
func (r *requirer) find(L *lua.LState, name string) *guard.Chunk {
	if name == "" || strings.ContainsAny(name, "/\\\x00") || strings.Contains(name, "..") || strings.HasPrefix(name, ".") {
		L.RaiseError("require: %q is no module name; write a.b for a/b.lua", shorten(name))
	}
	base := filepath.Join(filepath.Dir(r.st.script.path), filepath.FromSlash(strings.ReplaceAll(name, ".", "/")))
	for _, path := range []string{base + ".lua", filepath.Join(base, "init.lua")} {
		if _, err := os.Stat(path); err != nil {
			r.st.script.files = append(r.st.script.files, File{Path: path})
			continue
		}
		chunk, err := r.st.script.compile(path)
		if err == nil {
			if problems := droppedVerdicts(chunk); len(problems) > 0 {
				err = &LoadError{Problems: problems}
			}
		}
		if err != nil {
			L.Error(lua.LString(err.Error()), 0)
		}
		r.st.script.modules[name] = chunk
		return chunk
	}
	return nil
}
