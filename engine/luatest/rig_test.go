package luatest

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"luamilter/engine"
	"luamilter/luabind/guard"
)

// runTest runs a test file for a filter; files are pairs of name and content beside them. The test is headed by
// local t = require "test".
func runTest(t *testing.T, filter, test string, files ...string) *File {
	t.Helper()
	dir := t.TempDir()
	files = append(files, "filter.lua", filter, "filter_test.lua", `local t = require "test" `+test)
	for i := 0; i < len(files); i += 2 {
		path := filepath.Join(dir, files[i])
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(files[i+1]), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(dir)
	return newSuite().Run(t.Context(), "filter_test.lua")
}

func newSuite() *Suite {
	return &Suite{
		Config: engine.Config{
			Version: "test", OnError: engine.OnErrorTempfail, OnOversize: engine.OnErrorTempfail,
			CallbackTimeout: time.Minute, MessageTimeout: time.Minute, States: 2, MaxMessageSize: 1 << 20,
			SpoolSize: 64 << 10, Memory: guard.NewMemory(0),
		},
		Limit: time.Minute,
	}
}

// said is all that a file's failures say.
func (f *File) said() string {
	var b strings.Builder
	if f.Problem != "" {
		b.WriteString(f.Problem + "\n")
	}
	for _, c := range f.Cases {
		for _, fail := range c.Failures {
			b.WriteString(fail.Place + ": " + fail.Text + "\n")
		}
	}
	return b.String()
}

// wantPassed fails the test unless all cases of the file passed, and there is one.
func wantPassed(t *testing.T, f *File) {
	t.Helper()
	if f.Failed() > 0 || len(f.Cases) == 0 {
		t.Errorf("%d cases, failed:\n%s", len(f.Cases), f.said())
	}
}
