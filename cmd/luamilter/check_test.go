package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"luamilter/luabind/lint"
)

// TestBadScripts checks the scripts of testdata/check, of which each has what the rule of its name finds. What is told of
// them stands beside them.
func TestBadScripts(t *testing.T) {
	t.Chdir("../../testdata/check")
	for _, rule := range lint.Rules() {
		t.Run(rule.Name, func(t *testing.T) {
			script, golden := rule.Name+".lua", rule.Name+".golden"
			var out, errOut bytes.Buffer
			code := luamilter([]string{"check", script}, &out, &errOut)
			got := errOut.String()
			if *update {
				if err := os.WriteFile(golden, []byte(got), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if got != string(want) {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
			if !strings.Contains(got, "("+rule.Name+")\n") {
				t.Errorf("got no finding of the rule %s", rule.Name)
			}
			failed := strings.Contains(got, ": error: ")
			if failed != (code == exitFailed) || !failed && code != exitFine {
				t.Errorf("exit code: got %d with errors: %t", code, failed)
			}
		})
	}
}

// TestShippedFiltersAreClean holds what we ship, of which some need settings to load, to its own checks.
func TestShippedFiltersAreClean(t *testing.T) {
	scripts, err := filepath.Glob("../../scripts/*.lua")
	if err != nil || len(scripts) < 20 {
		t.Fatalf("got %d scripts, error %v", len(scripts), err)
	}
	libraries, err := filepath.Glob("../../scripts/lib/*.lua")
	if err != nil || len(libraries) == 0 {
		t.Fatalf("got %d libraries, error %v", len(libraries), err)
	}
	for _, path := range scripts {
		if strings.HasSuffix(path, ".d.lua") {
			continue
		}
		var files []lint.File
		for _, name := range append([]string{path}, libraries...) {
			content, err := os.ReadFile(name)
			if err != nil {
				t.Fatal(err)
			}
			files = append(files, lint.File{Path: name, Content: content})
		}
		for _, f := range lint.Check(files, lint.Options{MTAs: lint.MTAs()}).Findings {
			t.Error(f)
		}
	}
}
