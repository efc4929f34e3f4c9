package main

import (
	"fmt"
	"strings"

	"github.com/spf13/pflag"
)

// zshCompletion is a file for $fpath, whose first line binds it to luamilter.
func zshCompletion(commands []description) string {
	var list, cases strings.Builder
	for _, c := range commands {
		fmt.Fprintf(&list, "      %s\n", shellQuote(c.name+":"+c.summary))
		fmt.Fprintf(&cases, "    %s)\n      _arguments", c.name)
		for _, f := range c.flags {
			fmt.Fprintf(&cases, " \\\n        %s", zshFlag(f))
		}
		fmt.Fprintf(&cases, " \\\n        '(- *)--help[print its help]'")
		if t := c.operand(); t.kind != anyText {
			fmt.Fprintf(&cases, " \\\n        '*: :%s'", zshAction(t))
		}
		cases.WriteString(" ;;\n")
	}
	return fmt.Sprintf(zshScript, list.String(), cases.String())
}

// zshText keeps what is special in a specification of _arguments from being so.
var zshText = strings.NewReplacer(`\`, `\\`, `[`, `\[`, `]`, `\]`, `:`, `\:`, `'`, ``)

// zshFlag is the specification of a flag.
func zshFlag(f *pflag.Flag) string {
	name, usage := pflag.UnquoteUsage(f)
	spec := "--" + f.Name
	if repeats(f) {
		spec = "*" + spec
	}
	t, ok := flagTakes(f)
	if !ok {
		return "'" + spec + "[" + zshText.Replace(usage) + "]'"
	}
	return "'" + spec + "=[" + zshText.Replace(usage) + "]:" + zshText.Replace(name) + ":" + zshAction(t) + "'"
}

// zshAction is the part of a specification that gives what fits.
func zshAction(t takes) string {
	switch t.kind {
	case oneWord:
		return "(" + strings.Join(t.words, " ") + ")"
	case luaFile:
		return `_files -g "*.lua"`
	case anyFile:
		return "_files"
	case anyFolder:
		return "_files -/"
	case userName:
		return "_users"
	case groupName:
		return "_groups"
	}
	return ""
}

// zshScript has two %s: the commands with their summaries, and the arguments of each.
const zshScript = `#compdef luamilter
# Completion of luamilter for zsh, made by: luamilter completion zsh

_luamilter() {
  local command=run
  local -a commands
  if (( CURRENT == 2 )) && [[ $words[2] != -* ]]; then
    commands=(
%s    )
    _describe -t commands command commands
    return
  fi
  if [[ $words[2] != -* ]]; then
    command=$words[2]
    shift words
    (( CURRENT-- ))
  fi
  case $command in
%s  esac
}

# Loaded by name, this file is the function; read by source or eval, it binds it.
if [[ $funcstack[1] == _luamilter ]]; then
  _luamilter "$@"
else
  compdef _luamilter luamilter
fi
`
