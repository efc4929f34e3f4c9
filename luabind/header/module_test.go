package header_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	lua "github.com/yuin/gopher-lua"

	"luamilter/luabind"
	"luamilter/luabind/guard"
	"luamilter/luabind/header"
)

// load loads a script that has the module as header.
func load(t *testing.T, src string, limit time.Duration) error {
	t.Helper()
	path := filepath.Join(t.TempDir(), "filter.lua")
	if err := os.WriteFile(path, []byte("local header = require(\"header\") "+src+"\nfunction on_mail() end"), 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := luabind.Load(t.Context(), path, luabind.Env{
		Modules:   map[string]lua.LGFunction{"header": header.Open},
		Memory:    guard.NewMemory(0),
		Log:       slog.New(slog.DiscardHandler),
		LoadLimit: limit,
	})
	return err
}

func TestModule(t *testing.T) {
	tests := []struct{ name, lua string }{
		{"decode", `assert(header.decode("=?utf-8?q?K=C3=B6ln?=\n x") == "Köln x")`},
		{"decode gives one value, so that it can be an argument", `assert(select("#", header.decode("\255")) == 1)`},
		{"defects", `local d = header.defects("caf\233"); assert(#d == 1 and d[1]:find("windows-1252", 1, true))`},
		{"no defects", `assert(#header.defects("x") == 0)`},
		{"encode and back", `assert(header.decode(header.encode("a Köln\n b")) == "a Köln\n b")`},
		{"fold and unfold", `local v = ("word "):rep(30) .. "."; local f = header.fold("Subject", v)
			assert(f:find("\n word", 1, true) and header.unfold(f) == v)`},
		{"params", `local main, params, list, defects = header.params('Text/HTML; Charset=utf-8; name=a; name*=utf-8\'\'%C3%B6')
			assert(main == "text/html" and params.charset == "utf-8" and params.name == "a")
			assert(#list == 3 and list[3].name == "name" and list[3].value == "ö")
			assert(#defects == 1 and defects[1] == "parameter given more than once")`},
		{"date", `local when, offset = header.date("Fri, 21 Nov 1997 09:55:06 -0600"); assert(when == 880127706 and offset == -21600)`},
		{"a broken date", `local when, err = header.date("soon"); assert(when == nil and err == 'parse date "soon": no day', err)`},
		{"a number is a string", `assert(header.decode(5) == "5")`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := load(t, tt.lua, 10*time.Second); err != nil {
				t.Error(err)
			}
		})
	}
}

func TestWrongArguments(t *testing.T) {
	tests := []struct{ name, lua, want string }{
		{"decode", `header.decode()`, "filter.lua:1: bad argument #1 to 'header.decode' (raw: string expected, got no value)"},
		{"defects", `header.defects({})`, "bad argument #1 to 'header.defects' (raw: string expected, got table)"},
		{"encode", `header.encode(true)`, "bad argument #1 to 'header.encode' (text: string expected, got boolean)"},
		{"fold without a value", `header.fold("Subject")`, "bad argument #2 to 'header.fold' (value: string expected, got no value)"},
		{"fold with a name that is none", `header.fold(nil, "x")`, "bad argument #1 to 'header.fold' (name: string expected, got nil)"},
		{"unfold", `header.unfold(nil)`, "bad argument #1 to 'header.unfold' (value: string expected, got nil)"},
		{"params", `header.params(print)`, "bad argument #1 to 'header.params' (value: string expected, got function)"},
		{"date", `header.date({})`, "bad argument #1 to 'header.date' (value: string expected, got table)"},
		{"too long", `header.decode(("x"):rep(16 * 1024 * 1024 + 1))`, "bad argument #1 to 'header.decode' (raw: longer than 16 MiB)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if err := load(t, tt.lua, 10*time.Second); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestWorkIsCharged(t *testing.T) {
	err := load(t, `local s = ("=?utf-8?q?a?= "):rep(10000) while true do header.decode(s) end`, 100*time.Millisecond)
	if err == nil || !strings.Contains(err.Error(), "time limit") {
		t.Errorf("got %v, want the time limit", err)
	}
}

func TestExamplesOfThePageRun(t *testing.T) {
	page, err := os.ReadFile("../../docs/modules/header.md")
	if err != nil {
		t.Fatal(err)
	}
	examples := regexp.MustCompile("(?s)```lua\n(.*?)```").FindAllSubmatch(page, -1)
	if len(examples) == 0 {
		t.Fatal("the page has no examples")
	}
	for _, e := range examples {
		if err := load(t, string(e[1]), 10*time.Second); err != nil {
			t.Errorf("%v in\n%s", err, e[1])
		}
	}
}
