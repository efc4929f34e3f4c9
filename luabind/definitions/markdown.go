package definitions

import (
	"fmt"
	"slices"
	"strings"
)

// Syntax is how a function is called, a line for each way: "add_recipient(address [, params])". For a method, object is what
// stands before the colon, if it is not "".
func (s *Set) Syntax(f *Function, object string) []string {
	name := f.Name
	if object != "" && f.Method() {
		name = object + ":" + f.Short()
	}
	if fields := s.options(f); fields != nil {
		return []string{name + "{" + strings.Join(fields, "=, ") + "=}"}
	}
	var lines []string
	for _, params := range append(f.Overloads[:len(f.Overloads):len(f.Overloads)], f.Params) {
		lines = append(lines, name+"("+list(params)+")")
	}
	return lines
}

// options are the names of the fields of the table that is a function's one argument, nil if it takes anything else.
func (s *Set) options(f *Function) (names []string) {
	if len(f.Params) != 1 || f.Params[0].Optional || f.Callback() {
		return nil
	}
	c := s.Class(f.Params[0].Type)
	if c == nil || len(s.Members(c.Name)) > 0 {
		return nil
	}
	for _, field := range c.Fields {
		names = append(names, field.Name)
	}
	return names
}

// list is "name, value [, n]".
func list(params []Param) string {
	var b strings.Builder
	open := 0
	for i, p := range params {
		switch {
		case p.Optional && i > 0:
			b.WriteString(" [, ")
		case p.Optional:
			b.WriteString("[")
		case i > 0:
			b.WriteString(", ")
		}
		if p.Optional {
			open++
		}
		b.WriteString(p.Name)
	}
	return b.String() + strings.Repeat("]", open)
}

// Entry is the reference of one function in Markdown, under a heading of a level.
func (s *Set) Entry(f *Function, level int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s\n\n%s", strings.Repeat("#", level), f.Name, s.facts(f))
	return b.String()
}

// facts is an entry without its heading.
func (s *Set) facts(f *Function) string {
	var b strings.Builder
	fmt.Fprintf(&b, "- **Syntax:** `%s`\n", strings.Join(s.Syntax(f, ""), "` `"))
	if f.Context != "" {
		fmt.Fprintf(&b, "- **Context:** %s\n", f.Context)
	}
	if text := s.arguments(f); text != "" {
		fmt.Fprintf(&b, "- **Arguments:** %s\n", text)
	}
	fmt.Fprintf(&b, "- **Results:** %s\n", results(f.Returns))
	if f.Errors != "" {
		fmt.Fprintf(&b, "- **Errors:** %s\n", strings.ReplaceAll(f.Errors, "\n", " "))
	}
	fmt.Fprintf(&b, "\n%s\n", f.Text)
	if table := s.optionTable(f); table != "" {
		fmt.Fprintf(&b, "\n%s", table)
	}
	return b.String()
}

// arguments are those that their name does not say all of.
func (s *Set) arguments(f *Function) string {
	var parts []string
	for _, p := range f.Params {
		if p.Text != "" {
			parts = append(parts, fmt.Sprintf("`%s` %s", p.Name, p.Text))
		}
	}
	return strings.Join(parts, "; ")
}

// optionTable lists the options of a function that takes some, unless the chapter does.
func (s *Set) optionTable(f *Function) string {
	for _, p := range f.Params {
		_, names, _, _ := readType(p.Type)
		for _, name := range names {
			c := s.Class(name)
			if c != nil && !f.Callback() && len(s.Members(name)) == 0 && name != "luamilter.negotiate" {
				return s.fieldTable(c, "")
			}
		}
	}
	return ""
}

// results says what a function gives: "`string?` value: nil if there is none; ...".
func results(returns []Return) string {
	if len(returns) == 0 {
		return "nothing"
	}
	var parts []string
	for _, r := range returns {
		if r.Name == "" && r.Text != "" {
			parts = append(parts, r.Text) // it says the type in words
			continue
		}
		part := "`" + strings.ReplaceAll(r.Type, "luamilter.", "") + "`"
		if r.Name != "" {
			part += " " + r.Name
		}
		if r.Text != "" {
			part += ": " + r.Text
		}
		parts = append(parts, part)
	}
	return strings.Join(parts, "; ")
}

// fieldTable is a table of the fields of a class; variable is what stands before the dot, "" for options.
func (s *Set) fieldTable(c *Class, variable string) string {
	rows := [][2]string{{"option", ""}}
	if variable != "" {
		rows[0][0] = "field"
		variable += "."
	}
	for _, f := range s.AllFields(c) {
		if f.Name != AnyName && (f.Text != "" || variable == "") {
			rows = append(rows, [2]string{"`" + variable + f.Name + "`", f.Text})
		}
	}
	return table(rows)
}

// methodTable is a table of the methods of a class.
func (s *Set) methodTable(c *Class, variable string) string {
	rows := [][2]string{{"method", ""}}
	for _, f := range s.Members(c.Name) {
		rows = append(rows, [2]string{"`" + s.Syntax(f, variable)[0] + "`", oneLine(f.Text)})
	}
	if len(rows) == 1 {
		return ""
	}
	return table(rows)
}

func oneLine(text string) string {
	text, _, _ = strings.Cut(text, "\n\n")
	return strings.ReplaceAll(text, "\n", " ")
}

func table(rows [][2]string) string {
	var b strings.Builder
	for i, row := range rows {
		fmt.Fprintf(&b, "| %s | %s |\n", row[0], row[1])
		if i == 0 {
			b.WriteString("|---|---|\n")
		}
	}
	return strings.ReplaceAll(b.String(), "|  |", "| |")
}

// ClassEntry is the reference of a class in Markdown, under a heading of a level. variable stands for an object of it.
func (s *Set) ClassEntry(c *Class, variable string, level int) string {
	parts := []string{strings.Repeat("#", level) + " " + variable, c.Text, s.fieldTable(c, variable), s.methodTable(c, variable)}
	for _, f := range c.Fields {
		if f.Name == AnyName {
			parts = append(parts, "Any other name is a field of the script's own.")
		}
	}
	return strings.Join(slices.DeleteFunc(parts, func(p string) bool { return p == "" }), "\n\n")
}
