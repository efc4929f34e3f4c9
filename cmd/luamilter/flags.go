package main

import (
	"cmp"
	"fmt"
	"io"
	"log/slog"
	"os"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"luamilter/engine"
	"luamilter/luabind/guard"
)

func newFlags(command string) *pflag.FlagSet {
	fs := pflag.NewFlagSet(command, pflag.ContinueOnError)
	fs.SortFlags = false
	fs.SetOutput(io.Discard)
	fs.Usage = func() {}
	return fs
}

// parse reads the command line, then the environment. With --help it prints help, whose one %s stands for the list of
// flags, and gives a helpAsked.
func parse(fs *pflag.FlagSet, args []string, out io.Writer, help string) error {
	err := fs.Parse(args)
	if err == pflag.ErrHelp {
		fmt.Fprintf(out, help, pflagDefault.ReplaceAllString(fs.FlagUsagesWrapped(100), "(default$1$2)"))
		return &helpAsked{fs, help}
	}
	if err != nil {
		return usageError{err}
	}
	return fromEnvironment(fs, os.LookupEnv)
}

// pflagDefault is a default of a text or of a list as pflag shows it, in quotes or brackets that nobody would type.
var pflagDefault = regexp.MustCompile(`\(default(\s+)["\[](\S*)["\]]\)`)

// fromEnvironment sets each flag that the command line has not set from LUAMILTER_<FLAG>. Variables that are no flag are
// left alone: Kubernetes makes LUAMILTER_PORT and its like for a service called luamilter.
func fromEnvironment(fs *pflag.FlagSet, lookup func(string) (string, bool)) (err error) {
	fs.VisitAll(func(f *pflag.Flag) {
		name := variable(f.Name)
		value, ok := lookup(name)
		if err != nil || f.Changed || !ok || value == "" || fs.Changed(oppositeOf(f)) {
			return
		}
		if list, isList := f.Value.(pflag.SliceValue); isList {
			err = list.Replace(splitList(value))
		} else {
			err = fs.Set(f.Name, value)
		}
		if err != nil {
			err = usageErrorf("%s: %w", name, err)
		}
	})
	return err
}

// negation is the value of a flag that turns another one off.
type negation struct{ of *bool }

func (n negation) String() string { return "false" }
func (n negation) Type() string   { return "bool" }

func (n negation) Set(s string) error {
	off, err := strconv.ParseBool(s)
	*n.of = !off
	return err
}

// oppositeKey annotates a flag with the name of the one that says the opposite of it.
const oppositeKey = "opposite"

// opposite adds a flag that turns another one off. On the command line the last of the two counts, and either of them more
// than the environment.
func opposite(fs *pflag.FlagSet, name, not string, value *bool, usage string) {
	fs.VarPF(negation{value}, not, "", usage).NoOptDefVal = "true"
	for _, pair := range [][2]string{{name, not}, {not, name}} {
		fs.Lookup(pair[0]).Annotations = map[string][]string{oppositeKey: {pair[1]}}
	}
}

func oppositeOf(f *pflag.Flag) string {
	if names := f.Annotations[oppositeKey]; len(names) > 0 {
		return names[0]
	}
	return ""
}

// variable is the name in the environment of a flag.
func variable(flag string) string {
	return "LUAMILTER_" + strings.ToUpper(strings.ReplaceAll(flag, "-", "_"))
}

func splitList(value string) []string {
	var list []string
	for _, item := range strings.Split(value, ",") {
		if item = strings.TrimSpace(item); item != "" {
			list = append(list, item)
		}
	}
	return list
}

// hostFlags are the flags of every subcommand that runs scripts.
type hostFlags struct {
	scripts         []string
	onError         word
	onOversize      word
	callbackTimeout timeLimit
	messageTimeout  timeLimit
	states          count
	memoryLimit     byteSize
	maxMessageSize  byteSize
	spoolSize       byteSize
	logFormat       word
	logLevel        word
}

func defaultHostFlags() hostFlags {
	return hostFlags{
		onError:         word{"tempfail", []string{"tempfail", "reject", "accept", "continue"}},
		onOversize:      word{"tempfail", []string{"tempfail", "accept", "reject"}},
		callbackTimeout: timeLimit(8 * time.Second), // Sendmail gives up after 10 s
		messageTimeout:  timeLimit(4 * time.Minute), // Postfix and Sendmail give up after 5
		maxMessageSize:  64 << 20,
		spoolSize:       1 << 20,
		logFormat:       word{"text", []string{"text", "json"}},
		logLevel:        word{"info", []string{"debug", "info", "warn", "error"}},
	}
}

func (h *hostFlags) registerScripts(fs *pflag.FlagSet) {
	fs.StringArrayVar(&h.scripts, "script", nil, "Lua `FILE` with callbacks; may be given several times")
}

// registerRunning are the flags that matter when callbacks run.
func (h *hostFlags) registerRunning(fs *pflag.FlagSet) {
	fs.Var(&h.onError, "on-error", "`VERDICT` when a script fails: tempfail, reject, accept or continue")
	fs.Var(&h.callbackTimeout, "callback-timeout", "`TIME` after which a callback is interrupted and counts as failed")
	fs.Var(&h.states, "states", "greatest `NUMBER` of Lua states per script; 0: by core count")
	fs.Var(&h.maxMessageSize, "max-message-size", "greatest `SIZE` of a message that is buffered")
	fs.Var(&h.spoolSize, "spool-size", "`SIZE` of a body for on_message above which it is in a temporary file")
	fs.Var(&h.onOversize, "on-oversize", "`VERDICT` on a larger message: tempfail, accept or reject")
}

// registerLoading are the flags that matter when a script is loaded, too.
func (h *hostFlags) registerLoading(fs *pflag.FlagSet) {
	h.registerLimits(fs)
	fs.Var(&h.logFormat, "log-format", "`FORMAT` of the log on stderr: text or json")
	fs.Var(&h.logLevel, "log-level", "least `LEVEL` that is logged: debug, info, warn or error")
}

// registerLimits are those of registerLoading but for the log.
func (h *hostFlags) registerLimits(fs *pflag.FlagSet) {
	fs.Var(&h.messageTimeout, "message-timeout",
		"`TIME` after which on_eom or on_message is interrupted; loading a script may take as long")
	fs.Var(&h.memoryLimit, "memory-limit", "`SIZE` of the heap above which running callbacks are interrupted; 0: by machine")
}

func (h *hostFlags) needScripts() error {
	if len(h.scripts) == 0 {
		return usageErrorf("no script: give --script FILE")
	}
	return nil
}

// config is what the engine is told.
func (h *hostFlags) config(log *slog.Logger) engine.Config {
	return engine.Config{
		Version:         version(),
		Scripts:         h.scripts,
		OnError:         engine.OnError(h.onError.value),
		OnOversize:      engine.OnError(h.onOversize.value),
		CallbackTimeout: time.Duration(h.callbackTimeout),
		MessageTimeout:  time.Duration(h.messageTimeout),
		States:          cmp.Or(h.states.value, engine.DefaultStates()), // now: processorsForLoops raises GOMAXPROCS
		MaxMessageSize:  int64(h.maxMessageSize),
		SpoolSize:       int64(h.spoolSize),
		Memory:          guard.NewMemory(int64(h.memoryLimit)),
		Log:             log,
	}
}
