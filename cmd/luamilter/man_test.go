package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

func TestManPageHasEveryCommandAndFlag(t *testing.T) {
	page := manPage(describeCommands(), "2026-01-02")
	for _, c := range describeCommands() {
		_, section, found := strings.Cut(page, ".SS \"luamilter "+roffReplacer.Replace(c.name)+"\"\n")
		if !found {
			t.Errorf("%s has no section", c.name)
		}
		section, _, _ = strings.Cut(section, "\n.S")
		for _, f := range c.flags {
			if !strings.Contains(section, "\\fB"+roffReplacer.Replace("--"+f.Name)+"\\fR") {
				t.Errorf("%s: no --%s", c.name, f.Name)
			}
		}
	}
}

func TestEveryCommandButHelpHasFlagsToDescribe(t *testing.T) {
	for _, c := range describeCommands() {
		if (c.help == "") != (c.name == "help") {
			t.Errorf("%s: the help is %q", c.name, c.help)
		}
	}
}

// TestManPageIsClean has mandoc read the manual page; any word of it is a warning.
func TestManPageIsClean(t *testing.T) {
	file := filepath.Join(t.TempDir(), "luamilter.1")
	if err := os.WriteFile(file, []byte(manPage(describeCommands(), "2026-01-02")), 0o644); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("mandoc", "-Tlint", "-Wstyle", file).CombinedOutput(); err != nil || len(out) > 0 {
		t.Errorf("mandoc: got %v: %s", err, out)
	}
}

func TestRoff(t *testing.T) {
	for _, c := range []struct{ name, help, want string }{
		{"words are filled", "one\ntwo", ".PP\none two\n"},
		{"a line that begins with a dot is no request", ".TH x", ".PP\n\\&.TH x\n"},
		{"a line that begins with a quote is none either", "'br", ".PP\n\\(aqbr\n"},
		{"nor does a backslash escape", `\fB a`, ".PP\n\\efB a\n"},
		{"dashes are those that are typed", "--no-watch", ".PP\n\\-\\-no\\-watch\n"},
		{"indented lines stay as they are", "so:\n  a   b\n  .c", ".PP\nso:\n.nf\n  a   b\n  .c\n.fi\n"},
		{"capitals are a heading", "SEE ALSO\n\nx", ".SH \"SEE ALSO\"\nx\n"},
		{"long lines are broken", strings.Repeat("some-word ", 9), ".PP\n" +
			strings.TrimSpace(strings.Repeat("some\\-word ", 7)) + "\nsome\\-word some\\-word\n"},
	} {
		t.Run(c.name, func(t *testing.T) {
			var r roff
			r.help(c.help)
			if got := r.String(); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

func TestShownDefault(t *testing.T) {
	fs := newFlags("test")
	fs.String("text", "x", "")
	fs.String("empty", "", "")
	fs.Bool("on", true, "")
	fs.Int("none", 0, "")
	fs.StringArray("list", []string{"a"}, "")
	fs.StringArray("no-list", nil, "")
	want := map[string]string{"text": "x", "list": "a"}
	fs.VisitAll(func(f *pflag.Flag) {
		if got := shownDefault(f); got != want[f.Name] {
			t.Errorf("%s: got %q, want %q", f.Name, got, want[f.Name])
		}
	})
}

func TestPageDateIsThatOfTheSource(t *testing.T) {
	if got, want := pageDate("1767312000"), "2026-01-02"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
	if got := pageDate("soon"); len(got) != len("2026-01-02") {
		t.Errorf("got %q, want today", got)
	}
}
