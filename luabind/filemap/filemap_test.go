package filemap_test

import (
	"bytes"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	lua "github.com/yuin/gopher-lua"

	"luamilter/luabind"
	"luamilter/luabind/filemap"
	"luamilter/luabind/guard"
	"luamilter/protocol"
)

// rig is a script with the module, in a folder.
type rig struct {
	dir string
	out bytes.Buffer
}

// put replaces a file at once, with a time that cannot be mistaken for now.
func (r *rig) put(t *testing.T, name, text string) {
	t.Helper()
	path, old := filepath.Join(r.dir, name), time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)
	err := os.WriteFile(path+".next", []byte(text), 0o644)
	if err == nil {
		err = os.Chtimes(path+".next", old, old)
	}
	if err == nil {
		err = os.Rename(path+".next", path)
	}
	if err != nil {
		t.Fatal(err)
	}
}

func (r *rig) load(t *testing.T, src string) (*luabind.Script, error) {
	t.Helper()
	r.put(t, "filter.lua", "local map = require 'map' "+src)
	return luabind.Load(t.Context(), filepath.Join(r.dir, "filter.lua"), luabind.Env{
		Modules:   map[string]lua.LGFunction{"map": filemap.New().Open},
		Memory:    guard.NewMemory(0),
		Log:       slog.New(slog.NewTextHandler(&r.out, nil)),
		LoadLimit: 10 * time.Second,
	})
}

func TestLua(t *testing.T) {
	r := &rig{dir: t.TempDir()}
	r.put(t, "text", "example.org OK\nSPF-Fail:.org no\nwild = x\n")
	r.put(t, "patterns", "/^(.*)@a$/ got $1\n")
	_, err := r.load(t, `
local text, patterns = map.open("text"), map.open("patterns", {type = "regexp"})
local sep = map.open("text", {separator = " ", ignore_case = false})
print(text:get("Example.org")) print(text:get("none")) print(text:size())
print(text:lookup_address("a@example.org")) print(text:lookup_address("a@example.org", "SPF-Fail"))
print(patterns:get("me@a")) print(patterns:get(("x"):rep(200000)))
print(sep:get("Example.org")) print(getmetatable(text))
function on_mail() end`)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`OK\texample.org"`, `=nil`, `=3 `, `no\tspf-fail:.org"`, `got me\t/^(.*)@a$/"`, `nil\tthe key is too long: more than 128 KiB"`, `=false`,
	} {
		if !strings.Contains(r.out.String(), want) {
			t.Errorf("got %s, want %s", r.out.String(), want)
		}
	}
}

func TestErrors(t *testing.T) {
	r := &rig{dir: t.TempDir()}
	r.put(t, "text", "a b\n")
	r.put(t, "broken", "a b\n\"c\n")
	tests := []struct{ name, lua, want string }{
		{"no file", `map.open("none")`, "bad argument #1 to 'map.open' (path: open " + r.dir + "/none: no such file or directory)"},
		{"a broken file", `map.open("broken")`, "(path: " + r.dir + `/broken:2: "\"c": the quote does not end)`},
		{"no path", `map.open()`, "(path: string expected, got no value)"},
		{"an option that is not known", `map.open("text", {kind = "text"})`, `(options: there is no option "kind"`},
		{"a type that is not known", `map.open("text", {type = "hash"})`, `(options: type cannot be "hash")`},
		{"a type that is none", `map.open("text", {type = {}})`, `(options: type cannot be "table`},
		{"a separator that is none", `map.open("text", {separator = ""})`, `(options: separator cannot be "")`},
		{"a separator of a regexp table", `map.open("text", {type = "regexp", separator = ":"})`, "(options: a regexp table has no separator"},
		{"options that are none", `map.open("text", "cidr")`, "(options: table expected, got string)"},
		{"a method without its map", `map.open("text").get("a")`, "map: get is a method: call it as m:get(...)"},
		{"a key that is none", `map.open("text"):get(nil)`, "bad argument #2 to 'm:get' (key: string expected, got nil)"},
		{"an address in a cidr table", `map.open("empty", {type = "cidr"}):lookup_address("a@b")`, "this is a map of type cidr"},
	}
	r.put(t, "empty", "")
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := r.load(t, tt.lua+"\nfunction on_mail() end")
			if err == nil || !strings.Contains(err.Error(), "filter.lua:1: ") || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want line 1 and %s", err, tt.want)
			}
		})
	}
	_, err := r.load(t, `function on_load() map.open("text") end function on_mail() end`)
	if err == nil || !strings.Contains(err.Error(), "map.open: only while the script loads") {
		t.Errorf("in a callback: got %v, want that it is too late", err)
	}
}

// TestReload changes the file of a script that runs in two states. A file is looked at once a second, so it asks until the
// change is seen.
func TestReload(t *testing.T) {
	r := &rig{dir: t.TempDir()}
	r.put(t, "text", "a one\n")
	script, err := r.load(t, `local m = map.open("text") function on_helo() print("it is " .. m:get("a")) end`)
	if err != nil {
		t.Fatal(err)
	}
	var states [2]*luabind.State
	for i := range states {
		if states[i], err = script.NewState(t.Context()); err != nil {
			t.Fatal(err)
		}
		defer states[i].Close()
	}
	scope := &luabind.Scope{Conn: &luabind.Conn{}, Log: slog.New(slog.NewTextHandler(&r.out, nil))}
	until := func(what string) {
		t.Helper()
		r.out.Reset()
		deadline := time.Now().Add(time.Minute)
		for !strings.Contains(r.out.String(), what) {
			if time.Now().After(deadline) {
				t.Fatalf("got %s, want %s", r.out.String(), what)
			}
			for _, st := range states {
				if _, err := st.Call(luabind.OnHelo, &protocol.Event{Name: "x"}, scope, luabind.Limit{Time: time.Minute}); err != nil {
					t.Fatal(err)
				}
			}
			time.Sleep(10 * time.Millisecond)
		}
	}
	until("it is one")
	r.put(t, "text", "a two\n")
	until("it is two")
	if got := r.out.String(); strings.Count(got, `msg="a file has changed and is used now"`) != 1 {
		t.Errorf("got %s, want one line about the change", got)
	}
	r.put(t, "text", "\"a three\n")
	until(`text:1: \"\\\"a three\": the quote does not end`)
	r.out.Reset()
	until("it is two")
	if got := r.out.String(); strings.Count(got, "WARN") != 0 {
		t.Errorf("got %s, want no second warning", got)
	}
}

// TestExample runs that of the reference.
func TestExample(t *testing.T) {
	page, err := os.ReadFile("../../docs/modules/map.md")
	if err != nil {
		t.Fatal(err)
	}
	_, example, _ := strings.Cut(string(page), "```lua\n")
	example, _, _ = strings.Cut(example, "```")
	r := &rig{dir: t.TempDir()}
	r.put(t, "access.txt", "SPF-Fail:example.org   REJECT\nSPF-Fail:              OK\n")
	if _, err := r.load(t, example+"\nfunction on_mail() end"); err != nil {
		t.Error(err)
	}
}
