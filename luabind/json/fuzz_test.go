package json

import (
	std "encoding/json"
	"reflect"
	"strings"
	"testing"

	lua "github.com/yuin/gopher-lua"

	"luamilter/luabind/guard"
)

// decoded is what json.decode and then json.encode make of a text.
func decoded(L *lua.LState, text string) (again, problem string) {
	defer L.SetTop(0)
	L.Push(L.NewFunction(decode))
	L.Push(lua.LString(text))
	L.Call(1, 2)
	v, message := L.Get(-2), L.Get(-1)
	if v == lua.LNil {
		return "", message.String()
	}
	L.Push(L.NewFunction(encode))
	L.Push(v)
	L.Call(1, 1)
	return L.Get(-1).String(), ""
}

// FuzzDecode compares with encoding/json: the same texts are valid, and what was read and written again means the same.
func FuzzDecode(f *testing.F) {
	for _, seed := range []string{
		`{"a":[1,-2.5e3,null,true,false,{}],"b":"\u00e9\ud83d\ude00\n"}`, `[]`, `"\ud800"`, "\"\xff\"", `01`, `1e999`, ` [ [ ] , { } ] `, `{"a":1,"a":[]}`,
		`"\`, `-0`, `[1,]`, "\"a\x01\"", `nul`, `1e-400`, "\ufeff1",
	} {
		f.Add(seed)
	}
	L := guard.NewState(guard.Options{})
	f.Cleanup(L.Close)
	f.Fuzz(func(t *testing.T, text string) {
		again, problem := decoded(L, text)
		if strings.HasPrefix(text, "\ufeff") || strings.Contains(problem, "nested too deep") || strings.Contains(problem, "too large for Lua") {
			return
		}
		if valid := std.Valid([]byte(text)); valid != (problem == "") {
			t.Fatalf("%q: got the problem %q, encoding/json says valid: %v", text, problem, valid)
		}
		if problem != "" {
			return
		}
		var want, got any
		if err := std.Unmarshal([]byte(text), &want); err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if err := std.Unmarshal([]byte(again), &got); err != nil {
			t.Fatalf("%q became %q: %v", text, again, err)
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("%q became %q: got %v, want %v", text, again, got, want)
		}
	})
}
