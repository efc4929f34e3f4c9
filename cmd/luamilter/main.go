// Command luamilter is a milter for Postfix and Sendmail whose decisions are made by Lua scripts.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/pflag"

	"luamilter/luabind"
)

func main() {
	os.Exit(luamilter(os.Args[1:], os.Stdout, os.Stderr))
}

// The exit codes of every subcommand.
const (
	exitFine   = 0
	exitFailed = 1
	exitUsage  = 2
)

// luamilter runs the subcommand that args name and gives the exit code.
func luamilter(args []string, out, errOut io.Writer) int {
	name, args := splitCommand(args)
	for _, c := range commands() {
		if c.name == name {
			printed := &output{Writer: out}
			err := c.run(args, printed, errOut)
			if err == nil && name != "run" { // whose result are verdicts; it has printed a greeting
				err = printed.failure()
			}
			return exitCode(err, name, errOut)
		}
	}
	return exitCode(noCommand(name), "", errOut)
}

// noCommand says what was meant instead.
func noCommand(name string) error {
	if strings.HasSuffix(name, ".lua") {
		return usageErrorf("there is no command %q; scripts are named with --script", name)
	}
	if near := luabind.Nearest(name, firstWords(describeCommands())); near != "" {
		return usageErrorf("there is no command %q; did you mean %s?", name, near)
	}
	return usageErrorf("there is no command %q", name)
}

// splitCommand takes the subcommand from the front of args. Without one it is run, whose flags may follow.
func splitCommand(args []string) (name string, rest []string) {
	switch {
	case len(args) == 0:
		return "run", nil
	case args[0] == "-h" || args[0] == "--help":
		return "help", args[1:]
	case args[0] == "--version":
		return "version", args[1:]
	case strings.HasPrefix(args[0], "-"):
		return "run", args
	}
	return args[0], args[1:]
}

// command is one subcommand.
type command struct {
	name    string
	usage   string // behind "luamilter "; "" for one that the overview need not show
	summary string
	run     func(args []string, out, errOut io.Writer) error
}

func commands() []command {
	return []command{
		{"run", "[run] --script FILE [--script FILE ...] [--listen ADDR ...] [flags]", "run the milter (the default)", runCommand},
		{"check", "check FILE...", "load and lint scripts", checkCommand},
		{"test", "test [NAME_test.lua ...]", "run tests written in Lua, no MTA needed", testCommand},
		{"replay", "replay --script FILE MAIL...", "put mails through a filter, no MTA needed", replayCommand},
		{"send", "send [--milter ADDR] MAIL", "send a mail to a milter that runs, and print what is said", sendCommand},
		{"init", "init [NAME] [--dir DIR]", "write a filter to start from, with test and editor configuration", initCommand},
		{"docs", "docs [NAME]", "show the reference in the terminal", docsCommand},
		{"open-header", "open-header --key FILE [MAIL]", "read what encrypted_header.lua has put into a mail", openHeaderCommand},
		{"tail", "tail [--admin ADDR] [--match KEY=PATTERN ...]", "follow what a running milter decides", tailCommand},
		{"explain", "explain [--admin ADDR] QUEUEID", "tell how a running milter came to decide on a message", explainCommand},
		{"completion", "completion bash|zsh|fish", "print the completion of a shell", completionCommand},
		{"man", "man", "print the manual page", manCommand},
		{"version", "version", "print the version", versionCommand},
		{"help", "", "print this", helpCommand},
	}
}

// usageError is a mistake on the command line or in a LUAMILTER_ variable.
type usageError struct{ error }

func usageErrorf(format string, values ...any) error {
	return usageError{fmt.Errorf(format, values...)}
}

// errReported ends a subcommand that has printed what is wrong.
var errReported = errors.New("already reported")

// exitCode prints the error of a subcommand, one line for each thing that is wrong.
func exitCode(err error, command string, errOut io.Writer) int {
	var usage usageError
	var load *luabind.LoadError
	switch {
	case err == nil, errors.Is(err, pflag.ErrHelp):
		return exitFine
	case errors.Is(err, errReported):
		return exitFailed
	case errors.As(err, &usage):
		if command != "" {
			command += " "
		}
		fmt.Fprintf(errOut, "luamilter: %s (see luamilter %s--help)\n", usage, command)
		return exitUsage
	case errors.As(err, &load):
		// As a compiler says it, so that editors find the line.
		fmt.Fprintln(errOut, load)
		return exitFailed
	}
	fmt.Fprintf(errOut, "luamilter: %s\n", err)
	return exitFailed
}
