package definitions

import (
	"io/fs"
	"regexp"
	"slices"
	"strings"
	"testing"

	"luamilter/scripts"
)

var (
	comment    = regexp.MustCompile(`--.*`)
	requires   = regexp.MustCompile(`local (\w+) = require "(\w+)"`)
	methodCall = regexp.MustCompile(`[\w)\]"]:(\w+) ?[({"]`)
)

// TestShippedScriptsUseOnlyWhatIsDefined looks at each module.name and object:method( in the text of the scripts.
func TestShippedScriptsUseOnlyWhatIsDefined(t *testing.T) {
	methods := slices.Clone(standard["string"])
	for _, set := range []*Set{Shipped(), Tests()} {
		for _, f := range set.Functions {
			if f.Method() {
				methods = append(methods, f.Short())
			}
		}
	}
	err := fs.WalkDir(scripts.Files, ".", func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.HasSuffix(path, ".lua") || strings.HasPrefix(path, "definitions/") ||
			path == "luamilter.d.lua" {
			return err
		}
		source, err := scripts.Files.ReadFile(path)
		text := comment.ReplaceAllString(string(source), "")
		for _, m := range requires.FindAllStringSubmatch(text, -1) {
			for _, name := range unknownMembers(text, m[1], m[2]) {
				t.Errorf("%s: %s.%s is not defined", path, m[2], name)
			}
		}
		for _, m := range methodCall.FindAllStringSubmatch(text, -1) {
			if !slices.Contains(methods, m[1]) {
				t.Errorf("%s: no object has a method %s", path, m[1])
			}
		}
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// unknownMembers are the names that a text reads from a variable that has a module, which the module does not have.
func unknownMembers(text, variable, module string) (names []string) {
	set, class := Shipped(), Shipped().Module(module)
	if module == "test" {
		set, class = Tests(), Tests().Module(module)
	}
	for _, m := range regexp.MustCompile(`(?:^|[^.\w])`+variable+`\.(\w+)`).FindAllStringSubmatch(text, -1) {
		isField := slices.ContainsFunc(class.Fields, func(f Field) bool { return f.Name == m[1] })
		if set.Function(module+"."+m[1]) == nil && !isField {
			names = append(names, m[1])
		}
	}
	return names
}
