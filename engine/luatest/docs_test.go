package luatest

import (
	"os"
	"regexp"
	"testing"
)

// TestTheExamplesOfTheDocumentation runs each test in docs/testing.md against the filter that stands last before it.
func TestTheExamplesOfTheDocumentation(t *testing.T) {
	page, err := os.ReadFile("../../docs/testing.md")
	if err != nil {
		t.Fatal(err)
	}
	filter, tests := "", 0
	for _, block := range regexp.MustCompile("(?s)```lua (\\S+)\n(.*?)```").FindAllSubmatch(page, -1) {
		if string(block[1]) == "filter.lua" {
			filter = string(block[2])
			continue
		}
		tests++
		wantPassed(t, runTest(t, filter, string(block[2])))
	}
	if tests != 4 {
		t.Errorf("%d tests ran, want 4", tests)
	}
}
