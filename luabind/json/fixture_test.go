package json_test

import (
	"context"
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
	"luamilter/luabind/json"
	"luamilter/protocol"
)

// output is what a script gave to got(...), one text for each call.
type output []string

// load loads a script that begins with local json.
func load(t *testing.T, limit time.Duration, src string) (*luabind.Script, *output, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "filter.lua")
	src = `local json, got = require "json", require "got"; ` + src
	if err := os.WriteFile(path, []byte(src), 0o644); err != nil {
		t.Fatal(err)
	}
	out := new(output)
	capture := func(L *lua.LState) int {
		var values []string
		for i := 1; i <= L.GetTop(); i++ {
			values = append(values, show(L.Get(i)))
		}
		*out = append(*out, strings.Join(values, " "))
		return 0
	}
	script, err := luabind.Load(t.Context(), path, luabind.Env{
		Modules: map[string]lua.LGFunction{
			"json": json.Open,
			"got":  func(L *lua.LState) int { L.Push(L.NewFunction(capture)); return 1 },
		},
		Memory:    guard.NewMemory(0),
		Log:       slog.New(slog.DiscardHandler),
		LoadLimit: limit,
	})
	return script, out, err
}

// run loads a script for what it does while it loads.
func run(t *testing.T, limit time.Duration, src string) (output, error) {
	t.Helper()
	_, out, err := load(t, limit, src+"\nfunction on_mail() end")
	return *out, err
}

// callInStates runs callbacks of one message, each in a Lua state of its own.
func callInStates(t *testing.T, src string, callbacks ...luabind.Callback) (output, error) {
	t.Helper()
	script, out, err := load(t, time.Minute, src)
	if err != nil {
		t.Fatal(err)
	}
	conn, msg := new(luabind.Conn), new(luabind.Message)
	scope := &luabind.Scope{
		Conn: conn, Message: msg, ConnFields: luabind.NewConnFields(conn), MsgFields: luabind.NewMessageFields(msg),
		Macros: new(protocol.Macros), Log: slog.New(slog.DiscardHandler),
	}
	for _, cb := range callbacks {
		st, err := script.NewState(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		_, err = st.Call(cb, new(protocol.Event), scope, luabind.Limit{Time: time.Minute})
		st.Close()
		if err != nil {
			return *out, err
		}
	}
	return *out, nil
}

// show writes a value as a Go string, number or {key=value ...} in order.
func show(v lua.LValue) string {
	switch v := v.(type) {
	case lua.LString:
		return fmt.Sprintf("%q", string(v))
	case *lua.LUserData:
		return "null"
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
