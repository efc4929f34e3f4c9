package definitions

import (
	"fmt"
	"regexp"
	"strings"
)

// Parse reads a definitions file. It takes the annotations that lua-language-server has for functions, classes and fields, and
// no Lua but what declares them.
func Parse(text string) (*Set, error) {
	p := &parser{set: &Set{byName: map[string]*Function{}}, locals: map[string]string{}}
	for i, line := range strings.Split(text, "\n") {
		p.line = i + 1
		if err := p.read(line); err != nil {
			return nil, fmt.Errorf("line %d: %w", p.line, err)
		}
	}
	return p.set, nil
}

// parser has the comment block that it stands in, which belongs to the statement below it.
type parser struct {
	set    *Set
	line   int
	locals map[string]string // the class of each local table
	text   []string          // of the block
	tags   []tag             // of the block
}

// tag is a line such as "---@param name string".
type tag struct {
	name string
	rest string
	line int
}

var (
	functionLine = regexp.MustCompile(`^function ([\w.:]+)\((.*)\) end$`)
	localLine    = regexp.MustCompile(`^local (\w+) = \{\}$`)
	globalLine   = regexp.MustCompile(`^(\w+) = \S.*$`)
)

func (p *parser) read(line string) error {
	switch {
	case strings.HasPrefix(line, "---@"):
		name, rest, _ := strings.Cut(line[len("---@"):], " ")
		p.tags = append(p.tags, tag{name, rest, p.line})
		return nil
	case strings.HasPrefix(line, "---"):
		p.text = append(p.text, strings.TrimPrefix(line[len("---"):], " "))
		return nil
	case strings.HasPrefix(line, "--"):
		return nil
	}
	defer func() { p.text, p.tags = nil, nil }()
	if line == "" {
		return p.alone()
	}
	if strings.HasPrefix(line, "return ") {
		return nil // a file of one module
	}
	if m := functionLine.FindStringSubmatch(line); m != nil {
		return p.function(m[1], m[2])
	}
	if m := localLine.FindStringSubmatch(line); m != nil {
		class, err := p.class()
		p.locals[m[1]] = class
		return err
	}
	if m := globalLine.FindStringSubmatch(line); m != nil {
		return p.global(m[1])
	}
	return fmt.Errorf("%q declares nothing that is known here", line)
}

// alone is a block that no statement follows: a chapter, an alias, a class that is only a type.
func (p *parser) alone() error {
	switch {
	case len(p.tags) == 0 && len(p.text) == 0, len(p.tags) > 0 && p.tags[0].name == "meta":
		return nil
	case len(p.tags) == 0:
		return p.chapter()
	case p.tags[0].name == "alias":
		name, rest, _ := strings.Cut(p.tags[0].rest, " ")
		typ, _, _, err := readType(rest)
		p.set.Aliases = append(p.set.Aliases, Alias{name, typ})
		return err
	}
	_, err := p.class()
	return err
}

func (p *parser) chapter() error {
	marks, title, ok := strings.Cut(p.text[0], " ")
	if !ok || strings.Trim(marks, "#") != "" {
		return fmt.Errorf("%q is text that belongs to nothing", p.text[0])
	}
	text := strings.Trim(strings.Join(p.text[1:], "\n"), "\n")
	p.set.Chapters = append(p.set.Chapters, &Chapter{Level: len(marks), Title: title, Text: text})
	return nil
}

// class reads a class and its fields, and gives its name.
func (p *parser) class() (string, error) {
	if len(p.tags) == 0 || p.tags[0].name != "class" {
		return "", fmt.Errorf("a @class expected above a table")
	}
	name, parents, _ := strings.Cut(p.tags[0].rest, ":")
	c := &Class{Name: name, Parents: strings.FieldsFunc(parents, func(r rune) bool { return r == ' ' || r == ',' }), Text: strings.Join(p.text, "\n"), Line: p.tags[0].line}
	for _, t := range p.tags[1:] {
		if t.name != "field" {
			return "", fmt.Errorf("@%s in the class %s", t.name, c.Name)
		}
		name, rest, _ := strings.Cut(t.rest, " ")
		name, isOptional := strings.CutSuffix(name, "?")
		typ, _, text, err := readType(rest)
		if err != nil {
			return "", fmt.Errorf("field %s: %w", name, err)
		}
		c.Fields = append(c.Fields, Field{name, typ, text, isOptional})
	}
	p.set.Classes = append(p.set.Classes, c)
	return c.Name, nil
}

func (p *parser) global(name string) (err error) {
	if len(p.tags) == 0 {
		return fmt.Errorf("the global %s has no type", name)
	}
	g := Global{Name: name, Type: p.tags[0].rest}
	if p.tags[0].name == "class" {
		_, err = p.class()
		p.locals[name] = g.Type
	}
	p.set.Globals = append(p.set.Globals, g)
	return err
}

func (p *parser) function(name, args string) error {
	f := &Function{Name: name, Line: p.line}
	if owner := f.Owner(); owner != "" {
		if f.Class = p.locals[owner]; f.Class == "" {
			return fmt.Errorf("function %s: there is no table %s", name, owner)
		}
	}
	f.setText(p.text)
	for _, t := range p.tags {
		if err := f.setTag(t); err != nil {
			return fmt.Errorf("function %s: @%s %s: %w", name, t.name, t.rest, err)
		}
	}
	var names []string
	for _, param := range f.Params {
		names = append(names, param.Name)
	}
	if got := strings.Join(names, ", "); got != args {
		return fmt.Errorf("function %s(%s): the @param lines are for (%s)", name, args, got)
	}
	if p.set.byName[name] != nil {
		return fmt.Errorf("function %s is there twice", name)
	}
	p.set.byName[name] = f
	p.set.Functions = append(p.set.Functions, f)
	if n := len(p.set.Chapters); n > 0 {
		c := p.set.Chapters[n-1]
		c.Functions = append(c.Functions, f)
	}
	return nil
}
