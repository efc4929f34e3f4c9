package main

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestImportsRunOneWay holds the packages to cmd -> engine -> luabind -> guard and protocol.
func TestImportsRunOneWay(t *testing.T) {
	allowed := map[string][]string{
		"luamilter/protocol":              nil,
		"luamilter/luabind/guard/pattern": nil,
		"luamilter/luabind/guard":         {"luamilter/luabind/guard/pattern"},
		"luamilter/luabind":               {"luamilter/luabind/guard", "luamilter/luabind/guard/pattern", "luamilter/protocol"},
		"luamilter/luabind/log": {"luamilter/luabind", "luamilter/luabind/guard", "luamilter/luabind/guard/pattern",
			"luamilter/protocol"},
		"luamilter/engine": {"luamilter/luabind", "luamilter/luabind/guard", "luamilter/luabind/guard/pattern",
			"luamilter/luabind/log", "luamilter/protocol"},
	}
	for pkg, want := range allowed {
		out, err := exec.Command("go", "list", "-deps", pkg).Output()
		if err != nil {
			t.Fatalf("go list -deps %s: %v", pkg, err)
		}
		for _, dep := range strings.Fields(string(out)) {
			if strings.HasPrefix(dep, "luamilter/") && dep != pkg && !slices.Contains(want, dep) {
				t.Errorf("%s imports %s", pkg, dep)
			}
		}
	}
}
