package ipset_test

import (
	"bytes"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	lua "github.com/yuin/gopher-lua"

	"luamilter/luabind"
	"luamilter/luabind/guard"
	"luamilter/luabind/ipset"
)

// rig is a script with the module, in a folder.
type rig struct {
	dir    string
	out    bytes.Buffer
	module *ipset.Module
}

func (r *rig) put(t *testing.T, name, text string) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(r.dir, name), []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func newRig(t *testing.T) *rig { return &rig{dir: t.TempDir(), module: ipset.New()} }

func (r *rig) load(t *testing.T, src string) (*luabind.Script, error) {
	t.Helper()
	r.put(t, "filter.lua", "local ipset = require 'ipset' "+src)
	return luabind.Load(t.Context(), filepath.Join(r.dir, "filter.lua"), luabind.Env{
		Modules:   map[string]lua.LGFunction{"ipset": r.module.Open},
		Memory:    guard.NewMemory(0),
		Log:       slog.New(slog.NewTextHandler(&r.out, nil)),
		LoadLimit: 10 * time.Second,
	})
}

func TestLua(t *testing.T) {
	r := newRig(t)
	r.put(t, "list", "192.0.2.0/24 office\n*.example.net\n")
	_, err := r.load(t, `
local fixed, file = ipset.new{"10.*", "*.example.org"}, ipset.open("list")
print(fixed:contains("10.1.2.3")) print(fixed:contains(nil, "a.example.org")) print(fixed:contains("x")) print(fixed:size())
print(file:contains("192.0.2.1", "x")) print(file:contains("::1", "a.example.net")) print(file:size())
print(getmetatable(file))
function on_mail() end`)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`true\t10.*"`, `true\t*.example.org"`, `=false`, `=2 `, `true\t192.0.2.0/24\toffice"`, `true\t*.example.net"`,
	} {
		if !strings.Contains(r.out.String(), want) {
			t.Errorf("got %s, want %s", r.out.String(), want)
		}
	}
}

func TestErrorsAtLoad(t *testing.T) {
	r := newRig(t)
	r.put(t, "broken", "# x\n10.0.0.0/33 y\n")
	tests := []struct{ name, lua, want string }{
		{"a bad entry", `ipset.new{"::1", "10.0.0.0/33"}`, `bad argument #1 to 'ipset.new' (entries: entry 2: "10.0.0.0/33": a prefix length`},
		{"an entry that is no string", `ipset.new{"::1", {}}`, "entry 2: string expected, got table"},
		{"a table that is no list", `ipset.new{a = "::1"}`, `a list of strings expected, got the key "a"`},
		{"no table", `ipset.new("::1")`, "(entries: table expected, got string)"},
		{"no path", `ipset.open()`, "(path: string expected, got no value)"},
		{"no file", `ipset.open("none")`, "(path: open " + r.dir + "/none: no such file or directory)"},
		{"a bad file", `ipset.open("broken")`, `(path: ` + r.dir + `/broken:2: "10.0.0.0/33": a prefix length`},
		{"a method without its set", `ipset.new{}.contains("::1")`, "ipset: contains is a method: call it as set:contains(...)"},
		{"an address that is none", `ipset.new{}:contains({})`, "bad argument #2 to 'set:contains' (address: string expected, got table)"},
		{"a host name that is none", `ipset.new{}:contains("", true)`, "bad argument #3 to 'set:contains' (hostname: string expected, got boolean)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := r.load(t, tt.lua+"\nfunction on_mail() end")
			if err == nil || !strings.Contains(err.Error(), "filter.lua:1: ") || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want line 1 and %q", err, tt.want)
			}
		})
	}
}

func TestOpenInACallback(t *testing.T) {
	r := newRig(t)
	_, err := r.load(t, `function on_load() ipset.open("list") end function on_mail() end`)
	if err == nil || !strings.Contains(err.Error(), "ipset.open: only while the script loads") {
		t.Errorf("got %v, want that it is too late", err)
	}
}

// TestStatesShareAFile opens a file in several states, and then in one more when it is gone.
func TestStatesShareAFile(t *testing.T) {
	r := newRig(t)
	r.put(t, "list", "192.0.2.0/24\n")
	script, err := r.load(t, `local s = ipset.open("list") print(s:size()) function on_mail() end`)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(r.dir, "list")); err != nil {
		t.Fatal(err)
	}
	for range 3 {
		st, err := script.NewState(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		st.Close()
	}
	if _, err := (&rig{dir: r.dir, module: ipset.New()}).load(t, `ipset.open("list")`); err == nil {
		t.Error("another generation has opened a file that is gone")
	}
	if got := strings.Count(r.out.String(), "msg=1 "); got != 4 {
		t.Errorf("got %s", fmt.Sprint(r.out.String()))
	}
}

// TestExample runs that of the reference.
func TestExample(t *testing.T) {
	page, err := os.ReadFile("../../docs/modules/ipset.md")
	if err != nil {
		t.Fatal(err)
	}
	_, example, _ := strings.Cut(string(page), "```lua\n")
	example, _, _ = strings.Cut(example, "```")
	if _, err := newRig(t).load(t, example+"\nfunction on_mail() end"); err != nil {
		t.Error(err)
	}
}
