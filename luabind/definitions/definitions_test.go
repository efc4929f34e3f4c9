package definitions

import (
	"slices"
	"strings"
	"testing"
)

func TestTheNumbersOfArgumentsAreKnown(t *testing.T) {
	for name, want := range map[string][2]int{
		"accept":             {0, 0},
		"add_header":         {2, 2},
		"delete_header":      {1, 2},
		"reject":             {0, Unlimited},
		"print":              {0, Unlimited},
		"archive.mbox":       {2, 3},
		"message:set_header": {2, 2},
		"part:remove":        {0, 0},
		"set:contains":       {1, 2},
		"json.array":         {0, 1},
		"tonumber":           {1, 2},
		"on_mail":            {2, 2},
	} {
		f := Shipped().Function(name)
		if f == nil {
			t.Errorf("there is no function %s", name)
			continue
		}
		if got := [2]int{f.MinArgs(), f.MaxArgs()}; got != want {
			t.Errorf("%s: got %d to %d arguments, want %d to %d", name, got[0], got[1], want[0], want[1])
		}
	}
}

// builtin are the types that lua-language-server knows by itself, as far as they are used.
var builtin = []string{
	"nil", "any", "boolean", "true", "false", "string", "number", "integer", "function", "table", "thread", "userdata",
}

func TestEachTypeInTheDefinitionsIsThere(t *testing.T) {
	wantTypes(t, Shipped())
	wantTypes(t, Tests())
}

// wantTypes fails the test for types that can't be read, or that are not defined.
func wantTypes(t *testing.T, set *Set) {
	t.Helper()
	known := slices.Clone(builtin)
	for _, c := range set.Classes {
		known = append(known, c.Name)
	}
	for _, a := range set.Aliases {
		known = append(known, a.Name)
	}
	check := func(where, typ string, generics []string) {
		t.Helper()
		_, names, rest, err := readType(typ)
		if err != nil || rest != "" {
			t.Errorf("%s: %q is no type: %v, %q is left", where, typ, err, rest)
		}
		for _, name := range names {
			if !slices.Contains(known, name) && !slices.Contains(generics, name) {
				t.Errorf("%s: there is no type %s", where, name)
			}
		}
	}
	for _, f := range set.Functions {
		for _, p := range slices.Concat(append(f.Overloads, f.Params)...) {
			check(f.Name, p.Type, f.Generics)
		}
		for _, r := range f.Returns {
			check(f.Name, r.Type, f.Generics)
		}
	}
	for _, c := range set.Classes {
		for _, f := range c.Fields {
			check(c.Name, f.Type, nil)
		}
	}
	for _, a := range set.Aliases {
		check(a.Name, a.Type, nil)
	}
	for _, g := range set.Globals {
		check(g.Name, g.Type, nil)
	}
}

func TestEachFunctionOfTheHostSaysWhereItMayBeCalled(t *testing.T) {
	for _, f := range Shipped().Functions {
		own := !f.Callback() && (f.Owner() == "" || Shipped().Module(f.Owner()) != nil)
		lua := f.Line > Shipped().Function("assert").Line-1
		if own && !lua && !slices.Contains(contexts, f.Context) {
			t.Errorf("%s: %q is no context", f.Name, f.Context)
		}
		if f.Text == "" {
			t.Errorf("%s has no text", f.Name)
		}
	}
}

func TestWhatIsWrongInADefinitionsFileIsFound(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"a parameter that the function does not have": {"---@param x string\nfunction f(y) end", "the @param lines are for (x)"},
		"a parameter without its line":                {"function f(y) end", "the @param lines are for ()"},
		"a broken type":                               {"---@param x table<string\nfunction f(x) end", "> expected"},
		"a type that is none":                         {"---@return ?\nfunction f() end", "a type expected"},
		"an open quote":                               {"---@return \"a\nfunction f() end", "a closing quote expected"},
		"a tag that is not known":                     {"---@prama x string\nfunction f() end", "@prama x string: not known here"},
		"a function twice":                            {"function f() end\nfunction f() end", "function f is there twice"},
		"a method of nothing":                         {"function x:f() end", "there is no table x"},
		"a table without class":                       {"local x = {}", "a @class expected"},
		"a global without type":                       {"x = {}", "the global x has no type"},
		"a statement":                                 {"f()", "declares nothing"},
		"text that belongs to nothing":                {"--- text\n\n", "belongs to nothing"},
		"an overload that is no function":             {"---@overload string\nfunction f() end", "fun(...) expected"},
		"a field with a broken type":                  {"---@class c\n---@field x fun(\nx = {}", "a name expected"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, err := Parse(c.text); err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want an error with %q", err, c.want)
			}
		})
	}
}

func FuzzParse(f *testing.F) {
	f.Add("---@param x? fun(a: string, ...: any): {b?: string}[]|nil text\n---@return table<string, \"a\"|1>?\nfunction f(x) end\n")
	f.Add("---@overload fun(a: string, ...): x\n--- Context: anywhere\nfunction f() end\n--- # Title\n\n")
	f.Fuzz(func(t *testing.T, text string) {
		set, err := Parse(text)
		if err != nil {
			return
		}
		for _, fn := range set.Functions {
			if fn.MaxArgs() != Unlimited && fn.MinArgs() > fn.MaxArgs() {
				t.Errorf("%s takes %d to %d arguments", fn.Name, fn.MinArgs(), fn.MaxArgs())
			}
		}
	})
}
