package definitions

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// Reference is docs/lua-api.md: the chapters with the functions that belong to them.
func (s *Set) Reference() string {
	parts := []string{"<!-- Made of scripts/luamilter.d.lua by go test ./luabind/definitions -update; change it there. -->"}
	for _, c := range s.Chapters {
		parts = append(parts, s.ChapterEntry(c))
	}
	return strings.Join(parts, "\n\n") + "\n"
}

// ChapterEntry is a chapter with the functions that belong to it.
func (s *Set) ChapterEntry(c *Chapter) string {
	parts := []string{strings.Repeat("#", c.Level) + " " + c.Title}
	if c.Text != "" {
		parts = append(parts, s.fill(c))
	}
	for _, f := range c.Functions {
		switch {
		case f.Context == "" || f.Class != "":
		case c.About(f):
			parts = append(parts, strings.TrimSpace(s.facts(f)))
		default:
			parts = append(parts, strings.TrimSpace(s.Entry(f, c.Level+1)))
		}
	}
	return strings.Join(parts, "\n\n")
}

// About says whether the title of the chapter is the function.
func (c *Chapter) About(f *Function) bool {
	return strings.Contains(c.Title, f.Name+"(") || strings.Contains(c.Title, f.Name+"{")
}

var placeholder = regexp.MustCompile(`\{(callbacks|functions|modules|missing|class) ?([\w.]*) ?(\w*)\}`)

// fill puts tables in the places that a chapter has for them.
func (s *Set) fill(c *Chapter) string {
	return placeholder.ReplaceAllStringFunc(c.Text, func(match string) string {
		m := placeholder.FindStringSubmatch(match)
		return strings.TrimSuffix(s.filling(c, m[1], m[2], m[3]), "\n")
	})
}

func (s *Set) filling(c *Chapter, what, class, variable string) string {
	switch what {
	case "callbacks":
		return s.callbackTable()
	case "functions":
		return s.functionTable(c)
	case "modules":
		return s.moduleTable()
	case "missing":
		return "`" + strings.Join(missing, "`, `") + "`"
	}
	text := s.fieldTable(s.Class(class), variable)
	if methods := s.methodTable(s.Class(class), variable); methods != "" {
		text += "\n" + methods
	}
	return text
}

func (s *Set) callbackTable() string {
	var b strings.Builder
	b.WriteString("| callback | returns | notes |\n|---|---|---|\n")
	for _, f := range s.Callbacks() {
		returns := "nothing"
		if len(f.Returns) > 0 {
			returns = f.Returns[0].Text
		}
		fmt.Fprintf(&b, "| `%s(%s)` | %s | %s |\n", f.Name, plainList(f.Params), returns, oneLine(f.Text))
	}
	return b.String()
}

// plainList is how a script writes the arguments of a callback.
func plainList(params []Param) string {
	names := make([]string, len(params))
	for i, p := range params {
		names[i] = p.Name
	}
	return strings.Join(names, ", ")
}

func (s *Set) functionTable(c *Chapter) string {
	rows := [][2]string{{"call", ""}}
	for _, f := range c.Functions {
		syntax := s.Syntax(f, "")[0]
		if len(f.Overloads) > 0 {
			syntax = f.Name + "(...)"
		}
		summary, _, _ := strings.Cut(oneLine(f.Text), ". ")
		rows = append(rows, [2]string{"`" + syntax + "`", strings.TrimSuffix(summary, ".")})
	}
	return table(rows)
}

// moduleTable links each module to its page, or to its chapter if it has one.
func (s *Set) moduleTable() string {
	rows := [][2]string{{"module", ""}}
	for _, name := range s.Modules() {
		target := "modules/" + name + ".md"
		if slices.ContainsFunc(s.Chapters, func(c *Chapter) bool { return c.Title == name }) {
			target = "#" + name
		}
		rows = append(rows, [2]string{fmt.Sprintf("[%s](%s)", name, target), s.Module(name).Text})
	}
	return table(rows)
}
