// Command milterbench measures luamilter against filters in C that do the same, side by side in one run.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"

	"github.com/spf13/pflag"
)

func main() {
	os.Exit(milterbench(os.Args[1:], os.Stdout, os.Stderr))
}

// errReported ends the program after somebody has printed what is wrong.
var errReported = errors.New("already reported")

// errInterrupted ends the program after SIGINT or SIGTERM.
var errInterrupted = errors.New("interrupted")

// command is one subcommand.
type command struct {
	name    string
	summary string
	flags   func(*options, *pflag.FlagSet)
	run     func(*bench) error
}

func commands() []command {
	return []command{
		{"table", "messages a second, CPU time and memory of each peer, closed loop", tableFlags, runTable},
		{"latency", "latency at a fixed rate, half of what " + reference + " can do", latencyFlags, runLatency},
		{"scaling", "CPU time of luamilter by connections, header fields, size of body and scripts", scalingFlags, runScaling},
		{"idle", "memory of idle connections, and many busy ones on few Lua states", idleFlags, runIdle},
	}
}

// milterbench runs the subcommand that args name and gives the exit code.
func milterbench(args []string, out, errOut io.Writer) int {
	err := dispatch(args, out)
	switch {
	case err == nil, errors.Is(err, pflag.ErrHelp):
		return 0
	case !errors.Is(err, errReported):
		fmt.Fprintf(errOut, "milterbench: %v\n", err)
	}
	return 1
}

func dispatch(args []string, out io.Writer) error {
	if len(args) == 0 {
		return errors.New("no command (see milterbench --help)")
	}
	if args[0] == "-h" || args[0] == "--help" || args[0] == "help" {
		printUsage(out)
		return nil
	}
	if args[0] == "strip" {
		return strip(args[1:])
	}
	for _, c := range commands() {
		if c.name == args[0] {
			return c.start(args[1:], out)
		}
	}
	return fmt.Errorf("there is no command %q (see milterbench --help)", args[0])
}

func printUsage(out io.Writer) {
	fmt.Fprint(out, "milterbench measures luamilter against filters in C on libmilter.\n\n")
	for _, c := range commands() {
		fmt.Fprintf(out, "  milterbench %-8s  %s\n", c.name, c.summary)
	}
	fmt.Fprint(out, "  milterbench strip     take from the CPU profile FILE what tells of this machine (make profile)\n")
	fmt.Fprint(out, "\nmilterbench COMMAND --help lists the flags. Run it in the source tree.\n")
}

// bench is one run: what was asked for, and where it happens.
type bench struct {
	options
	print printer
	dir   string // temporary
}

// start reads the flags, and runs the subcommand in a temporary folder.
func (c *command) start(args []string, out io.Writer) (err error) {
	b := &bench{options: defaultOptions()}
	if err := c.parse(&b.options, args, out); err != nil {
		return err
	}
	b.print = printer{out, b.format}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if b.dir = os.Getenv(pinnedVariable); b.dir != "" {
		return c.work(ctx, b)
	}
	if b.dir, err = os.MkdirTemp("", "milterbench"); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(b.dir)) }()
	if err := b.build(ctx, b.dir); err != nil {
		return err
	}
	if b.cpu >= 0 || b.nice != 0 {
		return b.pin(ctx, []string{"--luamilter", b.luamilter, "--libmilter", b.libmilter, "--limit", b.limit})
	}
	return c.work(ctx, b)
}

func (c *command) parse(o *options, args []string, out io.Writer) error {
	fs := pflag.NewFlagSet(c.name, pflag.ContinueOnError)
	fs.SortFlags = false
	fs.SetOutput(io.Discard)
	fs.Usage = func() {}
	c.flags(o, fs)
	o.register(fs)
	err := fs.Parse(args)
	switch {
	case errors.Is(err, pflag.ErrHelp):
		fmt.Fprintf(out, "milterbench %s: %s\n\n%s", c.name, c.summary, fs.FlagUsagesWrapped(100))
		return err
	case err != nil:
		return err
	case fs.NArg() > 0:
		return fmt.Errorf("%q is no flag", fs.Arg(0))
	}
	return o.check()
}

// work measures until it is done or interrupted. The peers end with this process in any case.
func (c *command) work(ctx context.Context, b *bench) error {
	debug.SetGCPercent(400) // of the generator; a filter's is never touched
	done := make(chan error, 1)
	go func() { done <- c.run(b) }()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return errInterrupted
	}
}
