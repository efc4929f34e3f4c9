package definitions

import (
	"encoding/json"
	"fmt"
)

// EditorConfig is a .luarc.json for lua-language-server; library is the folder with the definitions, relative to it.
//
// The version is LuaJIT's since that is Lua 5.1 with goto; its own libraries are off, and so are those that luamilter has only
// a part of, which the definitions have.
func EditorConfig(library string) string {
	off := map[string]string{}
	for _, name := range []string{
		"basic", "debug", "io", "os", "package", "bit", "ffi", "jit", "jit.profile", "jit.util", "string.buffer", "table.clear",
		"table.new",
	} {
		off[name] = "disable"
	}
	text, err := json.MarshalIndent(map[string]any{
		"runtime.version":           "LuaJIT",
		"runtime.path":              []string{"?.lua", "?/init.lua"},
		"runtime.builtin":           off,
		"workspace.library":         []string{library},
		"workspace.checkThirdParty": false,
	}, "", "  ")
	if err != nil {
		panic(fmt.Sprintf("encode .luarc.json: %v", err)) // of strings, lists and tables only
	}
	return string(text) + "\n"
}

// ModuleFile is what lua-language-server finds for require "name": it takes one file for each module, so luamilter.d.lua has
// the types alone.
func ModuleFile(name string) string {
	return fmt.Sprintf("---@meta %s\n\n---@type %s%[1]s\nlocal %[1]s\nreturn %[1]s\n", name, modulePrefix)
}
