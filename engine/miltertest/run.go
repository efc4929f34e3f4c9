package miltertest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"regexp"
	"syscall"
	"time"

	lua "github.com/yuin/gopher-lua"

	"luamilter/luabind/guard"
)

// replyTimeout is how long a reply may take until the script says otherwise with mt.set_timeout.
const replyTimeout = 10 * time.Second

// stuckAfter is how much longer than its time limit a script is waited for. It ends at its next instruction, unless it is
// in a function that waits for somebody else, such as os.execute.
const stuckAfter = 3 * time.Second

// Options say what to run and against which milter.
type Options struct {
	Name    string        // of the script, for messages
	Source  string        // its text
	Defines []Define      // globals that it finds
	Timeout time.Duration // for the whole script; above 0

	// Filter is the milter under test. Without one mt.startfilter starts the program that it names, and mt.connect
	// connects to where it is told; with one the first does nothing, and the second always reaches this milter.
	Filter *Filter

	// Out and Err are those of mt.echo and print, and of the programs that are started, which write at any time.
	Out, Err io.Writer
	// Shown, if set, is applied to what mt.echo and print are given: some of it comes from the milter.
	Shown func(string) string

	Trace io.Writer // gets a line for each frame that is sent or received; nil: none
}

// Filter is a milter that the script need not start.
type Filter struct {
	Dial   func(ctx context.Context) (net.Conn, error)
	Signal func(syscall.Signal) error // what mt.signal does; nil: it is an error
}

// Define is a global variable of the script: a string, or the number 1 where it has no value.
type Define struct {
	Name     string
	Value    string
	HasValue bool
}

// ScriptError tells why a script has failed.
type ScriptError struct {
	Message   string // begins with file and line
	Traceback string // "" where it did not get to run
}

func (e *ScriptError) Error() string { return e.Message }

// run is a script that runs.
type run struct {
	Options
	ctx     context.Context
	end     context.CancelCauseFunc // ends the script, whatever it tries to catch
	fuel    *guard.Fuel
	timeout time.Duration // for a reply
	conns   map[*conn]bool
	started processes
}

// Run runs a script to its end; then its connections are closed, the programs that it started are told to stop, and the
// working directory is again that of the caller. A *ScriptError says that the script failed.
func Run(ctx context.Context, o Options) error {
	limited, unlimit := context.WithTimeoutCause(ctx, o.Timeout, fmt.Errorf("the script has not ended after %v", o.Timeout))
	defer unlimit()
	r := &run{Options: o, fuel: guard.NewFuel(nil), timeout: replyTimeout, conns: map[*conn]bool{}}
	r.ctx, r.end = context.WithCancelCause(limited)
	defer r.end(nil)
	defer context.AfterFunc(r.ctx, r.fuel.Stop)()
	if dir, err := os.Getwd(); err == nil {
		defer func() { _ = os.Chdir(dir) }() // a folder that the script has removed is not worth an error
	}
	done := make(chan error, 1)
	go func() { done <- r.script() }()
	return errors.Join(r.wait(done), r.started.stop())
}

// wait gives the outcome of the script.
func (r *run) wait(done <-chan error) error {
	select {
	case err := <-done:
		return err
	case <-r.ctx.Done():
	}
	stuck := time.NewTimer(stuckAfter)
	defer stuck.Stop()
	select {
	case err := <-done:
		return err
	case <-stuck.C:
		return &ScriptError{Message: fmt.Sprintf("%s: %v: it waits for somebody else", r.Name, context.Cause(r.ctx))}
	}
}

// print is mt.echo and print.
func (r *run) print(text string) {
	if r.Shown != nil {
		text = r.Shown(text)
	}
	fmt.Fprintln(r.Out, text)
}

// script loads the script and runs it.
func (r *run) script() error {
	L := guard.NewState(guard.Options{Fuel: r.fuel, Print: func(_ *lua.LState, text string) { r.print(text) }})
	defer L.Close()
	r.fuel.Begin(0, nil)
	r.open(L)
	chunk, err := guard.Compile(r.Name, []byte(r.Source))
	if err != nil {
		return &ScriptError{Message: err.Error()}
	}
	defer r.closeAll()
	return r.outcome(guard.Run(L, chunk, 0))
}

// outcome words the error that ended the script.
func (r *run) outcome(err error) error {
	text, trace := "", ""
	var api *lua.ApiError
	if errors.As(err, &api) {
		text, trace = api.Object.String(), api.StackTrace
		if api.Object.Type() != lua.LTString {
			text = "the script ends with a " + api.Object.Type().String() + " as its error"
		}
	}
	var exit exitStatus
	switch cause := context.Cause(r.ctx); {
	case errors.As(cause, &exit) && exit.status == 0:
		return nil
	case cause != nil:
		text = cause.Error()
	case err == nil:
		return nil
	}
	if !placed.MatchString(text) {
		text = r.place(trace) + text
	}
	return &ScriptError{Message: text, Traceback: trace}
}

var (
	placed = regexp.MustCompile(`^[^:\n]+:\d+: `)
	// frame is what a traceback says of a Lua function. Those in Go have no line.
	frame = regexp.MustCompile(`(?m)^\t(.+:\d+:) in `)
)

// place is where the innermost Lua function of a traceback is.
func (r *run) place(trace string) string {
	if m := frame.FindStringSubmatch(trace); m != nil {
		return m[1] + " "
	}
	return r.Name + ": "
}

// exitStatus ends a script that calls os.exit.
type exitStatus struct {
	status int
	place  string
}

func (e exitStatus) Error() string {
	return fmt.Sprintf("%sthe script exits with status %d", e.place, e.status)
}

// closeAll closes the connections that the script has left open.
func (r *run) closeAll() {
	for c := range r.conns {
		c.close()
	}
}

// trace notes a frame.
func (r *run) trace(format string, values ...any) {
	if r.Trace != nil {
		fmt.Fprintf(r.Trace, format+"\n", values...)
	}
}

// fail raises an error that has no place before it, as those of the model have none.
func fail(L *lua.LState, format string, values ...any) {
	L.Error(lua.LString(fmt.Sprintf(format, values...)), 0)
}
