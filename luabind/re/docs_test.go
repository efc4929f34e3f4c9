package re_test

import (
	"os"
	"regexp"
	"testing"
	"time"
)

// TestExamplesOfThePageRun loads each example as a script.
func TestExamplesOfThePageRun(t *testing.T) {
	page, err := os.ReadFile("../../docs/modules/re.md")
	if err != nil {
		t.Fatal(err)
	}
	examples := regexp.MustCompile("(?s)```lua\n(.*?)```").FindAllSubmatch(page, -1)
	if len(examples) == 0 {
		t.Fatal("the page has no example")
	}
	for _, e := range examples {
		if _, err := run(t, time.Minute, "do "+string(e[1])+" end"); err != nil {
			t.Errorf("%v in:\n%s", err, e[1])
		}
	}
}
