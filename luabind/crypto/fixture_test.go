package crypto_test

import (
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	lua "github.com/yuin/gopher-lua"

	"luamilter/luabind"
	"luamilter/luabind/crypto"
	"luamilter/luabind/guard"
)

// run loads a script that begins with local crypto and gives what it gave to got(...), one text for each call.
func run(t *testing.T, limit time.Duration, src string) ([]string, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "filter.lua")
	src = `local crypto, got = require "crypto", require "got"; ` + src + "\nfunction on_mail() end"
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
			"crypto": crypto.Open,
			"got":    func(L *lua.LState) int { L.Push(L.NewFunction(capture)); return 1 },
		},
		Memory:    guard.NewMemory(0),
		Log:       slog.New(slog.DiscardHandler),
		LoadLimit: limit,
	})
	return out, err
}

// show writes a string as a Go string, other values as Lua does.
func show(v lua.LValue) string {
	if s, ok := v.(lua.LString); ok {
		return fmt.Sprintf("%q", string(s))
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

// expectError runs Lua statements that must raise.
func expectError(t *testing.T, tests []struct{ name, lua, want string }) {
	t.Helper()
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := run(t, time.Minute, tt.lua); err == nil || !strings.Contains(err.Error(), "filter.lua:1: ") || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%s: got %v, want filter.lua:1 and %q", tt.lua, err, tt.want)
			}
		})
	}
}
