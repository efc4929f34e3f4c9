package luabind

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"syscall"

	lua "github.com/yuin/gopher-lua"

	"luamilter/luabind/guard"
)

// Load compiles a script, runs it once, and finds what it defines. When ctx ends, running it ends within about a second.
// The error is a *LoadError.
func Load(ctx context.Context, path string, env Env) (*Script, error) {
	s := &Script{path: path, env: env, modules: map[string]*guard.Chunk{}}
	err := s.load(ctx)
	var problem *LoadError
	if errors.As(err, &problem) {
		problem.Files = s.files
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

func (s *Script) load(ctx context.Context) (err error) {
	if s.main, err = s.compile(s.path); err != nil {
		return err
	}
	if problems := droppedVerdicts(s.main); len(problems) > 0 {
		return &LoadError{Problems: problems}
	}
	// What on_load leaves behind must not be there in one state of many.
	scratch, err := s.newState(ctx, true)
	if err != nil {
		return err
	}
	defer scratch.Close()
	if err := s.learn(scratch); err != nil {
		return err
	}
	return scratch.runOnLoad(ctx)
}

// compile reads and compiles a file of the script.
func (s *Script) compile(path string) (*guard.Chunk, error) {
	src, err := ReadSource(path)
	if err != nil {
		s.files = append(s.files, File{Path: path})
		var reason *os.PathError
		if errors.As(err, &reason) {
			err = reason.Err
		}
		return nil, loadError(path, 0, "%s", err)
	}
	s.files = append(s.files, File{path, fmt.Sprintf("%x", sha256.Sum256(src))})
	compiler := guard.Compiler{Coverage: s.env.Coverage}
	if path == s.path {
		compiler.Settings = s.env.Settings
	}
	chunk, err := compiler.Compile(path, src, "conn", "msg")
	var problem *guard.Error
	if errors.As(err, &problem) {
		return nil, &LoadError{Problems: []Problem{{
			File: problem.File, Line: problem.Line, Message: problem.Message, Rule: RuleSyntax,
		}}}
	}
	if err != nil {
		return nil, loadError(path, 0, "%s", err)
	}
	return chunk, nil
}

// mostSource is more than a script may have, so that a device in its place is not read for ever.
const mostSource = 4 << 20

// ReadSource reads a file as Load does; a pipe that nobody writes to is empty, and does not keep a reload waiting.
func ReadSource(path string) ([]byte, error) {
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, mostSource))
}

// learn finds out, from the state that has run the script, what the script defines and needs.
func (s *Script) learn(st *State) error {
	var problems []Problem
	lines := map[string]int{}
	chunks := append([]*guard.Chunk{s.main}, s.moduleChunks()...)
	for _, chunk := range chunks {
		s.uses = append(s.uses, chunk.Uses...)
		s.warnings = append(s.warnings, stateWarnings(chunk)...)
		for _, use := range chunk.Uses {
			if use.Kind == guard.UseAssign {
				lines[use.Name] = use.Line
			}
		}
	}
	problems = append(problems, s.findCallbacks(st, lines)...)
	s.request = st.request
	for _, t := range st.timers {
		s.timers = append(s.timers, t.every)
	}
	s.counts = countsHeaders(s.uses)
	s.forgets = !s.defined[OnBody] || st.forgets
	if len(problems) > 0 {
		return &LoadError{Problems: problems}
	}
	return nil
}

// stateWarnings finds what a script tries to remember where it is not kept.
func stateWarnings(chunk *guard.Chunk) (warnings []Problem) {
	for _, w := range chunk.Writes {
		warnings = append(warnings, Problem{File: chunk.Name, Line: w.Line, Name: w.Name, Rule: RuleAssignedLocal, Message: fmt.Sprintf(
			"the file's local %s is assigned in a function: each Lua state has its own; use msg.%[1]s or conn.%[1]s", w.Name)})
	}
	for _, use := range chunk.Uses {
		if use.Kind == guard.UseAssign && use.Nested {
			warnings = append(warnings, Problem{File: chunk.Name, Line: use.Line, Name: use.Name, Rule: RuleGlobalAssignment, Message: fmt.Sprintf(
				"global %s is assigned in a function: an error once the script has loaded; use msg.%[1]s or conn.%[1]s", use.Name)})
		}
	}
	slices.SortStableFunc(warnings, func(a, b Problem) int { return a.Line - b.Line })
	return warnings
}

func (s *Script) moduleChunks() []*guard.Chunk {
	var chunks []*guard.Chunk
	for _, c := range s.modules {
		chunks = append(chunks, c)
	}
	slices.SortFunc(chunks, func(a, b *guard.Chunk) int { return strings.Compare(a.Name, b.Name) })
	return chunks
}

// StaticProblems are what is wrong with a compiled file without running it: what keeps it from loading, and what deserves
// a warning.
func StaticProblems(c *guard.Chunk) (errors, warnings []Problem) {
	return droppedVerdicts(c), stateWarnings(c)
}

