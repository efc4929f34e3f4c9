package mime

import (
	"maps"
	"slices"
	"testing"

	lua "github.com/yuin/gopher-lua"

	"luamilter/luabind/definitions"
)

func TestTheDefinitionsHaveWhatMessagesAndPartsHave(t *testing.T) {
	for _, c := range []struct {
		class   string
		fields  []string
		methods map[string]lua.LGFunction
	}{
		{"luamilter.message", slices.Sorted(maps.Keys(messageFields)), messageMethods},
		{"luamilter.part", slices.Sorted(maps.Keys(partFields)), partMethods},
	} {
		var fields, methods []string
		for _, f := range definitions.Shipped().Class(c.class).Fields {
			fields = append(fields, f.Name)
		}
		for _, f := range definitions.Shipped().Members(c.class) {
			methods = append(methods, f.Short())
		}
		slices.Sort(fields)
		slices.Sort(methods)
		if !slices.Equal(fields, c.fields) {
			t.Errorf("fields of %s: got %v in luamilter.d.lua, want %v", c.class, fields, c.fields)
		}
		if want := slices.Sorted(maps.Keys(c.methods)); !slices.Equal(methods, want) {
			t.Errorf("methods of %s: got %v in luamilter.d.lua, want %v", c.class, methods, want)
		}
	}
}
