package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"strings"

	"luamilter/engine"
	"luamilter/luabind"
	"luamilter/luabind/lint"
	"luamilter/protocol"
)

// checkFlags are those of check.
type checkFlags struct {
	hostFlags
	format  word
	mta     word
	listen  []string
	explain string
}

// checkCommand loads and lints each script on its own, so that one that fails does not hide what is wrong with the next.
func checkCommand(args []string, out, errOut io.Writer) error {
	f := checkFlags{
		hostFlags: defaultHostFlags(),
		format:    word{"text", []string{"text", "json"}},
		mta:       word{"", []string{"postfix", "sendmail"}},
	}
	fs := newFlags("check")
	fs.Var(&f.format, "format", "`FORMAT` of what is found: text, on stderr, or json, on stdout")
	fs.StringVar(&f.explain, "explain", "", "say what a `RULE` finds, why, and what to write instead; list names all rules")
	fs.Var(&f.mta, "mta", "`NAME` of the mail server, postfix or sendmail: print the lines for its configuration")
	fs.StringArrayVar(&f.listen, "listen", []string{defaultListen}, "`ADDR` for these lines, as that of run; of several the first")
	f.registerLoading(fs)
	fs.Var(&f.callbackTimeout, "callback-timeout", "`TIME` for these lines, as that of run")
	if err := parse(fs, args, out, checkHelp+rulesHelp()); err != nil {
		return err
	}
	if f.explain != "" {
		return explain(out, f.explain)
	}
	if fs.NArg() == 0 {
		return usageErrorf("no script: check takes the names of Lua files")
	}
	c := checker{flags: &f, out: out, errOut: errOut, told: map[string]bool{}, ask: map[protocol.Stage][]string{}}
	return c.run(fs.Args())
}

func explain(out io.Writer, rule string) error {
	if rule == "list" {
		fmt.Fprint(out, lint.List())
		return nil
	}
	text, err := lint.Explain(rule)
	if err != nil {
		return usageErrorf("--explain: %w", err)
	}
	fmt.Fprint(out, text)
	return nil
}

// checker goes through the scripts of one command line.
type checker struct {
	flags  *checkFlags
	out    io.Writer
	errOut io.Writer
	told   map[string]bool // files whose findings were printed: two scripts may require the same module
	ask    map[protocol.Stage][]string
	reads  []lint.MacroRead
	failed bool
}

// checked is what --format json says of a script.
type checked struct {
	File      string              `json:"file"`
	OK        bool                `json:"ok"` // it loads, and nothing that was found is an error
	Findings  []lint.Finding      `json:"findings"`
	Callbacks []string            `json:"callbacks"`
	Actions   []string            `json:"actions"`
	Steps     []string            `json:"steps"`
	Macros    map[string][]string `json:"macros"` // that are asked for, by stage
}

func (c *checker) run(files []string) error {
	addr, err := c.address()
	if err != nil {
		return err
	}
	list := []checked{}
	for _, file := range files {
		result, err := c.check(file)
		if err != nil {
			return err
		}
		c.failed = c.failed || !result.OK
		if c.flags.format.value == "text" {
			c.print(result)
		}
		list = append(list, result)
	}
	config := []string{}
	if addr != nil {
		config = c.configuration(addr)
	}
	if c.flags.format.value == "json" {
		text, err := encodeJSON(struct {
			Scripts []checked `json:"scripts"`
			MTA     []string  `json:"mta"` // the lines of --mta
		}{list, config}, "  ")
		if err != nil {
			return err
		}
		fmt.Fprintf(c.out, "%s\n", text)
	} else {
		for _, line := range config {
			fmt.Fprintln(c.out, line)
		}
	}
	if c.failed {
		return errReported
	}
	return nil
}

