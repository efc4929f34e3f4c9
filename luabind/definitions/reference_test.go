package definitions

import (
	"flag"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

var update = flag.Bool("update", false, "write what is made of scripts/luamilter.d.lua")

// wantFile compares a file with what it should be made of, or writes it.
func wantFile(t *testing.T, path, want string) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != want {
		t.Errorf("%s is not what scripts/luamilter.d.lua says; run go test ./luabind/definitions -update", path)
	}
}

func TestTheReferenceIsMadeOfTheDefinitions(t *testing.T) {
	text := Shipped().Reference()
	if m := placeholder.FindString(text); m != "" {
		t.Errorf("%s is left in the reference", m)
	}
	wantFile(t, "../../docs/lua-api.md", text)
}

func TestTheConfigurationsOfEditorsAreMadeOfTheDefinitions(t *testing.T) {
	const ours = `max_line_length = 100
-- Definitions declare what others call.
files["**/luamilter.d.lua"] = { ignore = { "1..", "2..", "4..", "631" } }
files["**/definitions/*.lua"] = { ignore = { "212", "221", "241", "431", "631" } }
`
	wantFile(t, "../../scripts/.luacheckrc", Shipped().LuacheckConfig(ours))
	wantFile(t, "../../scripts/.luarc.json", EditorConfig("definitions"))
	for _, name := range Shipped().Modules() {
		wantFile(t, "../../scripts/definitions/"+name+".lua", ModuleFile(name))
	}
}

// TestThePageOfEachModuleHasItsFunctions looks for name.function( and name:method( in the page, in both directions.
func TestThePageOfEachModuleHasItsFunctions(t *testing.T) {
	set := Shipped()
	for _, name := range set.Modules() {
		path := "../../docs/modules/" + name + ".md"
		if name == "log" {
			continue // a chapter of the reference
		}
		page, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		var defined []string
		for _, f := range set.Members(modulePrefix + name) {
			defined = append(defined, f.Name)
		}
		var there []string
		for _, m := range regexp.MustCompile(`\b`+name+`\.(\w+)[({ ]?`).FindAllStringSubmatch(string(page), -1) {
			if full := name + "." + m[1]; strings.HasSuffix(m[0], "(") || strings.HasSuffix(m[0], "{") {
				there = append(there, full)
			}
		}
		for _, f := range defined {
			if !slices.Contains(there, f) {
				t.Errorf("%s does not have %s", path, f)
			}
		}
		for _, f := range there {
			if !slices.Contains(defined, f) {
				t.Errorf("%s has %s, which luamilter.d.lua does not have", path, f)
			}
		}
	}
}

func TestThePagesHaveTheMethodsOfEachObject(t *testing.T) {
	for class, c := range map[string]struct{ path, variable string }{
		"luamilter.set":     {"ipset", "set"},
		"luamilter.map":     {"map", "m"},
		"luamilter.points":  {"score", "points"},
		"luamilter.message": {"mime", "m"},
		"luamilter.part":    {"mime", "part"},
	} {
		page, err := os.ReadFile("../../docs/modules/" + c.path + ".md")
		if err != nil {
			t.Fatal(err)
		}
		var defined []string
		for _, f := range Shipped().Members(class) {
			defined = append(defined, f.Short())
			if call := c.variable + ":" + f.Short(); !strings.Contains(string(page), call+"(") && !strings.Contains(string(page), call+"{") {
				t.Errorf("the page of %s does not have %s", c.path, call)
			}
		}
		for _, m := range regexp.MustCompile(`\b`+c.variable+`:(\w+)[({]`).FindAllStringSubmatch(string(page), -1) {
			if !slices.Contains(defined, m[1]) {
				t.Errorf("the page of %s has %s, which luamilter.d.lua does not have", c.path, m[0])
			}
		}
	}
}
