package luatest

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"

	"luamilter/engine"
	"luamilter/luabind"
	"luamilter/luabind/guard"
)

// runner runs one test file in a Lua state of its own.
type runner struct {
	suite   *Suite
	file    *File
	config  engine.Config
	hash    string
	lua     *lua.LState
	fuel    *guard.Fuel
	clock   guard.Clock
	sources map[string][]string // lines of the test file and of its modules
	modules map[string]lua.LValue

	cases  []testCase
	before []*lua.LFunction
	after  []*lua.LFunction
	trial  *trial // the case that runs
}

// testCase is one call of t.case.
type testCase struct {
	name string
	line int
	fn   *lua.LFunction
}

func (r *runner) run(ctx context.Context) error {
	if len(r.config.Scripts) == 0 {
		script, err := Tested(r.file.Path)
		if err != nil {
			return err
		}
		r.config.Scripts = []string{script}
	}
	r.config.Clock, r.config.Rotate = &r.clock, true
	r.fuel = guard.NewFuel(r.config.Memory)
	defer context.AfterFunc(ctx, r.fuel.Stop)()
	r.lua = guard.NewState(guard.Options{Fuel: r.fuel, Print: r.print, Clock: &r.clock})
	defer r.lua.Close()
	r.bind()
	if err := r.load(); err != nil {
		return err
	}
	if err := r.checkScripts(ctx); err != nil {
		return err
	}
	for _, c := range r.cases {
		if r.suite.Only != nil && !r.suite.Only(c.name) {
			r.file.Left++
			continue
		}
		if ctx.Err() != nil {
			return ctx.Err()
		}
		r.file.Cases = append(r.file.Cases, r.runCase(ctx, c))
	}
	return nil
}

// load runs the test file, which names its cases.
func (r *runner) load() error {
	chunk, err := r.compile(r.file.Path)
	if err != nil {
		return err
	}
	r.fuel.Begin(r.config.MessageTimeout, nil)
	defer r.fuel.End()
	if err := guard.Run(r.lua, chunk, 0); err != nil {
		return errors.New(message(err))
	}
	if len(r.cases) == 0 {
		return fmt.Errorf("%s: no case: call t.case(name, fn)", r.file.Path)
	}
	return nil
}

// message is what an error of the Lua state says, without the traceback.
func message(err error) string {
	var raised *lua.ApiError
	if errors.As(err, &raised) {
		if text, ok := raised.Object.(lua.LString); ok {
			return string(text)
		}
		return "an error was raised: " + show(raised.Object)
	}
	return err.Error()
}

// compile reads and compiles the test file or one of its modules.
func (r *runner) compile(path string) (*guard.Chunk, error) {
	src, err := os.ReadFile(path)
	var reason *os.PathError
	if errors.As(err, &reason) {
		err = reason.Err
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	hash := fmt.Sprintf("%x", sha256.Sum256(src))
	if path == r.file.Path {
		r.hash = hash
	} else {
		r.file.Used = append(r.file.Used, luabind.File{Path: path, Hash: hash})
	}
	r.sources[path] = strings.Split(string(src), "\n")
	return guard.Compile(path, src)
}

// checkScripts loads the scripts once before the cases do, so that what is wrong with them is told once.
func (r *runner) checkScripts(ctx context.Context) error {
	config := r.config
	config.Log = newRecorder().logger()
	generation, err := engine.Load(ctx, config)
	var problem *luabind.LoadError
	switch {
	case err == nil:
		r.file.Used = append(r.file.Used, generation.Files()...)
	case errors.As(err, &problem):
		r.file.Used = append(r.file.Used, problem.Files...)
	}
	return err
}

func (r *runner) runCase(ctx context.Context, c testCase) Case {
	start := time.Now()
	r.clock.Run()
	r.trial = newTrial(ctx, r.config) // with the settings of the file
	r.fuel.Begin(r.suite.Limit, nil)
	for _, fn := range append(slices.Clone(r.before), c.fn) {
		if !r.call(fn) {
			break
		}
	}
	r.fuel.Begin(r.suite.Limit, nil)
	for _, fn := range r.after {
		r.call(fn)
	}
	r.fuel.End()
	r.trial.end()
	result := Case{Name: c.name, Line: c.line, Failures: r.trial.failures, Log: r.trial.rec.lines,
		Callbacks: r.trial.rec.calls, Took: time.Since(start)}
	r.trial = nil
	return result
}

// call runs a function of the case, and says whether it went well.
func (r *runner) call(fn *lua.LFunction) bool {
	err := guard.Call(r.lua, fn, 0)
	r.lua.SetTop(0)
	var raised *lua.ApiError
	switch {
	case err == nil:
		return true
	case errors.As(err, &raised) && raised.Object == assertionFailed:
		return false // it is noted
	case errors.Is(r.fuel.Err(), guard.ErrTime):
		r.trial.fail(Failure{Text: fmt.Sprintf("the case ran longer than %s (--case-timeout)", r.suite.Limit)})
	default:
		r.trial.fail(r.raised(message(err)))
	}
	return false
}

// raised is the failure of an error that no assertion has raised: "file:line: message".
func (r *runner) raised(text string) Failure {
	head, rest, ok := strings.Cut(text, ": ")
	i := strings.LastIndexByte(head, ':')
	if !ok || i < 0 || r.sources[head[:i]] == nil {
		return Failure{Text: printable(text)}
	}
	line := 0
	if _, err := fmt.Sscanf(head[i+1:], "%d", &line); err != nil {
		return Failure{Text: printable(text)}
	}
	return Failure{Place: head, Source: r.sourceLine(head[:i], line), Text: printable(rest)}
}

// sourceLine is a line of the test file or a module.
func (r *runner) sourceLine(file string, line int) string {
	lines := r.sources[file]
	if line < 1 || line > len(lines) {
		return ""
	}
	return shorten(printable(strings.TrimSpace(lines[line-1])))
}

// beside is where a file is that the test names.
func (r *runner) beside(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(filepath.Dir(r.file.Path), path)
}

// print shows in the log of the case.
func (r *runner) print(_ *lua.LState, text string) {
	if r.trial != nil {
		r.trial.rec.add(Line{Level: "info", Text: text})
	}
}
