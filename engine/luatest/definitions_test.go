package luatest

import (
	"slices"
	"testing"

	lua "github.com/yuin/gopher-lua"

	"luamilter/luabind/definitions"
)

// wantSame compares the names that a table has with those of a class in scripts/definitions/test.lua.
func wantSame(t *testing.T, class string, table *lua.LTable) {
	t.Helper()
	var got, want []string
	for _, f := range definitions.Tests().Members(class) {
		got = append(got, f.Short())
	}
	table.ForEach(func(k, _ lua.LValue) { want = append(want, k.String()) })
	slices.Sort(got)
	slices.Sort(want)
	if !slices.Equal(got, want) {
		t.Errorf("%s: got %v in definitions/test.lua, want %v", class, got, want)
	}
}

func TestTheDefinitionsForEditorsHaveWhatTestsMayCall(t *testing.T) {
	L := lua.NewState()
	defer L.Close()
	wantSame(t, "luamilter.test", (&runner{lua: L}).testModule())

	for class, want := range map[string][]string{
		"luamilter.test.client": connectionOptions,
		"luamilter.test.mail":   mailOptions,
	} {
		var got []string
		for _, f := range definitions.Tests().Class(class).Fields {
			got = append(got, f.Name)
		}
		slices.Sort(got)
		if want = slices.Sorted(slices.Values(want)); !slices.Equal(got, want) {
			t.Errorf("%s: got %v in definitions/test.lua, want %v", class, got, want)
		}
	}
}

// names are what the test in Lua has printed.
func names(t *testing.T, test string) (list []string) {
	t.Helper()
	f := runTest(t, `function on_mail() return reject() end`, `t.case("it", function() `+test+` end)`)
	wantPassed(t, f)
	for _, line := range f.Cases[0].Log {
		list = append(list, line.Text)
	}
	return list
}

func TestTheDefinitionsForEditorsHaveSessionsAndResults(t *testing.T) {
	var methods []string
	for _, f := range definitions.Tests().Members("luamilter.test.session") {
		methods = append(methods, f.Short())
	}
	got := names(t, `for name in pairs(t.session{}) do print(name) end`)
	slices.Sort(got)
	if slices.Sort(methods); !slices.Equal(methods, got) {
		t.Errorf("got the methods %v of a session in definitions/test.lua, want %v", methods, got)
	}
	for _, name := range names(t, `for name in pairs(t.send{}) do print(name) end`) {
		fields := definitions.Tests().Class("luamilter.test.result").Fields
		if !slices.ContainsFunc(fields, func(f definitions.Field) bool { return f.Name == name }) {
			t.Errorf("a result has %s, and definitions/test.lua does not", name)
		}
	}
}
