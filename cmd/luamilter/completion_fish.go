package main

import (
	"fmt"
	"strings"

	"github.com/spf13/pflag"
)

// fishCompletion is a list of complete commands.
func fishCompletion(commands []description) string {
	var list strings.Builder
	for _, c := range commands {
		fmt.Fprintf(&list, "complete -c luamilter -n __luamilter_first -a %s -d %s\n", c.name, shellQuote(c.summary))
	}
	for _, c := range commands {
		in := fmt.Sprintf("complete -c luamilter -n '__luamilter_in %s'", c.name)
		fmt.Fprintf(&list, "\n%s -l help -d 'print its help'\n", in)
		for _, f := range c.flags {
			_, usage := pflag.UnquoteUsage(f)
			fmt.Fprintf(&list, "%s -l %s%s -d %s\n", in, f.Name, fishFlagValues(f), shellQuote(usage))
		}
		if t := c.operand(); t.kind != anyText {
			fmt.Fprintf(&list, "%s%s\n", in, fishValues(t))
		}
	}
	return fmt.Sprintf(fishScript, list.String())
}

// fishFlagValues is -x or -r with what may stand behind a flag, or nothing.
func fishFlagValues(f *pflag.Flag) string {
	t, ok := flagTakes(f)
	switch {
	case !ok:
		return ""
	case t.kind == anyText:
		return " -x"
	case t.kind == anyFile:
		return " -r -F"
	}
	return " -x" + fishValues(t)
}

// fishValues gives what fits.
func fishValues(t takes) string {
	switch t.kind {
	case oneWord:
		return " -a " + shellQuote(strings.Join(t.words, " "))
	case luaFile:
		return " -a '(__luamilter_scripts)'"
	case anyFolder:
		return " -a '(__fish_complete_directories)'"
	case userName:
		return " -a '(__fish_complete_users)'"
	case groupName:
		return " -a '(__fish_complete_groups)'"
	}
	return " -F"
}

// fishScript has one %s: the complete commands.
const fishScript = `# Completion of luamilter for fish, made by: luamilter completion fish

function __luamilter_first
  test (count (commandline -opc)) -eq 1
end

# Whether the command line is one of a command; flags without a command are those of run.
function __luamilter_in -a name
  set -l words (commandline -opc) (commandline -ct)
  if string match -q -- '-*' $words[2]
    test $name = run
  else
    set -q words[3]; and test $name = $words[2]
  end
end

function __luamilter_scripts
  string match -r '^[^\t]*(?:\.lua|/)(?:\t.*)?$' -- (__fish_complete_path (commandline -ct))
end

complete -c luamilter -f
%s`
