package log_test

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
	"luamilter/luabind/guard"
	"luamilter/luabind/log"
)

// load loads a script that requires the module; what it logs while it loads is in the result.
func load(t *testing.T, src string) (string, error) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "filter.lua")
	if err := os.WriteFile(path, []byte(src+"\nfunction on_mail() end"), 0o644); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	_, err := luabind.Load(t.Context(), path, luabind.Env{
		Modules:   map[string]lua.LGFunction{"log": log.Open},
		Memory:    guard.NewMemory(0),
		Log:       slog.New(slog.NewTextHandler(&out, &slog.HandlerOptions{Level: slog.LevelDebug})),
		LoadLimit: 10 * time.Second,
	})
	return out.String(), err
}

func TestLevelsAndFields(t *testing.T) {
	for level, want := range map[string]string{"debug": "DEBUG", "info": "INFO", "warn": "WARN", "error": "ERROR"} {
		got, err := load(t, `require("log").`+level+`("a text", { b = 2, a = "x\ny", c = true })`)
		if err != nil {
			t.Fatal(err)
		}
		if !strings.Contains(got, "level="+want+` msg="a text"`) || !strings.Contains(got, `a="x\ny" b=2 c=true`) {
			t.Errorf("%s: got %q, want the level, the text, and the fields in order on one line", level, got)
		}
	}
}

func TestWrongArguments(t *testing.T) {
	tests := []struct{ name, lua, want string }{
		{"no text", `require("log").info()`, "filter.lua:1: bad argument #1 to info"},
		{"fields of the host", `require("log").info("x", conn)`, "filter.lua:1: bad argument #2 to info"},
		{"fields that are no table", `require("log").info("x", 1)`, "filter.lua:1: bad argument #2 to info"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := load(t, tt.lua); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}
