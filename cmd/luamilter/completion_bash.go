package main

import (
	"fmt"
	"strings"
)

// bashCompletion is a function for complete -F. It needs nothing but bash.
func bashCompletion(commands []description) string {
	var flags, values, operands strings.Builder
	for _, c := range commands {
		fmt.Fprintf(&flags, "    %s) words=%s ;;\n", c.name, shellQuote(strings.Join(c.flagNames(), " ")))
		for _, f := range c.flags {
			if t, ok := flagTakes(f); ok {
				fmt.Fprintf(&values, "    '%s --%s') %s; return ;;\n", c.name, f.Name, bashValues(t))
			}
		}
		if t := c.operand(); t.kind != anyText {
			fmt.Fprintf(&operands, "    %s) %s ;;\n", c.name, bashValues(t))
		}
	}
	return fmt.Sprintf(bashScript, shellQuote(strings.Join(firstWords(commands), " ")), values.String(), flags.String(), operands.String())
}

// bashValues is the call that gives what fits.
func bashValues(t takes) string {
	switch t.kind {
	case oneWord:
		return "_luamilter_words " + shellQuote(strings.Join(t.words, " "))
	case luaFile:
		return "_luamilter_names -o plusdirs -f -X '!*.lua'"
	case anyFile:
		return "_luamilter_names -f"
	case anyFolder:
		return "_luamilter_names -d"
	case userName:
		return "_luamilter_names -u"
	case groupName:
		return "_luamilter_names -g"
	}
	return ":"
}

// bashScript has four %s: the commands, the values of flags, the flags of each command, its operands.
const bashScript = `# Completion of luamilter for bash, made by: luamilter completion bash

_luamilter_words() {
  mapfile -t COMPREPLY < <(compgen -W "$1" -- "$cur")
}

_luamilter_names() {
  # Outside of a completion, as in a test, compopt has nothing to change.
  compopt -o filenames 2>/dev/null
  mapfile -t COMPREPLY < <(compgen "$@" -- "$cur")
}

_luamilter() {
  local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]} words= command
  COMPREPLY=()
  # bash makes three words of --flag=value.
  if [[ $cur == = ]]; then
    cur=
  elif [[ $prev == = ]]; then
    prev=${COMP_WORDS[COMP_CWORD-2]}
  fi
  if ((COMP_CWORD == 1)) && [[ $cur != -* ]]; then
    _luamilter_words %s
    return
  fi
  command=${COMP_WORDS[1]}
  [[ $command == -* ]] && command=run
  case "$command $prev" in
%s  esac
  if [[ $cur == -* ]]; then
    case $command in
%s    esac
    _luamilter_words "$words"
    return
  fi
  case $command in
%s  esac
}

complete -F _luamilter luamilter
`
