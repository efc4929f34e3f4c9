package luabind

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	lua "github.com/yuin/gopher-lua"

	"luamilter/luabind/guard"
	"luamilter/protocol"
)

// fixture is a loaded script with one message in progress that an MTA offers everything for.
type fixture struct {
	t      testing.TB
	script *Script
	state  *State
	scope  *Scope
	log    bytes.Buffer
}

// writeScripts writes files, given as name and text in turn, and returns the path of the first.
func writeScripts(t testing.TB, files ...string) string {
	t.Helper()
	dir := t.TempDir()
	for i := 0; i < len(files); i += 2 {
		path := filepath.Join(dir, filepath.FromSlash(files[i]))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(files[i+1]), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return filepath.Join(dir, filepath.FromSlash(files[0]))
}

func testEnv(out *bytes.Buffer) Env {
	return Env{
		Version:   "1.2.3",
		Modules:   map[string]lua.LGFunction{"host": func(L *lua.LState) int { L.Push(lua.LString("the host's")); return 1 }},
		Memory:    guard.NewMemory(0),
		Log:       slog.New(slog.NewTextHandler(out, nil)),
		LoadLimit: 10 * time.Second,
	}
}

// load loads a script that must load.
func load(t testing.TB, src string) *fixture {
	t.Helper()
	f := &fixture{t: t}
	script, err := Load(t.Context(), writeScripts(t, "filter.lua", src), testEnv(&f.log))
	if err != nil {
		t.Fatalf("load: %v", err)
	}
	f.script = script
	if f.state, err = script.NewState(context.Background()); err != nil {
		t.Fatalf("make a state: %v", err)
	}
	conn := &Conn{Hostname: "mx.example", Family: protocol.FamilyInet, Address: "192.0.2.1", Port: 25, Helo: "helo.example", ID: "c1"}
	msg := &Message{Sender: "a@example.org", SenderParams: []string{"SIZE=12", "smtputf8"}, ID: "4Q1"}
	msg.Recipients = []Recipient{{"<b@example.net>", "b@example.net"}, {"<C@Example.net>", "C@Example.net"}}
	f.scope = &Scope{
		Conn:       conn,
		Message:    msg,
		ConnFields: NewConnFields(conn),
		MsgFields:  NewMessageFields(msg),
		Macros:     new(protocol.Macros),
		Options:    protocol.Options{Version: 6, Actions: protocol.AllActions, Steps: protocol.AllSteps},
		MaxSize:    1 << 20,
		Log:        slog.New(slog.NewTextHandler(&f.log, nil)),
	}
	return f
}

func (f *fixture) call(cb Callback) (protocol.Verdict, error) {
	f.t.Helper()
	ev := &protocol.Event{Code: callbacks[cb].code, Macros: f.scope.Macros}
	return f.callWith(cb, ev)
}

// callWith runs the callback as the host does: a state that failed is thrown away.
func (f *fixture) callWith(cb Callback, ev *protocol.Event) (protocol.Verdict, error) {
	f.t.Helper()
	v, err := f.state.Call(cb, ev, f.scope, Limit{Time: 5 * time.Second})
	if err != nil {
		f.state.Close()
		state, stateErr := f.script.NewState(context.Background())
		if stateErr != nil {
			f.t.Fatalf("make a new state: %v", stateErr)
		}
		f.state = state
	}
	return v, err
}

// mustCall runs a callback that must not fail.
func (f *fixture) mustCall(cb Callback) protocol.Verdict {
	f.t.Helper()
	v, err := f.call(cb)
	if err != nil {
		f.t.Fatalf("%s: %v", cb, err)
	}
	return v
}

// wantFailure checks that an error is a Failure whose message holds a text and the script's file and line.
func wantFailure(t *testing.T, err error, want string) {
	t.Helper()
	var f *Failure
	if !errors.As(err, &f) {
		t.Fatalf("got %v, want a failure with %q", err, want)
	}
	if !strings.Contains(f.Message, want) || !strings.Contains(f.Message, "filter.lua:") {
		t.Errorf("got %q, want filter.lua:N: and %q", f.Message, want)
	}
}
