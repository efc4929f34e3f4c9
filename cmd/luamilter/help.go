package main

import (
	"fmt"
	"io"
	"strings"
)

// helpCommand prints the overview, or the help of the command that is named.
func helpCommand(args []string, out, errOut io.Writer) error {
	if len(args) > 0 {
		for _, c := range commands() {
			if c.name == args[0] && c.name != "help" {
				return c.run([]string{"--help"}, out, errOut)
			}
		}
		if args[0] != "--help" && args[0] != "-h" {
			return noCommand(args[0])
		}
	}
	var usage, list strings.Builder
	for _, c := range commands() {
		if c.usage != "" {
			fmt.Fprintf(&usage, "  luamilter %s\n", c.usage)
		}
		fmt.Fprintf(&list, "  %-12s %s\n", c.name, c.summary)
	}
	fmt.Fprintf(out, overview, usage.String(), list.String())
	return nil
}

const overview = `luamilter runs Lua scripts as a milter for Postfix and Sendmail.

Usage:
%s
Commands:
%s
luamilter COMMAND --help lists the flags of a command.

Exit codes: 0 fine, 1 failed, 2 wrong usage.
`

const environmentHelp = `Each flag is also read from the environment: --on-error from LUAMILTER_ON_ERROR and so on, lists
separated by commas. A flag on the command line wins; an empty variable counts as not set.
`
