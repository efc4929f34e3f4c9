// Package scripts is what is shipped to write filters with: ready filters with their tests, the modules that they share, what
// a new filter begins with, and the definitions for editors.
package scripts

import (
	"embed"
	"io/fs"
	"regexp"
	"strings"
)

// Files are those of this folder, by the names that they have here. Those of a new filter are in new/.
//
//go:embed *.lua lib/*.lua new/*.lua definitions/*.lua .luacheckrc .luarc.json
var Files embed.FS

// Ready are the names of the ready filters, without .lua.
func Ready() []string {
	entries, err := fs.ReadDir(Files, ".")
	if err != nil {
		panic("scripts: " + err.Error()) // they are in the program
	}
	var names []string
	for _, e := range entries {
		name, isLua := strings.CutSuffix(e.Name(), ".lua")
		if isLua && !strings.HasSuffix(name, "_test") && !strings.HasSuffix(name, ".d") {
			names = append(names, name)
		}
	}
	return names
}

var requiresOwn = regexp.MustCompile(`require "lib\.(\w+)"`)

// Modules are the files of lib/ that a script requires.
func Modules(source string) []string {
	var files []string
	for _, m := range requiresOwn.FindAllStringSubmatch(source, -1) {
		files = append(files, "lib/"+m[1]+".lua")
	}
	return files
}
