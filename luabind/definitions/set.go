package definitions

import (
	"slices"
	"strings"
	"sync"

	"luamilter/scripts"
)

// Set is what a definitions file has, in the order of the file.
type Set struct {
	Chapters  []*Chapter
	Functions []*Function
	Classes   []*Class
	Aliases   []Alias
	Globals   []Global

	byName map[string]*Function
}

// Chapter is a block of text that begins with # marks, with what follows it up to the next one.
type Chapter struct {
	Level     int // 1 for #
	Title     string
	Text      string // Markdown; what stands in braces on a line of its own is to be filled in
	Functions []*Function
}

// Class is a type with fields or methods.
type Class struct {
	Name    string // "luamilter.message"
	Parents []string
	Text    string
	Fields  []Field // without those of the parents
	Line    int
}

// Field is one of a class.
type Field struct {
	Name     string // or AnyName
	Type     string
	Text     string
	Optional bool
}

// AnyName is the name of a field that stands for any other: those of the script's own.
const AnyName = "[string]"

// Alias is another name of a type.
type Alias struct{ Name, Type string }

// Global is a variable that is no function: conn, milter, os.
type Global struct {
	Name string
	Type string // a class, or any other type
}

// Shipped is the set of scripts/luamilter.d.lua.
var Shipped = sync.OnceValue(func() *Set { return mustParse("luamilter.d.lua") })

// Tests is the set of scripts/definitions/test.lua: the module that tests of filters require.
var Tests = sync.OnceValue(func() *Set { return mustParse("definitions/test.lua") })

// mustParse reads a file that is in the program, and that tests have read.
func mustParse(name string) *Set {
	text, err := scripts.Files.ReadFile(name)
	if err != nil {
		panic("scripts: " + err.Error())
	}
	set, err := Parse(string(text))
	if err != nil {
		panic(name + ": " + err.Error())
	}
	return set
}

// Function finds one by the name that the file gives it: "add_header", "on_mail", "address.parse", "message:set_header",
// "os.time". nil: there is none.
func (s *Set) Function(name string) *Function { return s.byName[name] }

// Class finds a class by its name; nil: there is none.
func (s *Set) Class(name string) *Class {
	i := slices.IndexFunc(s.Classes, func(c *Class) bool { return c.Name == name })
	if i < 0 {
		return nil
	}
	return s.Classes[i]
}

// AllFields are those of a class and of its parents, of the same name the first.
func (s *Set) AllFields(c *Class) []Field {
	fields := slices.Clone(c.Fields)
	for _, name := range c.Parents {
		parent := s.Class(name)
		if parent == nil {
			continue
		}
		for _, f := range parent.Fields {
			if !slices.ContainsFunc(fields, func(known Field) bool { return known.Name == f.Name }) {
				fields = append(fields, f)
			}
		}
	}
	return fields
}

// modulePrefix is what the classes of modules begin with.
const modulePrefix = "luamilter.module."

// Modules are the names that require takes besides those of a script's own modules.
func (s *Set) Modules() []string {
	var names []string
	for _, c := range s.Classes {
		if name, ok := strings.CutPrefix(c.Name, modulePrefix); ok {
			names = append(names, name)
		}
	}
	return names
}

// Module is the class of a module; nil: there is none of this name.
func (s *Set) Module(name string) *Class { return s.Class(modulePrefix + name) }

// Callbacks are the global functions that a script defines for the host to call.
func (s *Set) Callbacks() []*Function {
	return s.functions(func(f *Function) bool { return f.Callback() })
}

// Members are the functions and methods of a class.
func (s *Set) Members(class string) []*Function {
	return s.functions(func(f *Function) bool { return f.Class == class })
}

func (s *Set) functions(wanted func(*Function) bool) (list []*Function) {
	for _, f := range s.Functions {
		if wanted(f) {
			list = append(list, f)
		}
	}
	return list
}
