package main

import (
	"errors"
	"io"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"luamilter/luabind/lint"
	"luamilter/scripts"
)

// helpAsked is the error of a subcommand that has printed its help. It holds what the help was made of, so that the manual
// page and the completions say the same.
type helpAsked struct {
	flags *pflag.FlagSet
	text  string // with one %s in place of the flags
}

// Error implements error.
func (*helpAsked) Error() string { return "help was asked for" }

// Unwrap makes it a pflag.ErrHelp.
func (*helpAsked) Unwrap() error { return pflag.ErrHelp }

// description is a subcommand as manual page and completions show it.
type description struct {
	command
	flags []*pflag.Flag // in the order of the help, without hidden ones
	help  string        // with one %s in place of the flags; "" for help itself
}

// describeCommands asks each subcommand for its help, which is all that it does then.
func describeCommands() []description {
	var all []description
	for _, c := range commands() {
		d := description{command: c}
		var asked *helpAsked
		if errors.As(c.run([]string{"--help"}, io.Discard, io.Discard), &asked) {
			d.help = asked.text
			asked.flags.VisitAll(func(f *pflag.Flag) {
				if !f.Hidden {
					d.flags = append(d.flags, f)
				}
			})
		}
		all = append(all, d)
	}
	return all
}

// takes is what may stand behind a flag, or as the operand of a subcommand.
type takes struct {
	kind  kind
	words []string // where kind is oneWord
}

// kind says where a shell finds what fits.
type kind int

const (
	anyText kind = iota // nothing that a shell could know
	oneWord
	anyFile
	luaFile
	anyFolder
	userName
	groupName
)

// flagTakes goes by the type of a flag and by the name that its usage gives the value. With ok false it takes no value.
func flagTakes(f *pflag.Flag) (t takes, ok bool) {
	if f.NoOptDefVal != "" {
		return takes{}, false
	}
	if w, isWord := f.Value.(*word); isWord {
		return takes{oneWord, w.allowed}, true
	}
	name, usage := pflag.UnquoteUsage(f)
	switch {
	case name == "FILE" && strings.HasPrefix(usage, "Lua "):
		return takes{kind: luaFile}, true
	case name == "RULE":
		words := []string{"list"}
		for _, rule := range lint.Rules() {
			words = append(words, rule.Name)
		}
		return takes{oneWord, words}, true
	}
	return takes{kind: kindOf(name)}, true
}

// kindOf goes by the name of a value in a usage line.
func kindOf(name string) kind {
	switch {
	case strings.HasSuffix(name, ".lua"):
		return luaFile
	case name == "FILE" || name == "MAIL":
		return anyFile
	case name == "DIR" || name == "FOLDER":
		return anyFolder
	case name == "USER":
		return userName
	case name == "GROUP":
		return groupName
	}
	return anyText
}

// operand is what the arguments of a subcommand are that are no flags: the last of them in its usage line tells.
func (d description) operand() takes {
	name := lastOperand(d.usage)
	switch {
	case d.name == "help":
		return takes{oneWord, firstWords(describeCommands())}
	case d.name == "init":
		return takes{oneWord, scripts.Ready()}
	case d.name == "docs":
		// A shell may take the colon of message:set_header for the end of a word.
		return takes{oneWord, slices.DeleteFunc(newTopics().names, func(name string) bool { return strings.Contains(name, ":") })}
	case strings.Contains(name, "|"):
		return takes{oneWord, strings.Split(name, "|")}
	case name == "FILE":
		return takes{kind: luaFile}
	}
	return takes{kind: kindOf(name)}
}

// lastOperand is the last word of a usage line that is no flag, nor the value of one, nor "flags"; "" if there is none.
func lastOperand(usage string) (name string) {
	words := strings.Fields(usage)
	for i := 1; i < len(words); i++ {
		word := strings.Trim(words[i], "[].")
		switch {
		case strings.HasPrefix(word, "--"):
			if !strings.HasSuffix(words[i], "]") {
				i++ // its value
			}
		case word != "" && word != "flags":
			name = word
		}
	}
	return name
}

// repeats reports whether a flag may be given several times.
func repeats(f *pflag.Flag) bool {
	_, ok := f.Value.(pflag.SliceValue)
	return ok
}
