package definitions

import "slices"

// standard are the functions and fields of Lua's own libraries that lua-language-server knows by itself, as far as luamilter
// has them.
var standard = map[string][]string{
	"coroutine": {"create", "resume", "running", "status", "wrap", "yield"},
	"math": {
		"abs", "acos", "asin", "atan", "atan2", "ceil", "cos", "cosh", "deg", "exp", "floor", "fmod", "frexp", "huge", "ldexp",
		"log", "log10", "max", "min", "mod", "modf", "pi", "pow", "rad", "random", "randomseed", "sin", "sinh", "sqrt", "tan",
		"tanh",
	},
	"string": {
		"byte", "char", "find", "format", "gfind", "gmatch", "gsub", "len", "lower", "match", "rep", "reverse", "sub", "upper",
	},
	"table": {"concat", "foreach", "foreachi", "getn", "insert", "maxn", "remove", "sort"},
}

// missing is what Lua 5.1 has and luamilter has not.
var missing = []string{
	"os.exit", "os.execute", "os.remove", "os.rename", "os.tmpname", "os.setlocale", "io.popen", "io.stdin", "io.close", "io.flush",
	"io.input", "io.output", "io.read", "io.tmpfile", "dofile", "loadfile", "string.dump", "package", "debug", "module",
	"getfenv", "setfenv", "newproxy", "gcinfo", "collectgarbage",
}

// Missing are the names of Lua 5.1 that are not there: "os.exit", "debug".
func Missing() []string { return slices.Clone(missing) }

// Names are all that a script may read by name, without those of modules and objects: "add_header", "conn", "milter.version",
// "string", "string.find", "os.time"; in order.
func (s *Set) Names() []string {
	var names []string
	for _, f := range s.Functions {
		if !f.Callback() && !f.Method() && (f.Class == "" || s.isGlobal(f.Owner())) {
			names = append(names, f.Name)
		}
	}
	for _, g := range s.Globals {
		names = append(names, g.Name)
		if c := s.Class(g.Type); c != nil {
			for _, field := range c.Fields {
				if field.Name != AnyName {
					names = append(names, g.Name+"."+field.Name)
				}
			}
		}
	}
	for library, members := range standard {
		names = append(names, library)
		for _, member := range members {
			names = append(names, library+"."+member)
		}
	}
	slices.Sort(names)
	return names
}

func (s *Set) isGlobal(name string) bool {
	return slices.ContainsFunc(s.Globals, func(g Global) bool { return g.Name == name })
}
