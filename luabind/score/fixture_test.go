package score_test

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
	"luamilter/luabind/score"
	"luamilter/protocol"
)

// output is what a script gave to got(...), one text for each call.
type output []string

// load loads a script that begins with local score.
func load(t *testing.T, limit time.Duration, src string) (*luabind.Script, *output, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "filter.lua")
	src = `local score, got = require "score", require "got"; ` + src
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
			"score": score.Open,
			"got":   func(L *lua.LState) int { L.Push(L.NewFunction(capture)); return 1 },
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

// call is one callback with the event that it gets.
type call struct {
	cb luabind.Callback
	ev protocol.Event
}

// callInStates runs callbacks of one connection, each in a Lua state of its own; the message is there from on_mail on. It
// gives the last verdict.
func callInStates(t *testing.T, src string, calls ...call) (output, protocol.Verdict, error) {
	t.Helper()
	script, out, err := load(t, time.Minute, src)
	if err != nil {
		t.Fatal(err)
	}
	conn := new(luabind.Conn)
	scope := &luabind.Scope{
		Conn: conn, ConnFields: luabind.NewConnFields(conn), Macros: new(protocol.Macros), Log: slog.New(slog.DiscardHandler),
		Options: protocol.Options{Version: 6, Actions: protocol.AllActions, Steps: protocol.AllSteps},
	}
	var v protocol.Verdict
	for _, c := range calls {
		if c.cb == luabind.OnMail {
			scope.Message = new(luabind.Message)
			scope.MsgFields = luabind.NewMessageFields(scope.Message)
		}
		st, err := script.NewState(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		v, err = st.Call(c.cb, &c.ev, scope, luabind.Limit{Time: time.Minute})
		st.Close()
		if err != nil {
			return *out, v, err
		}
	}
	return *out, v, nil
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
