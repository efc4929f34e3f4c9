package main

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestImportsRunOneWay holds the packages to cmd -> engine -> luabind -> guard and protocol.
func TestImportsRunOneWay(t *testing.T) {
	base := []string{"luabind", "luabind/guard", "luabind/guard/pattern", "protocol"}
	module := func(more ...string) []string { return slices.Concat(base, more) }
	allowed := map[string][]string{
		"protocol":              nil,
		"luabind/guard/pattern": nil,
		"luabind/guard":         {"luabind/guard/pattern"},
		"luabind":               base,
		"engine/mailbox":        nil,
		"engine/miltertest":     {"luabind/guard", "luabind/guard/pattern", "protocol"},
		"engine/mta":            {"protocol"},
		"luabind/address":       module("luabind/header"),
		"luabind/archive":       module(),
		"luabind/crypto":        module("luabind/crypto/seal"),
		"luabind/crypto/seal":   nil,
		"luabind/definitions":   {"scripts"},
		"luabind/filemap":       module("luabind/livefile", "luabind/netmatch"),
		"luabind/header":        module(),
		"luabind/ipset":         module("luabind/livefile", "luabind/netmatch"),
		"luabind/json":          module(),
		"luabind/livefile":      module(),
		"luabind/lint":          module("luabind/definitions", "scripts"),
		"luabind/log":           module(),
		"luabind/mime":          module("luabind/address", "luabind/archive", "luabind/header"),
		"luabind/netmatch":      nil,
		"luabind/re":            module(),
		"luabind/score":         module(),
	}
	for pkg := range allowed {
		if strings.HasPrefix(pkg, "engine/") {
			continue // beside it: they play the other side
		}
		allowed["engine"] = append(allowed["engine"], pkg)
	}
	allowed["engine/luatest"] = append(slices.Clone(allowed["engine"]), "engine", "engine/mta")
	allowed["scripts"], allowed["docs"] = nil, nil
	for pkg, want := range allowed {
		out, err := exec.Command("go", "list", "-deps", "luamilter/"+pkg).Output()
		if err != nil {
			t.Fatalf("go list -deps %s: %v", pkg, err)
		}
		for _, dep := range strings.Fields(string(out)) {
			dep, ours := strings.CutPrefix(dep, "luamilter/")
			if ours && dep != pkg && !slices.Contains(want, dep) {
				t.Errorf("%s imports %s", pkg, dep)
			}
		}
	}
}
