package main

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"luamilter/engine"
	"luamilter/protocol"
)

// checkCommand loads each script on its own, so that one that fails does not hide what is wrong with the next.
func checkCommand(args []string, out, errOut io.Writer) error {
	f := defaultHostFlags()
	fs := newFlags("check")
	f.registerLoading(fs)
	if err := parse(fs, args, out, checkHelp); err != nil {
		return err
	}
	if fs.NArg() == 0 {
		return usageErrorf("no script: check takes the names of Lua files")
	}
	config := f.config(slog.New(newLogHandler(errOut, f.logFormat.value, f.logLevel.value)))
	failed := false
	for _, file := range fs.Args() {
		config.Scripts = []string{file}
		generation, err := engine.Load(context.Background(), config)
		if err != nil {
			fmt.Fprintln(errOut, err)
			failed = true
			continue
		}
		describe(out, errOut, generation)
	}
	if failed {
		return errReported
	}
	return nil
}

// describe prints what a script that loads defines, and what an MTA is asked for on its behalf.
func describe(out, errOut io.Writer, g *engine.Generation) {
	for _, script := range g.Scripts() {
		for _, w := range script.Warnings() {
			w.Message = "warning: " + w.Message
			fmt.Fprintln(errOut, w)
		}
		fmt.Fprintf(out, "%s: ok\n", script.Path())
		fmt.Fprintf(out, "  callbacks  %s\n", strings.Join(script.Callbacks(), " "))
	}
	want := g.Wants()
	actions, steps := "none", "none"
	if want.Actions != 0 {
		actions = strings.ReplaceAll(want.Actions.String(), "|", " ")
	}
	if want.Steps != 0 {
		steps = strings.ReplaceAll(want.Steps.String(), "|", " ")
	}
	fmt.Fprintf(out, "  actions    %s\n  steps      %s\n", actions, steps)
	for stage := protocol.StageConnect; stage <= protocol.StageEOH; stage++ {
		if names, ok := want.Macros[stage]; ok {
			if len(names) == 0 {
				names = []string{"none"}
			}
			fmt.Fprintf(out, "  macros     %s: %s\n", stage, strings.Join(names, " "))
		}
	}
}

const checkHelp = `Loads and lints scripts, each on its own, and prints what they define and what is negotiated
with an MTA for them. Problems are printed as "file:line: message".

Usage:
  luamilter check FILE... [flags]

Flags:
%s
` + environmentHelp + `
Exit codes: 0 fine (there may be warnings), 1 a script does not load, 2 wrong usage.
`
