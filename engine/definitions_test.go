package engine

import (
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	lua "github.com/yuin/gopher-lua"

	"luamilter/luabind"
	"luamilter/luabind/definitions"
	"luamilter/luabind/guard"
)

// explore runs a script with all modules of the host and probe, and fails the test if the script does not load.
func explore(t *testing.T, src string, probe lua.LGFunction) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "filter.lua")
	for name, text := range map[string]string{"filter.lua": src, "empty.txt": ""} {
		if err := os.WriteFile(filepath.Join(filepath.Dir(path), name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	env := luabind.Env{
		Version: "1.2.3", Modules: modules(), Memory: guard.NewMemory(0), LoadLimit: time.Minute,
		Log: slog.New(slog.DiscardHandler),
	}
	env.Modules["probe"] = func(L *lua.LState) int {
		module := L.NewTable()
		module.RawSetString("found", L.NewFunction(probe))
		L.Push(module)
		return 1
	}
	if _, err := luabind.Load(t.Context(), path, env); err != nil {
		t.Fatal(err)
	}
}

// wantSame compares two lists of names in both directions.
func wantSame(t *testing.T, defined, there []string) {
	t.Helper()
	for _, name := range there {
		if !slices.Contains(defined, name) {
			t.Errorf("%s is there, and luamilter.d.lua does not have it", name)
		}
	}
	for _, name := range defined {
		if !slices.Contains(there, name) {
			t.Errorf("luamilter.d.lua has %s, which is not there", name)
		}
	}
}

// walk tells probe of each global and of what each library has in it.
const walk = `
	local probe = require "probe"
	for name, value in pairs(_G) do
		if name ~= "on_eom" then
			probe.found(name)
		end
		if type(value) == "table" and name ~= "_G" and name ~= "conn" and name ~= "msg" then
			for member in pairs(value) do
				probe.found(name .. "." .. member)
			end
		end
	end
	function on_eom() end
`

func TestTheDefinitionsHaveTheGlobalsThatAStateHas(t *testing.T) {
	var there []string
	explore(t, walk, func(L *lua.LState) int {
		there = append(there, L.CheckString(1))
		return 0
	})
	defined := slices.DeleteFunc(definitions.Shipped().Names(), func(name string) bool {
		return strings.HasPrefix(name, "conn.") || strings.HasPrefix(name, "msg.")
	})
	wantSame(t, defined, there)
	for _, name := range definitions.Missing() {
		if slices.Contains(there, name) {
			t.Errorf("%s is there; it is listed as missing", name)
		}
	}
}

func TestTheDefinitionsHaveTheModulesAndWhatIsInThem(t *testing.T) {
	set := definitions.Shipped()
	var names []string
	for name := range modules() {
		names = append(names, name)
	}
	wantSame(t, set.Modules(), names)
	for _, name := range names {
		var there, defined []string
		explore(t, `
			local probe = require "probe"
			for name in pairs(require "`+name+`") do probe.found("`+name+`." .. name) end
			function on_eom() end`,
			func(L *lua.LState) int {
				there = append(there, L.CheckString(1))
				return 0
			})
		class := set.Module(name)
		if class == nil {
			continue
		}
		for _, f := range set.Members(class.Name) {
			defined = append(defined, f.Name)
		}
		for _, f := range class.Fields {
			defined = append(defined, name+"."+f.Name)
		}
		wantSame(t, defined, there)
	}
}

func TestTheDefinitionsHaveTheMethodsOfEachObject(t *testing.T) {
	for class, made := range map[string]string{
		"luamilter.set":     `require "ipset".new{}`,
		"luamilter.map":     `require "map".open "empty.txt"`,
		"luamilter.pattern": `require "re".compile "x"`,
		"luamilter.points":  `require "score".new{tag = 1}`,
		"luamilter.file":    `io.stderr`,
	} {
		var there, defined []string
		explore(t, `require "probe".found(`+made+`) function on_eom() end`, func(L *lua.LState) int {
			meta := L.CheckUserData(1).Metatable.(*lua.LTable)
			meta.RawGetString("__index").(*lua.LTable).ForEach(func(k, _ lua.LValue) { there = append(there, k.String()) })
			return 0
		})
		for _, f := range definitions.Shipped().Members(class) {
			defined = append(defined, f.Short())
		}
		wantSame(t, defined, there)
	}
}

func TestTheDefinitionsHaveTheCallbacks(t *testing.T) {
	var there, defined []string
	for cb := luabind.OnLoad; cb < luabind.OnTimer; cb++ {
		there = append(there, cb.String())
	}
	for _, f := range definitions.Shipped().Callbacks() {
		defined = append(defined, f.Name)
	}
	wantSame(t, defined, there)
}

// TestTheDefinitionsTellWhichArgumentsMustBeThere calls each function with none: what needs one says so, what does not has
// nothing to object to.
func TestTheDefinitionsTellWhichArgumentsMustBeThere(t *testing.T) {
	set := definitions.Shipped()
	bad := regexp.MustCompile(`bad argument #\d `)
	for _, f := range set.Functions {
		if f.Callback() || f.Method() || f.Name == "error" {
			continue
		}
		call := f.Name
		if set.Module(f.Owner()) != nil {
			call = `(require "` + f.Owner() + `").` + f.Short()
		}
		problem := ""
		explore(t, `
			local ok, problem = pcall(`+call+`)
			require "probe".found(ok and "" or tostring(problem))
			function on_eom() end`,
			func(L *lua.LState) int {
				problem = L.CheckString(1)
				return 0
			})
		takesAny := len(f.Params) > 0 && f.Params[0].Type == "any"
		if needs := f.MinArgs() > 0; needs != bad.MatchString(problem) && !takesAny {
			t.Errorf("%s: got %q without arguments, and at least %d are defined", f.Name, problem, f.MinArgs())
		}
	}
}
