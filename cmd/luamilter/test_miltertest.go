package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"os/signal"
	"strings"
	"syscall"
	"time"

	"github.com/spf13/pflag"

	"luamilter/engine"
	"luamilter/engine/miltertest"
	"luamilter/engine/mta"
	"luamilter/protocol"
)

// miltertestFlags are the flags of test for a script of OpenDKIM's miltertest.
type miltertestFlags struct {
	file    string
	socket  string
	defines []string
	timeout timeLimit
}

func (f *miltertestFlags) register(fs *pflag.FlagSet) {
	f.timeout = timeLimit(10 * time.Minute)
	fs.StringVar(&f.file, "miltertest", "", "run a script of OpenDKIM's miltertest, this `FILE`, in place of tests; - is standard input")
	fs.StringVar(&f.socket, "socket", "", "`ADDRESS` of the running milter that such a script is to test")
	fs.StringArrayVarP(&f.defines, "define", "D", nil,
		"`NAME[=VALUE]` is a global of such a script, without a value the number 1; may be given several times")
	fs.Var(&f.timeout, "timeout", "`TIME` after which such a script is ended")
}

// validate finds flags that do not go together.
func (f *miltertestFlags) validate(fs *pflag.FlagSet, scripts []string) error {
	without, with := []string{"socket", "define"}, []string{"filter", "junit", "watch", "cover", "cover-html", "cover-min", "case-timeout"}
	switch {
	case f.file == "":
		if name := firstChanged(fs, without); name != "" {
			return usageErrorf("--%s is for --miltertest", name)
		}
		return nil
	case firstChanged(fs, with) != "":
		return usageErrorf("--%s is not for --miltertest", firstChanged(fs, with))
	case fs.NArg() > 0:
		return usageErrorf("--miltertest runs one script: what is %q?", fs.Arg(0))
	case f.socket != "" && len(scripts) > 0:
		return usageErrorf("--socket and --script: which milter is to be tested?")
	}
	if f.socket != "" {
		if _, _, err := protocol.ParseAddr(f.socket); err != nil {
			return usageErrorf("--socket: %w", err)
		}
	}
	for _, d := range f.defines {
		if name, _, _ := strings.Cut(d, "="); name == "" {
			return usageErrorf("--define: %q is not NAME=VALUE", d)
		}
	}
	return nil
}

// firstChanged is the first of the flags that is given.
func firstChanged(fs *pflag.FlagSet, names []string) string {
	for _, name := range names {
		if fs.Changed(name) {
			return name
		}
	}
	return ""
}

// run runs the script against the milter of --script, in this process; against that of --socket; or, with neither, against
// the one that the script starts and connects to.
func (f *miltertestFlags) run(host *hostFlags, verbose bool, out, errOut io.Writer) error {
	source, err := readInput("script", f.file)
	if err != nil {
		return err
	}
	options := miltertest.Options{
		Name: f.file, Source: source, Defines: f.globals(), Timeout: time.Duration(f.timeout), Out: unwrapped(out), Err: errOut,
	}
	if verbose {
		options.Trace = errOut
	}
	if isTerminal(out) {
		options.Shown = printableLines
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	switch {
	case len(host.scripts) > 0:
		filter, end, err := filterInside(host, errOut)
		if err != nil {
			return err
		}
		defer end()
		options.Filter = filter
	case f.socket != "":
		options.Filter = filterAt(f.socket)
	}
	return reportMiltertest(miltertest.Run(ctx, options), verbose, errOut)
}

func (f *miltertestFlags) globals() []miltertest.Define {
	var globals []miltertest.Define
	for _, d := range f.defines {
		name, value, ok := strings.Cut(d, "=")
		globals = append(globals, miltertest.Define{Name: name, Value: value, HasValue: ok})
	}
	return globals
}

// filterAt is a milter that runs.
func filterAt(socket string) *miltertest.Filter {
	return &miltertest.Filter{Dial: func(ctx context.Context) (net.Conn, error) {
		network, address, err := protocol.ParseAddr(socket)
		if err != nil {
			return nil, err
		}
		return (&net.Dialer{}).DialContext(ctx, network, address)
	}}
}

// filterInside is a milter in this process.
func filterInside(flags *hostFlags, errOut io.Writer) (filter *miltertest.Filter, end func(), err error) {
	config := flags.config(slog.New(scriptLog{newLogHandler(errOut, flags.logFormat.value, flags.logLevel.value)}))
	generation, err := engine.Load(context.Background(), config)
	if err != nil {
		return nil, nil, err
	}
	host := engine.NewHost(config, generation)
	dial, stop := mta.ServeInside(&protocol.Server{Handler: host, Log: config.Log})
	filter = &miltertest.Filter{
		Dial: func(context.Context) (net.Conn, error) { return dial() },
		Signal: func(s syscall.Signal) error {
			if s != syscall.SIGHUP {
				return fmt.Errorf("the filter is in this process, and takes SIGHUP only")
			}
			_, err := host.Reload(context.Background())
			return err
		},
	}
	return filter, func() { host.Close(); _ = stop() }, nil
}

// reportMiltertest prints why a script has failed, and with verbose how it came there.
func reportMiltertest(err error, verbose bool, errOut io.Writer) error {
	if err == nil {
		return nil
	}
	var script *miltertest.ScriptError
	text := err.Error()
	if errors.As(err, &script) && verbose {
		text += "\n" + script.Traceback
	}
	for line := range strings.Lines(text) {
		fmt.Fprintln(errOut, strings.ReplaceAll(printable(strings.TrimRight(line, "\r\n")), `\x09`, "\t"))
	}
	return errReported
}
