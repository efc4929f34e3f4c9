package luatest

import (
	"maps"
	"slices"
	"testing"

	"luamilter/luabind/definitions"
)

func TestTheDefinitionsHaveWhatTestsMayCall(t *testing.T) {
	set := definitions.Tests()
	f := runTest(t, `function on_eom() end`, `
		local function list(of) for name in pairs(of) do print(name) end end
		t.case("module", function() list(t) end)
		t.case("session", function() list(t.session{}) end)
		t.case("result", function() list(t.send{}) end)`)
	wantPassed(t, f)
	for i, class := range []string{"luamilter.module.test", "luamilter.test.session"} {
		var defined, there []string
		for _, member := range set.Members(class) {
			defined = append(defined, member.Short())
		}
		for _, field := range set.Class(class).Fields {
			defined = append(defined, field.Name)
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
	for _, line := range f.Cases[2].Log { // a refused mail has other fields, and those of a failure are not walked
		fields := set.Class("luamilter.test.result").Fields
		if !slices.ContainsFunc(fields, func(f definitions.Field) bool { return f.Name == line.Text }) {
			t.Errorf("a result has %s, which is not defined", line.Text)
		}
	}
}
