package lint

import (
	"slices"
	"strings"
	"testing"

	"luamilter/luabind"
	"luamilter/protocol"
)

// check looks at one file, as for both MTAs.
func check(t testing.TB, src string, options Options) []Finding {
	t.Helper()
	if options.MTAs == nil {
		options.MTAs = MTAs()
	}
	return Check([]File{{"filter.lua", []byte(src)}}, options).Findings
}

func TestTheExamplesOfEachRuleAreWhatTheySay(t *testing.T) {
	atLoad := []string{luabind.RuleLoad, luabind.RuleNoCallback} // these need the script to run; see TestBadScripts of the command
	for _, r := range Rules() {
		if !slices.Contains(atLoad, r.Name) {
			found := check(t, r.Bad, Options{Broken: true})
			if len(found) != 1 || found[0].Rule != r.Name {
				t.Errorf("%s: its wrong example has %v, want one finding of the rule", r.Name, found)
			}
		}
		options := Options{Negotiated: map[protocol.Stage][]string{protocol.StageConnect: {"{client_ptr}"}}} // for macro-stage
		if found := check(t, r.Good, options); len(found) != 0 {
			t.Errorf("%s: its right example has %v, want none", r.Name, found)
		}
	}
}

func TestRulesAreSortedAndHaveShortSummaries(t *testing.T) {
	list := Rules()
	if !slices.IsSortedFunc(list, func(a, b Rule) int { return strings.Compare(a.Name, b.Name) }) {
		t.Error("the rules are not in the order of their names")
	}
	for _, r := range list {
		if r.Why == "" || len(r.Summary) > 100 {
			t.Errorf("%s: no reason, or a summary of %d bytes; want at most 100", r.Name, len(r.Summary))
		}
	}
}

func TestExplainNamesTheNearestRule(t *testing.T) {
	_, err := Explain("unkown-global")
	if err == nil || !strings.Contains(err.Error(), "did you mean unknown-global?") {
		t.Errorf("got %v, want an error that names unknown-global", err)
	}
}
