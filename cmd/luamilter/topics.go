package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"luamilter/docs"
	"luamilter/luabind/definitions"
)

// topics are what luamilter docs knows.
type topics struct {
	set   *definitions.Set
	tests *definitions.Set // the module of tests
	names []string         // of all of them, for a name that is nearly right
}

func newTopics() *topics {
	t := &topics{set: definitions.Shipped(), tests: definitions.Tests()}
	t.names = append(t.names, docs.Pages()...)
	t.names = append(t.names, t.set.Modules()...)
	for _, f := range t.set.Functions {
		t.names = append(t.names, f.Name)
	}
	for _, c := range t.set.Classes {
		if name := objectName(c); name != "" {
			t.names = append(t.names, name)
			for _, f := range c.Fields {
				if f.Name != definitions.AnyName {
					t.names = append(t.names, name+"."+f.Name)
				}
			}
		}
	}
	return t
}

// objectName is what an object of a class is called in the reference: "message", "conn"; "" for modules, and for the options of
// one function, which its entry lists.
func objectName(c *definitions.Class) string {
	name := strings.TrimPrefix(c.Name, "luamilter.")
	if strings.Contains(name, ".") {
		return ""
	}
	return name
}

// find gives the Markdown of what a name means; of several things one after the other.
func (t *topics) find(name string) (markdown string, ok bool) {
	if name = clean(name); name == "" {
		return "", false
	}
	var parts []string
	if f := t.set.Function(name); f != nil {
		parts = append(parts, t.function(t.set, f))
	}
	if page := t.page(cmp.Or(otherNames[name], name)); page != "" {
		parts = append(parts, page)
	}
	if library, _, _ := strings.Cut(name, "."); len(parts) == 0 && slices.Contains(libraries, library) {
		parts = t.chapters("Lua itself")
	}
	for _, find := range []func(string) []string{t.chapters, t.objects, t.fields, t.members} {
		if len(parts) == 0 {
			parts = find(name)
		}
	}
	return strings.Join(parts, "\n\n"), len(parts) > 0
}

// function is the entry of a function, with the page that says more.
func (t *topics) function(set *definitions.Set, f *definitions.Function) string {
	for _, c := range set.Chapters {
		if c.About(f) {
			return set.ChapterEntry(c)
		}
	}
	entry := set.Entry(f, 1)
	page := cmp.Or(morePages[f.Owner()], f.Owner())
	if t.page(page) == "" {
		return entry
	}
	return entry + "\nMore: luamilter docs " + page
}

// page is a page by its name, that of a module first; "" if there is none.
func (t *topics) page(name string) string {
	if page, ok := docs.Page("modules/" + name); ok {
		return page
	}
	page, _ := docs.Page(name)
	return page
}

// otherNames are of pages that are also asked for by what they are about.
var otherNames = map[string]string{"test": "testing"}

// libraries are those of Lua; the manual of Lua describes what is not told of here.
var libraries = []string{"string", "table", "math", "os", "io", "coroutine"}

// morePages are those that describe the methods of an object.
var morePages = map[string]string{
	"message": "mime", "part": "mime", "set": "ipset", "pattern": "re", "points": "score", "test": "testing", "session": "testing",
}

// chapters are those of the reference whose title begins with a name, or has it among others: "Changes", "conn".
func (t *topics) chapters(name string) (parts []string) {
	for _, c := range t.set.Chapters[1:] {
		title := strings.FieldsFunc(c.Title, func(r rune) bool { return !strings.ContainsRune("_", r) && !isLetter(r) })
		if strings.EqualFold(c.Title, name) || len(title) < 4 && slices.ContainsFunc(title, func(w string) bool {
			return strings.EqualFold(w, name)
		}) {
			parts = append(parts, t.set.ChapterEntry(c))
		}
	}
	return parts
}

func isLetter(r rune) bool { return r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' }

func (t *topics) objects(name string) (parts []string) {
	for _, c := range t.set.Classes {
		if objectName(c) == name {
			parts = append(parts, t.set.ClassEntry(c, name, 1))
		}
	}
	return parts
}

// fields are those of objects that have a name, whatever the script calls the object, unless there is one so called.
func (t *topics) fields(name string) (parts []string) {
	object, field, dotted := strings.Cut(name, ".")
	if !dotted {
		object, field = "", name
	}
	known := slices.ContainsFunc(t.set.Classes, func(c *definitions.Class) bool { return objectName(c) == object })
	for _, c := range t.set.Classes {
		for _, f := range c.Fields {
			if f.Name != field || f.Name == definitions.AnyName || objectName(c) == "" || known && objectName(c) != object {
				continue
			}
			parts = append(parts, fmt.Sprintf("# %s.%s\n\n- **Type:** `%s`\n\n%s\n\nMore: luamilter docs %[1]s",
				objectName(c), f.Name, strings.ReplaceAll(f.Type, "luamilter.", ""), f.Text))
		}
	}
	return parts
}

// members are the functions and methods that have a name, whatever the script calls the object.
func (t *topics) members(name string) (parts []string) {
	short := name[strings.LastIndexAny(name, ".:")+1:]
	for _, set := range []*definitions.Set{t.set, t.tests} {
		for _, f := range set.Functions {
			if f.Short() == short && short != "" {
				parts = append(parts, t.function(set, f))
			}
		}
	}
	return parts
}

// overview lists all topics.
func (t *topics) overview() string {
	var b strings.Builder
	b.WriteString("# luamilter docs NAME\n\n## Pages\n\n| page | about |\n|---|---|\n")
	for _, name := range docs.Pages() {
		page, _ := docs.Page(name)
		fmt.Fprintf(&b, "| %s | %s |\n", name, docs.Title(page))
	}
	b.WriteString("\n## Modules\n\n| module | about |\n|---|---|\n")
	for _, name := range t.set.Modules() {
		fmt.Fprintf(&b, "| %s | %s |\n", name, t.set.Module(name).Text)
	}
	var others []string
	for _, c := range t.set.Chapters {
		names := ownNames(c.Functions)
		if len(names) < 3 {
			others = append(others, names...)
			continue
		}
		fmt.Fprintf(&b, "\n## %s\n\n%s\n", c.Title, strings.Join(names, ", "))
	}
	fmt.Fprintf(&b, "\n## Other functions\n\n%s\n", strings.Join(others, ", "))
	b.WriteString("\n## Objects\n\nconn, msg, message, part, milter\n")
	return b.String()
}

// ownNames are the names of luamilter's own global functions and callbacks.
func ownNames(functions []*definitions.Function) (names []string) {
	for _, f := range functions {
		if f.Class == "" && (f.Context != "" || f.Callback()) {
			names = append(names, f.Name)
		}
	}
	return names
}
