package luabind

import (
	"strings"
	"testing"

	lua "github.com/yuin/gopher-lua"
)

func TestProbeSaysWhatTheFunctionsSay(t *testing.T) {
	p := NewProbe()
	defer p.Close()
	str := func(s string) lua.LValue { return lua.LString(s) }
	for _, c := range []struct {
		name string
		args []lua.LValue
		want string // "" for no complaint
	}{
		{"reject", []lua.LValue{lua.LNumber(450)}, "bad argument #1 to 'reject' (code: 450"},
		{"reject", []lua.LValue{lua.LNumber(550), str("5.7.1"), str("no")}, ""},
		{"add_header", []lua.LValue{str("X:")}, "bad argument #1 to 'add_header' (name:"},
		{"add_header", []lua.LValue{str("X"), str("y")}, ""},
		{"delete_header", []lua.LValue{str("X")}, ""},
		{"delete_recipient", []lua.LValue{str("anybody@example.org")}, ""},
		{"macro", nil, "bad argument #1 to 'macro'"},
	} {
		got := p.Complaint(c.name, c.args...)
		if !strings.HasPrefix(got, c.want) || (got == "") != (c.want == "") {
			t.Errorf("%s%v: got %q, want %q", c.name, c.args, got, c.want)
		}
	}
	if Takes("print") || Takes("accept") {
		t.Error("got that print and accept can be asked, want only functions that check arguments")
	}
}
