package definitions

import (
	"fmt"
	"strings"
)

// setText takes the text of a function apart: what it does, where it may be called, what it raises.
func (f *Function) setText(lines []string) {
	var text []string
	for _, paragraph := range strings.Split(strings.Join(lines, "\n"), "\n\n") {
		if rest, ok := strings.CutPrefix(paragraph, "Context: "); ok {
			f.Context = Context(strings.ReplaceAll(rest, "\n", " "))
		} else if rest, ok := strings.CutPrefix(paragraph, "Errors: "); ok {
			f.Errors = rest
		} else {
			text = append(text, paragraph)
		}
	}
	f.Text = strings.Join(text, "\n\n")
}

func (f *Function) setTag(t tag) (err error) {
	switch t.name {
	case "param":
		name, rest, _ := strings.Cut(t.rest, " ")
		p := Param{}
		p.Name, p.Optional = strings.CutSuffix(name, "?")
		p.Type, _, p.Text, err = readType(rest)
		f.Params = append(f.Params, p)
	case "return":
		r := Return{}
		var rest string
		r.Type, _, rest, err = readType(t.rest)
		if text, ok := strings.CutPrefix(rest, "#"); ok {
			r.Text = strings.TrimSpace(text)
		} else {
			r.Name, r.Text, _ = strings.Cut(rest, " ")
		}
		f.Returns = append(f.Returns, r)
	case "overload":
		var params []Param
		params, err = overload(t.rest)
		f.Overloads = append(f.Overloads, params)
	case "nodiscard":
		f.NoDiscard = true
	case "generic":
		for _, name := range strings.Split(t.rest, ",") {
			name, _, _ = strings.Cut(name, ":")
			f.Generics = append(f.Generics, strings.TrimSpace(name))
		}
	default:
		err = fmt.Errorf("not known here")
	}
	return err
}

// overload reads the arguments of "fun(text: string, ...: string): luamilter.verdict".
func overload(text string) (params []Param, err error) {
	if _, _, _, err := readType(text); err != nil {
		return nil, err
	}
	rest, ok := strings.CutPrefix(text, "fun(")
	if !ok {
		return nil, fmt.Errorf("fun(...) expected")
	}
	for rest != "" && rest[0] != ')' {
		name, after, _ := strings.Cut(rest, ":")
		p := Param{}
		p.Name, p.Optional = strings.CutSuffix(name, "?")
		if p.Type, _, rest, err = readType(strings.TrimSpace(after)); err != nil {
			return nil, err
		}
		params = append(params, p)
		rest = strings.TrimSpace(strings.TrimPrefix(rest, ","))
	}
	return params, nil
}
