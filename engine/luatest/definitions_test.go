package luatest

import (
	"maps"
	"slices"
	"strings"
	"testing"

	"luamilter/luabind/definitions"
	"luamilter/scripts"
)

func TestTheDefinitionsHaveWhatTestsMayCall(t *testing.T) {
	text, err := scripts.Files.ReadFile("definitions/test.lua")
	if err != nil {
		t.Fatal(err)
	}
	set, err := definitions.Parse(strings.TrimSuffix(string(text), "return test\n"))
	if err != nil {
		t.Fatal(err)
	}
	f := runTest(t, `function on_eom() end`, `
		local function list(of) for name in pairs(of) do print(name) end end
		t.case("module", function() list(t) end)
		t.case("session", function() list(t.session{}) end)`)
	wantPassed(t, f)
	for i, class := range []string{"luamilter.module.test", "luamilter.test.session"} {
		var defined, there []string
		for _, member := range set.Members(class) {
			defined = append(defined, member.Short())
		}
		for _, line := range f.Cases[i].Log {
			there = append(there, line.Text)
		}
		slices.Sort(defined)
		slices.Sort(there)
		if !slices.Equal(defined, there) {
			t.Errorf("%s: defined are %v, there are %v", class, defined, there)
		}
	}
	for class, want := range map[string][]string{
		"luamilter.test.connection": connectionOptions,
		"luamilter.test.mail":       append(slices.Clone(mailOptions), "macros"),
		"luamilter.test.offer":      {"version", "without", "actions", "steps"},
	} {
		fields := map[string]bool{}
		for _, field := range set.Class(class).Fields {
			fields[field.Name] = true
		}
		slices.Sort(want)
		if got := slices.Sorted(maps.Keys(fields)); !slices.Equal(got, want) {
			t.Errorf("%s: defined are %v, taken %v", class, got, want)
		}
	}
}
