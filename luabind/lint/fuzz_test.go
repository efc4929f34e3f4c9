package lint

import (
	"os"
	"path/filepath"
	"testing"
)

// FuzzCheck: whatever the parser takes is looked at without a panic, and each name is found where it stands.
func FuzzCheck(f *testing.F) {
	for _, pattern := range []string{"../../testdata/check/*.lua", "../../testdata/lua/e2e/*.lua", "../../scripts/*.lua", "../../scripts/lib/*.lua"} {
		files, err := filepath.Glob(pattern)
		if err != nil || len(files) == 0 {
			f.Fatalf("%s: %d files, error %v", pattern, len(files), err)
		}
		for _, file := range files {
			src, err := os.ReadFile(file)
			if err != nil {
				f.Fatal(err)
			}
			f.Add(string(src))
		}
	}
	f.Add("#!/usr/bin/lua\nlocal a, b = ..., {[1]=2; c=3}\nfor i=1,2,3 do goto l end ::l::\nrepeat local x until x\n")
	f.Add("function a.b.c:d(e, ...) return (...), -1, not #e, e[1].f'x'{y=z}:g[[h]] end")
	f.Fuzz(func(t *testing.T, src string) {
		for _, finding := range check(t, src, Options{Broken: true}) {
			if finding.Line < 1 || finding.Column < 1 || finding.Message == "" {
				t.Fatalf("got %+v, want a place and a message", finding)
			}
		}
		s, err := readSource("filter.lua", []byte(src))
		if err != nil {
			return
		}
		for _, n := range s.names {
			if n.at.column == 0 {
				t.Fatalf("the global %s in line %d was not found", n.text, n.at.line)
			}
		}
		for _, v := range s.locals {
			if v.declared && v.at.column == 0 {
				t.Fatalf("the local %s in line %d was not found", v.name, v.at.line)
			}
		}
		for _, c := range s.calls {
			if c.at.line == 0 {
				t.Fatalf("a call was not found")
			}
		}
	})
}
