package main

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode"
)

func TestJSONGivesNoOrdersToATerminal(t *testing.T) {
	value := map[string]string{"a": "\x1b[31m \x7f \u009b2J \u202e <b@example.org> \U000e0001 \u2028 \xff é \U0001f600"}
	for indent, lines := range map[string]int{"": 1, "  ": 3} {
		text, err := encodeJSON(value, indent)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.Count(string(text), "\n") + 1; got != lines {
			t.Errorf("indent %q: got %d lines, want %d: %s", indent, got, lines, text)
		}
		if i := strings.IndexFunc(string(text), func(r rune) bool { return !unicode.IsPrint(r) && r != '\n' }); i >= 0 {
			t.Errorf("indent %q: got %q at byte %d", indent, text[i:], i)
		}
		var back map[string]string
		if err := json.Unmarshal(text, &back); err != nil || back["a"] != strings.ToValidUTF8(value["a"], "\ufffd") {
			t.Errorf("indent %q: got %q, %v back from %s", indent, back["a"], err, text)
		}
	}
}
