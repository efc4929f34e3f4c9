package main

import (
	"regexp"
	"strings"
	"testing"
)

func TestEachNameThatDocsSuggestsIsFound(t *testing.T) {
	topics := newTopics()
	more := regexp.MustCompile(`(?m)^More: luamilter docs (\S+)$`)
	for _, name := range topics.names {
		text, ok := topics.find(name)
		if !ok || strings.TrimSpace(text) == "" {
			t.Errorf("there is nothing about %s", name)
		}
		for _, m := range more.FindAllStringSubmatch(text, -1) {
			if _, ok := topics.find(m[1]); !ok {
				t.Errorf("%s sends its reader to %s, which is not there", name, m[1])
			}
		}
	}
	for _, f := range topics.tests.Functions {
		if _, ok := topics.find(f.Name); !ok {
			t.Errorf("there is nothing about %s", f.Name)
		}
	}
}

func TestTheOverviewHasEachFunctionOfTheHost(t *testing.T) {
	topics := newTopics()
	overview := topics.overview()
	for _, f := range topics.set.Functions {
		if f.Class == "" && f.Context != "" && !regexp.MustCompile(`\b`+f.Name+`\b`).MatchString(overview) {
			t.Errorf("the overview does not have %s", f.Name)
		}
	}
}
