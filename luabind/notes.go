package luabind

import (
	"errors"
	"log/slog"
	"strconv"

	lua "github.com/yuin/gopher-lua"

	"luamilter/luabind/guard"
)

// Notes is told what the callbacks of a Scope do, for whoever asks later. It belongs to the goroutine that runs them.
type Notes interface {
	// Logged is a line that a script has logged, whatever the level of the log is. The text and the fields may be as
	// long as a script can make them.
	Logged(script string, cb Callback, level slog.Level, text string, fields []slog.Attr)
}

// Place is a line of a script; the zero Place is none.
type Place struct {
	File string
	Line int
}

// String gives "file:line", or "" for none.
func (p Place) String() string {
	if p.Line == 0 {
		return ""
	}
	return p.File + ":" + strconv.Itoa(p.Line)
}

// FailedAt is the line where a callback failed, as far as its error tells.
func FailedAt(err error) Place {
	var f *Failure
	if !errors.As(err, &f) {
		return Place{}
	}
	file, line, _ := splitPosition(f.Message)
	return Place{file, line}
}

// madeVerdicts are the last verdicts that the running callback has made, and where. accept() and its like give the same
// value each time.
type madeVerdicts struct {
	list [4]struct {
		value *lua.LUserData
		at    Place
	}
	count int // of all that were made
}

// noteVerdict remembers where a verdict is made: whichever is returned, it is one of the last.
func (st *State) noteVerdict(L *lua.LState, value *lua.LUserData) {
	if st.scope == nil || st.scope.Notes == nil {
		return
	}
	m := &st.made
	made := &m.list[m.count%len(m.list)]
	made.value = value
	made.at.File, made.at.Line = guard.Caller(L)
	m.count++
}

// decidedAt is where the verdict that a callback returned was made; where the callback itself stands if that was not in it.
func (st *State) decidedAt(ret lua.LValue, fn *lua.LFunction) Place {
	m := &st.made
	for n := m.count; n > 0 && n > m.count-len(m.list); n-- {
		if made := &m.list[(n-1)%len(m.list)]; lua.LValue(made.value) == ret {
			return made.at
		}
	}
	if fn.Proto == nil {
		return Place{}
	}
	return Place{fn.Proto.SourceName, fn.Proto.LineDefined}
}
