package archive_test

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
	"luamilter/luabind/archive"
	"luamilter/luabind/guard"
)

// load loads a script that has the module as archive and a folder as dir; what it prints is in the result.
func load(t *testing.T, src string) (printed string, err error) {
	t.Helper()
	dir := t.TempDir()
	path := filepath.Join(dir, "filter.lua")
	head := fmt.Sprintf("local archive, dir = require 'archive', %q ", dir)
	if err := os.WriteFile(path, []byte(head+src+"\nfunction on_mail() end"), 0o644); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	_, err = luabind.Load(t.Context(), path, luabind.Env{
		Modules:   map[string]lua.LGFunction{"archive": archive.Open},
		Memory:    guard.NewMemory(0),
		Log:       slog.New(slog.NewTextHandler(&out, nil)),
		LoadLimit: 10 * time.Second,
	})
	return strings.ReplaceAll(out.String(), dir, "DIR"), err
}

// zipInLua is a stored zip file with évil.exe, without a directory, as a Lua string.
const zipInLua = `"PK\3\4\20\0\0\0\0\0\0\0\0\0\0\0\0\0\2\0\0\0\2\0\0\0\9\0\0\0\195\169vil.exeMZ"`

func TestLua(t *testing.T) {
	uid := fmt.Sprint("uid ", os.Geteuid())
	tests := []struct{ name, lua, want string }{
		{"names", `local names, defects = archive.names(` + zipInLua + `, "x.zip")
			print(#names, names[1].name, names[1].depth, names[1].encrypted, #defects, defects[1])`,
			`1\tévil.exe\t1\tfalse\t1\tx.zip: the zip file has no directory: it is cut off or broken`},
		{"names of what is no archive", `local names, defects = archive.names("hello") print(#names, #defects)`, `0\t0`},
		{"mbox", `print(archive.mbox(dir .. "/m", "A: b\r\n\r\nFrom c", {sender = "a@b", time = 0, sync = true, timeout = 0.5}))
			print(io.open(dir .. "/m"):read("*a"))`, `From a@b Thu Jan  1 00:00:00 1970\nA: b\n\n>From c\n\n`},
		{"mbox that fails", `print(archive.mbox(dir .. "/none/m", "x"))`, `nil\tDIR/none/m: open: no such file or directory (` + uid + `)`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got, err := load(t, tt.lua)
			if err != nil {
				t.Fatal(err)
			}
			if !strings.Contains(got, tt.want) {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
}

func TestWrongArguments(t *testing.T) {
	tests := []struct{ name, lua, want string }{
		{"no data", `archive.names()`, "bad argument #1 to 'archive.names' (data: string expected, got no value)"},
		{"a file name that is none", `archive.names("", {})`, "bad argument #2 to 'archive.names' (filename: string expected, got table)"},
		{"no message", `archive.mbox("x")`, "bad argument #2 to 'archive.mbox' (message: string expected"},
		{"options that are none", `archive.mbox("x", "", 1)`, "bad argument #3 to 'archive.mbox' (options: table expected, got number)"},
		{"an option that is not known", `archive.mbox("x", "", {fsync = true})`, `(options: there is no option "fsync": sender`},
		{"a time before all", `archive.mbox("x", "", {time = -1})`, `(options: time cannot be "-1")`},
		{"a time that is none", `archive.mbox("x", "", {time = 0/0})`, `(options: time cannot be`},
		{"a timeout without end", `archive.mbox("x", "", {timeout = 1/0})`, `(options: timeout cannot be`},
		{"a sender that is none", `archive.mbox("x", "", {sender = {}})`, `(options: sender cannot be "table`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := load(t, tt.lua); err == nil || !strings.Contains(err.Error(), "filter.lua:1: ") || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want line 1 and %q", err, tt.want)
			}
		})
	}
}

// TestExamples runs those of the reference.
func TestExamples(t *testing.T) {
	page, err := os.ReadFile("../../docs/modules/archive.md")
	if err != nil {
		t.Fatal(err)
	}
	t.Chdir(t.TempDir())
	for _, part := range strings.Split(string(page), "```lua\n")[1:] {
		example, _, _ := strings.Cut(part, "```")
		if _, err := load(t, "do "+example+" end"); err != nil {
			t.Errorf("%s\n%v", example, err)
		}
	}
}
