package re_test

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	lua "github.com/yuin/gopher-lua"

	"luamilter/luabind"
	"luamilter/luabind/guard"
	"luamilter/luabind/re"
)

// run loads a script that begins with local re; the values that it gives to got(...) are in the result, one text a call.
func run(t *testing.T, limit time.Duration, src string) ([]string, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "filter.lua")
	src = `local re, got = require "re", require "got"; ` + src + "\nfunction on_mail() end"
	if err := os.WriteFile(path, []byte(src), 0o644); err != nil {
		t.Fatal(err)
	}
	var out []string
	capture := func(L *lua.LState) int {
		var values []string
		for i := 1; i <= L.GetTop(); i++ {
			values = append(values, show(L.Get(i)))
		}
		out = append(out, strings.Join(values, " "))
		return 0
	}
	_, err := luabind.Load(t.Context(), path, luabind.Env{
		Modules: map[string]lua.LGFunction{
			"re":  re.New().Open,
			"got": func(L *lua.LState) int { L.Push(L.NewFunction(capture)); return 1 },
		},
		Memory:    guard.NewMemory(0),
		Log:       slog.New(slog.DiscardHandler),
		LoadLimit: limit,
	})
	return out, err
}

// show writes a value as a Go string, number or {key=value ...} in order.
func show(v lua.LValue) string {
	switch v := v.(type) {
	case lua.LString:
		return fmt.Sprintf("%q", string(v))
	case *lua.LTable:
		var entries []string
		v.ForEach(func(k, v lua.LValue) { entries = append(entries, fmt.Sprint(k, "=", show(v))) })
		slices.Sort(entries)
		return "{" + strings.Join(entries, " ") + "}"
	}
	return v.String()
}

// expect runs Lua expressions and compares what they give.
func expect(t *testing.T, tests []struct{ name, lua, want string }) {
	t.Helper()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := run(t, time.Minute, "got("+tt.lua+")")
			if err != nil {
				t.Fatal(err)
			}
			if got[0] != tt.want {
				t.Errorf("%s: got %s, want %s", tt.lua, got[0], tt.want)
			}
		})
	}
}