// check loads one script and looks at its files.
func (c *checker) check(file string) (checked, error) {
	config := c.flags.config(slog.New(newLogHandler(c.errOut, c.flags.logFormat.value, c.flags.logLevel.value)))
	config.Scripts = []string{file}
	result := checked{
		File: file, Findings: []lint.Finding{}, Callbacks: []string{}, Actions: []string{}, Steps: []string{},
		Macros: map[string][]string{},
	}
	options := lint.Options{MTAs: c.mtas()}
	var files []luabind.File
	generation, err := engine.Load(context.Background(), config)
	var problem *luabind.LoadError
	switch {
	case err == nil:
		files = generation.Files()
		options.Negotiated = generation.Wants().Macros
		result.describe(generation)
	case errors.As(err, &problem):
		files = problem.Files
		options.Broken = true
	default:
		return result, err
	}
	sources := readFiles(files)
	report := lint.Check(sources, options)
	if problem != nil {
		report.Merge(problem.Problems, sources)
	}
	result.OK = problem == nil && !report.Failed()
	c.note(&result, report, sources)
	return result, nil
}

// note keeps what is to be printed of a report, without what was printed of the same files before.
func (c *checker) note(result *checked, report *lint.Report, sources []lint.File) {
	for _, f := range report.Findings {
		if f.File == result.File || !c.told[f.File] {
			result.Findings = append(result.Findings, f)
		}
	}
	for _, s := range sources {
		c.told[s.Path] = true
	}
	for stage, names := range report.Ask {
		c.ask[stage] = append(c.ask[stage], names...)
	}
	c.reads = append(c.reads, report.Reads...)
}

// readFiles reads those of the files that are there; the script is the first.
func readFiles(files []luabind.File) []lint.File {
	var list []lint.File
	for _, f := range files {
		if content, err := luabind.ReadSource(f.Path); f.Hash != "" && err == nil {
			list = append(list, lint.File{Path: f.Path, Content: content})
		}
	}
	return list
}

// describe takes over what a script that loads defines, and what an MTA is asked for on its behalf.
func (r *checked) describe(g *engine.Generation) {
	for _, script := range g.Scripts() {
		r.Callbacks = append(r.Callbacks, script.Callbacks()...)
	}
	want := g.Wants()
	if want.Actions != 0 {
		r.Actions = strings.Split(want.Actions.String(), "|")
	}
	if want.Steps != 0 {
		r.Steps = strings.Split(want.Steps.String(), "|")
	}
	for stage, names := range want.Macros {
		r.Macros[stage.String()] = append([]string{}, names...)
	}
}

// print prints a result: findings on stderr, as a compiler does, the rest on stdout.
func (c *checker) print(r checked) {
	for _, f := range r.Findings {
		fmt.Fprintln(c.errOut, printable(f.String()))
	}
	if !r.OK {
		fmt.Fprintf(c.out, "%s: not ok\n", printable(r.File))
	} else {
		fmt.Fprintf(c.out, "%s: ok\n", printable(r.File))
	}
	if len(r.Callbacks) == 0 {
		return
	}
	fmt.Fprintf(c.out, "  callbacks  %s\n  actions    %s\n  steps      %s\n",
		strings.Join(r.Callbacks, " "), orNone(r.Actions), orNone(r.Steps))
	for stage := protocol.StageConnect; stage <= protocol.StageEOH; stage++ {
		if names, ok := r.Macros[stage.String()]; ok {
			fmt.Fprintf(c.out, "  macros     %s: %s\n", stage, printable(orNone(names)))
		}
	}
}

func orNone(list []string) string {
	if len(list) == 0 {
		return "none"
	}
	return strings.Join(list, " ")
}

// rulesHelp lists the rules for the help.
func rulesHelp() string { return "\nRules (--explain RULE says more):\n" + lint.List() }

const checkHelp = `Loads and lints scripts, each on its own, with the modules of their own, and prints what they define
and what is negotiated with an MTA for them. Findings are "file:line:column: error|warning: message (rule)".

Usage:
  luamilter check FILE... [flags]

Flags:
%s
` + environmentHelp + `
Exit codes: 0 fine (there may be warnings), 1 an error was found, 2 wrong usage.
`
