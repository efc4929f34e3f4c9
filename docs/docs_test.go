package docs

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestRenderGivesWhatMarkdownMeans(t *testing.T) {
	const source = `<!-- not shown -->

# Title{...}

Some *text* with **strong** words and ` + "`code`" + `, a [page](modules/mime.md) and
[a place](https://example.org/x).

- one
- two with words that go on in the next line

Code:

    code  as it
      is

| name | about it |
|---|---|
| a | short |
| longer | this is a cell with more words than fit |

| | |
|---|---|
| ` + "`a(b)`" + ` | x \| y |
`
	const want = `Title{...}
==========

Some text with strong words and ` + "`code`" + `,
a page and a place
(https://example.org/x).

  - one
  - two with words that go on in the
    next line

Code:

    code  as it
      is

name    about it
------  --------------------------------
a       short
longer  this is a cell with more words
        than fit

` + "`a(b)`" + `  x | y
`
	if got := Render(source, 40, false); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestATableThatIsTooWideIsWrittenAsAList(t *testing.T) {
	const source = "| call | about |\n|---|---|\n| a_rather_long_function(with, arguments) | what it does |\n"
	const want = "a_rather_long_function(with, arguments)\n    what it does\n"
	if got := Render(source, 50, false); got != want {
		t.Errorf("got:\n%s\nwant:\n%s", got, want)
	}
}

func TestBoldIsForTerminalsOnly(t *testing.T) {
	const source = "# A title\n\n**strong words** and `code`, plain\n"
	const want = "\x1b[1mA title\x1b[0m\n\n\x1b[1mstrong words\x1b[0m and \x1b[1mcode\x1b[0m, plain\n"
	if got := Render(source, 80, true); got != want {
		t.Errorf("got %q, want %q", got, want)
	}
	if got := Render(source, 80, false); strings.Contains(got, "\x1b") {
		t.Errorf("got %q, with an escape sequence", got)
	}
}

// TestEachPageFitsATerminal renders all pages; only code and words that can't be broken may be longer.
func TestEachPageFitsATerminal(t *testing.T) {
	ansi := regexp.MustCompile("\x1b\\[[01]m")
	list := Pages()
	for _, m := range Modules() {
		list = append(list, "modules/"+m)
	}
	for _, name := range list {
		page, ok := Page(name)
		if !ok || Title(page) == "" {
			t.Errorf("%s: there is no such page, or it has no title", name)
		}
		for _, width := range []int{40, 80, 100} {
			for _, styled := range []bool{false, true} {
				for line := range strings.Lines(Render(page, width, styled)) {
					line = strings.TrimRight(ansi.ReplaceAllString(line, ""), "\n")
					long := utf8.RuneCountInString(line) > width
					if long && !strings.HasPrefix(line, "    ") && strings.Contains(strings.TrimSpace(line), " ") && width >= 80 {
						t.Errorf("%s at %d columns: %q", name, width, line)
					}
				}
			}
		}
	}
}
