package luatest

import (
	"os"
	"path/filepath"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"luamilter/luabind"
	"luamilter/luabind/address"
	"luamilter/luabind/crypto"
	"luamilter/luabind/guard"
	"luamilter/luabind/header"
	"luamilter/luabind/json"
	"luamilter/luabind/mime"
	"luamilter/luabind/re"
)

// hostModules are those of a filter that are of use to a test; the others need a message or a file that is watched.
func hostModules() map[string]lua.LGFunction {
	return map[string]lua.LGFunction{
		"address": address.Open,
		"crypto":  crypto.Open,
		"header":  header.Open,
		"json":    json.Open,
		"mime":    mime.Open,
		"re":      re.New().Open,
	}
}

// bind makes the globals of the test besides those of guarded Lua.
func (r *runner) bind() {
	r.modules = map[string]lua.LValue{"test": guard.Library(r.lua, "", r.testModule())}
	host := hostModules()
	r.lua.SetGlobal("require", r.lua.NewFunction(func(L *lua.LState) int {
		name := luabind.Args{L: L, Name: "require"}.String(1, "name")
		if _, ok := r.modules[name]; !ok {
			r.modules[name] = r.require(L, name, host)
		}
		L.Push(r.modules[name])
		return 1
	}))
}

// require runs a module: ?.lua and ?/init.lua beside the test, then those of the host.
func (r *runner) require(L *lua.LState, name string, host map[string]lua.LGFunction) lua.LValue {
	nargs := 0
	if chunk := r.module(L, name); chunk != nil {
		L.Push(L.NewFunctionFromProto(chunk.Proto))
		L.Push(lua.LString(name))
		nargs = 1
	} else if open, ok := host[name]; ok {
		L.Push(L.NewFunction(open))
	} else {
		L.RaiseError("require: module %q not found: no %s.lua or %[2]s/init.lua beside %s, and tests have none of that name",
			name, strings.ReplaceAll(name, ".", "/"), r.file.Path)
	}
	L.Call(nargs, 1)
	value := L.Get(-1)
	L.Pop(1)
	if value == lua.LNil {
		return lua.LTrue
	}
	return value
}

// module compiles the file of a module, if there is one.
func (r *runner) module(L *lua.LState, name string) *guard.Chunk {
	if name == "" || strings.ContainsAny(name, "/\\\x00") || strings.Contains(name, "..") || strings.HasPrefix(name, ".") {
		L.RaiseError("require: %q is no module name; write a.b for a/b.lua", shorten(name))
	}
	base := r.beside(filepath.FromSlash(strings.ReplaceAll(name, ".", "/")))
	for _, path := range []string{base + ".lua", filepath.Join(base, "init.lua")} {
		if _, err := os.Stat(path); err != nil {
			r.file.Used = append(r.file.Used, luabind.File{Path: path})
			continue
		}
		chunk, err := r.compile(path)
		if err != nil {
			L.Error(lua.LString(err.Error()), 0)
		}
		return chunk
	}
	return nil
}
