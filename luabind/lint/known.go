package lint

import (
	"strings"

	"luamilter/luabind/definitions"
)

// names are what scripts find without requiring anything.
type names struct {
	globals []string            // "reject", "string"
	fields  map[string][]string // of each global that has some: "string" to "find"
	listed  map[string]bool     // all of these: "reject", "string.find"
}

func knownNames(set *definitions.Set) names {
	n := names{fields: map[string][]string{}, listed: map[string]bool{}}
	for _, name := range set.Names() {
		n.listed[name] = true
		if library, field, ok := strings.Cut(name, "."); ok {
			n.fields[library] = append(n.fields[library], field)
		} else {
			n.globals = append(n.globals, name)
		}
	}
	return n
}

// moduleFields are the functions and fields of a module of the host; false where there is no such module.
func moduleFields(set *definitions.Set, module string) ([]string, bool) {
	class := set.Module(module)
	if class == nil {
		return nil, false
	}
	var fields []string
	for _, f := range class.Fields {
		if f.Name == "[string]" {
			return nil, false
		}
		fields = append(fields, f.Name)
	}
	for _, f := range set.Members(class.Name) {
		fields = append(fields, f.Short())
	}
	return fields, true
}

// instead says what to use in place of what Lua 5.1 has and the host has not, or newer versions of Lua have.
var instead = map[string]string{
	"os.exit":        "return a verdict, or raise an error with error()",
	"os.execute":     "a filter can't run programs",
	"os.remove":      "a filter can't remove files; io.open reads and writes them",
	"os.rename":      "a filter can't rename files; io.open reads and writes them",
	"os.tmpname":     "give io.open a name of your own",
	"os.setlocale":   "the locale is always C",
	"io.popen":       "a filter can't run programs",
	"io.stdin":       "there is no standard input; io.open reads files",
	"io.stdout":      "print and require \"log\" write log lines",
	"io.stderr":      "print and require \"log\" write log lines",
	"io.write":       "print and require \"log\" write log lines",
	"io.read":        "there is no standard input; io.open reads files",
	"dofile":         "require finds modules beside the script",
	"loadfile":       "require finds modules beside the script",
	"package":        "require finds modules beside the script",
	"module":         "a module returns a table: local mod = {} ... return mod",
	"string.dump":    "there is no bytecode",
	"debug":          "the log shows the traceback of an error",
	"getfenv":        "functions have no environments of their own",
	"setfenv":        "functions have no environments of their own",
	"newproxy":       "use setmetatable({}, ...)",
	"collectgarbage": "memory is the host's: see --memory-limit",
	"gcinfo":         "memory is the host's: see --memory-limit",

	"table.unpack":   "in Lua 5.1 it is unpack",
	"table.pack":     "in Lua 5.1: {n = select(\"#\", ...), ...}",
	"table.move":     "copy with a loop: this is Lua 5.1",
	"math.type":      "all numbers are floating-point: this is Lua 5.1",
	"math.tointeger": "all numbers are floating-point: this is Lua 5.1",
	"string.pack":    "this is Lua 5.1",
	"string.unpack":  "this is Lua 5.1",
	"utf8":           "strings are bytes: this is Lua 5.1",
	"bit32":          "this is Lua 5.1",
}

// removed are the names of instead, and all others that Lua 5.1 has and the host has not.
var removed = func() map[string]bool {
	all := map[string]bool{}
	for name := range instead {
		all[name] = true
	}
	for _, name := range definitions.Missing() {
		all[name] = true
	}
	return all
}()

// replacement is what to use in place of a removed name, to be put behind "is not there".
func replacement(name string) string {
	if hint := instead[name]; hint != "" {
		return ": " + hint
	}
	return ""
}