// UnknownCallback is the problem that a global on_* function of this name is; "" if it is a callback, or no on_* name.
func UnknownCallback(name string) string {
	if !strings.HasPrefix(name, "on_") || slices.Contains(callbackNames[:], name) {
		return ""
	}
	hint := ""
	if near := Nearest(name, callbackNames[:]); near != "" {
		hint = "; did you mean " + near + "?"
	}
	return fmt.Sprintf("there is no callback %s%s", name, hint)
}

// callbackNames are those of the globals that the host calls, by Callback.
var callbackNames = func() (names [globalCallbacks]string) {
	for cb := range globalCallbacks {
		names[cb] = cb.String()
	}
	return names
}()

// findCallbacks looks for global on_* functions; a name that the host does not call is a mistake.
func (s *Script) findCallbacks(st *State, lines map[string]int) (problems []Problem) {
	found := false
	st.lua.G.Global.ForEach(func(k, v lua.LValue) {
		name := k.String()
		if !strings.HasPrefix(name, "on_") {
			return
		}
		fn, isFunction := v.(*lua.LFunction)
		p := Problem{File: s.path, Line: lines[name], Name: name, Rule: RuleUnknownCallback, Message: UnknownCallback(name)}
		switch {
		case p.Message != "":
			problems = append(problems, p)
		case !isFunction:
			p.Message = fmt.Sprintf("%s is a %s, not a function", name, v.Type())
			problems = append(problems, p)
		default:
			found = true
			i := slices.Index(callbackNames[:], name)
			s.defined[i], s.replies[i] = true, returnsValue(fn)
		}
	})
	if !found && len(problems) == 0 {
		problems = append(problems, Problem{
			File: s.path, Message: "defines no callback, such as on_mail or on_eom", Rule: RuleNoCallback,
		})
	}
	slices.SortFunc(problems, func(a, b Problem) int { return a.Line - b.Line })
	return problems
}

// returnsValue reads from the compiled function whether it has a return with a value.
func returnsValue(fn *lua.LFunction) bool {
	if fn.IsG {
		return true
	}
	for _, instruction := range fn.Proto.Code {
		op, b := int(instruction>>26), instruction&0x1ff
		if op == lua.OP_TAILCALL || op == lua.OP_RETURN && b != 1 {
			return true
		}
	}
	return false
}

// countsHeaders says whether delete_header is used in a way that may leave out n.
func countsHeaders(uses []guard.Use) bool {
	return slices.ContainsFunc(uses, func(u guard.Use) bool {
		return u.Name == "delete_header" && u.Kind != guard.UseAssign && (u.Kind == guard.UseRead || u.Args != 2)
	})
}

// NewState makes a state of the script; running its file may take as long as it did at loading.
func (s *Script) NewState(ctx context.Context) (*State, error) { return s.newState(ctx, false) }

func (s *Script) newState(ctx context.Context, first bool) (*State, error) {
	st := &State{script: s, loading: true, callback: OnLoad}
	st.fuel = guard.NewFuel(s.env.Memory)
	st.tick = st.onTick
	st.lua = guard.NewState(guard.Options{Fuel: st.fuel, Print: st.print, Clock: s.env.Clock, Coverage: s.env.Coverage})
	ud := st.lua.NewUserData()
	ud.Value = st
	st.lua.G.Registry.RawSetString(stateKey, ud)
	st.bind(first)
	st.begin(Limit{Time: s.env.LoadLimit, Context: ctx})
	err := guard.Run(st.lua, s.main, 0)
	st.fuel.End()
	if err != nil {
		defer st.lua.Close()
		return nil, st.loadFailure(err)
	}
	st.loading = false
	guard.Seal(st.lua)
	for cb := range globalCallbacks {
		st.fns[cb], _ = st.lua.GetGlobal(cb.String()).(*lua.LFunction)
	}
	fn := st.fns[OnBody]
	st.forgets = fn != nil && !fn.IsG && s.main.Forgets(fn.Proto) && guard.Original(st.lua)
	return st, nil
}

// runOnLoad runs on_load, which may refuse the script by raising an error.
func (st *State) runOnLoad(ctx context.Context) error {
	fn := st.fns[OnLoad]
	if fn == nil {
		return nil
	}
	st.begin(Limit{Time: st.script.env.LoadLimit, Context: ctx})
	defer st.fuel.End()
	st.lua.Push(fn)
	if err := st.lua.PCall(0, 0, nil); err != nil {
		return st.loadFailure(err)
	}
	return nil
}

// loadFailure turns an error of the running script into one line, and lets the errors of a module pass.
func (st *State) loadFailure(err error) error {
	f := st.failure(err)
	file, line, message := splitPosition(f.Message)
	if file == "" {
		file = st.script.path
	}
	return loadError(file, line, "%s", message)
}

// splitPosition takes "file:line: message" apart.
func splitPosition(s string) (file string, line int, message string) {
	head, rest, ok := strings.Cut(s, ": ")
	i := strings.LastIndexByte(head, ':')
	if !ok || i < 0 {
		return "", 0, s
	}
	if _, err := fmt.Sscanf(head[i+1:], "%d", &line); err != nil {
		return "", 0, s
	}
	return head[:i], line, rest
}
