// Package docs is the documentation as it is shipped in luamilter itself, and shows its Markdown in a terminal.
package docs

import (
	"embed"
	"io/fs"
	"path"
	"slices"
	"strings"
)

//go:embed *.md modules/*.md
var files embed.FS

// Page is the Markdown of a page by its name: "filters", "lua-api", or a module's name with "modules/" in front.
func Page(name string) (string, bool) {
	text, err := fs.ReadFile(files, name+".md")
	return string(text), err == nil
}

// Pages are the names of the pages, without those of modules.
func Pages() []string { return names(".") }

// Modules are the names of the modules that have a page.
func Modules() []string { return names("modules") }

func names(folder string) (list []string) {
	entries, err := fs.ReadDir(files, folder)
	if err != nil {
		panic("docs: " + err.Error()) // it is in the program
	}
	for _, e := range entries {
		if name, ok := strings.CutSuffix(path.Base(e.Name()), ".md"); ok {
			list = append(list, name)
		}
	}
	slices.Sort(list)
	return list
}

// Title is the first heading of a page, without marks.
func Title(page string) string {
	for line := range strings.Lines(page) {
		if title, ok := strings.CutPrefix(line, "# "); ok {
			return strings.TrimSpace(title)
		}
	}
	return ""
}
