package luatest

import (
	"math"
	"slices"
	"time"

	lua "github.com/yuin/gopher-lua"

	"luamilter/engine/mta"
	"luamilter/luabind"
)

// testModule is what require "test" gives.
func (r *runner) testModule() *lua.LTable {
	module := r.lua.NewTable()
	var names []string
	for _, functions := range []map[string]lua.LGFunction{
		{
			"case": r.addCase, "before": r.addBefore, "after": r.addAfter,
			"send": r.send, "session": r.openSession,
			"clock": r.setClock, "advance": r.advance, "settings": r.setSettings,
		},
		r.assertions(),
	} {
		for name, fn := range functions {
			module.RawSetString(name, r.lua.NewFunction(fn))
			names = append(names, name)
		}
	}
	slices.Sort(names)
	meta := r.lua.NewTable()
	meta.RawSetString("__index", r.lua.NewFunction(func(L *lua.LState) int { return noFunction(L, names) }))
	module.Metatable = meta
	return module
}

// noFunction raises for a name that the module does not have: that nil can't be called would not say which one is meant.
func noFunction(L *lua.LState, names []string) int {
	name, hint := L.Get(2).String(), ""
	if near := luabind.Nearest(name, names); near != "" {
		hint = "; did you mean " + near + "?"
	}
	L.RaiseError("the module test has no %s%s", name, hint)
	return 0
}

func function(a luabind.Args, n int, arg string) *lua.LFunction {
	fn, ok := a.L.Get(n).(*lua.LFunction)
	if !ok {
		a.FailType(n, arg, "function")
	}
	return fn
}

// addCase is t.case(name, fn).
func (r *runner) addCase(L *lua.LState) int {
	a := luabind.Args{L: L, Name: "case"}
	c := testCase{name: a.String(1, "name"), line: callerLine(L), fn: function(a, 2, "fn")}
	r.notInCase(L, "case")
	for _, other := range r.cases {
		if other.name == c.name {
			L.RaiseError("case: %q is the name of two cases; the other is at line %d", shorten(c.name), other.line)
		}
	}
	r.cases = append(r.cases, c)
	return 0
}

// addBefore is t.before(fn), addAfter t.after(fn).
func (r *runner) addBefore(L *lua.LState) int {
	r.notInCase(L, "before")
	r.before = append(r.before, function(luabind.Args{L: L, Name: "before"}, 1, "fn"))
	return 0
}

func (r *runner) addAfter(L *lua.LState) int {
	r.notInCase(L, "after")
	r.after = append(r.after, function(luabind.Args{L: L, Name: "after"}, 1, "fn"))
	return 0
}

func (r *runner) notInCase(L *lua.LState, name string) {
	if r.trial != nil {
		L.RaiseError("%s: not in a case, but at the top of the file", name)
	}
}

// inCase is the case that runs.
func (r *runner) inCase(L *lua.LState, name string) *trial {
	if r.trial == nil {
		L.RaiseError("%s: only in a case", name)
	}
	return r.trial
}

// left is how long the case may still take.
func (r *runner) left() time.Duration {
	ctx, cancel := r.fuel.Context()
	defer cancel()
	if end, ok := ctx.Deadline(); ok {
		return max(time.Until(end), time.Millisecond)
	}
	return r.suite.Limit
}

// send is t.send{...}: one mail in a session of its own.
func (r *runner) send(L *lua.LState) int {
	o := optionsOf(L, "send", 1, slices.Concat(connectionOptions, mailOptions)...)
	t := r.inCase(L, "send")
	m, last, from := r.mail(o), o.lastCommand(), o.connection()
	r.must(L, t.begin())
	begin := t.rec.mark()
	s, err := t.open(from, r.left())
	r.must(L, err)
	out, err := s.send(&m, last, r.left())
	r.must(L, err)
	r.must(L, s.quit())
	L.Push(r.result(L, o, begin, &m, out))
	return 1
}

// must raises an error of the host at the line of the test.
func (r *runner) must(L *lua.LState, err error) {
	if err != nil {
		L.RaiseError("%s", err)
	}
}

// openSession is t.session{...}.
func (r *runner) openSession(L *lua.LState) int {
	o := optionsOf(L, "session", 1, connectionOptions...)
	t := r.inCase(L, "session")
	from := o.connection()
	r.must(L, t.begin())
	begin := t.rec.mark()
	s, err := t.open(from, r.left())
	r.must(L, err)
	object := L.NewTable()
	out, _ := s.mta.Standing()
	object.RawSetString("result", r.verdict(L, begin, out))
	for name, fn := range map[string]lua.LGFunction{
		"send": r.sessionSend(s), "helo": r.sessionHelo(s), "unknown": r.sessionUnknown(s), "quit": r.sessionQuit(s),
	} {
		object.RawSetString(name, L.NewFunction(method(object, name, fn)))
	}
	L.Push(object)
	return 1
}

// method makes a function of an object, which is to be called with a colon.
func method(object *lua.LTable, name string, fn lua.LGFunction) lua.LGFunction {
	return func(L *lua.LState) int {
		if L.Get(1) != object {
			L.RaiseError("%s: call it with a colon, as in s:%[1]s(...)", name)
		}
		return fn(L)
	}
}

// sessionSend is s:send{...}.
func (r *runner) sessionSend(s *session) lua.LGFunction {
	return func(L *lua.LState) int {
		o := optionsOf(L, "send", 2, append(slices.Clone(mailOptions), "macros")...)
		m, last := r.mail(o), o.lastCommand()
		r.mustBeOpen(L, s, "send")
		if o.has("macros") {
			defer func(before mta.Macros) { s.mta.Macros = before }(s.mta.Macros)
			s.mta.Macros = o.macros()
		}
		begin := s.trial.rec.mark()
		out, err := s.send(&m, last, r.left())
		r.must(L, err)
		L.Push(r.result(L, o, begin, &m, out))
		return 1
	}
}

func (r *runner) mustBeOpen(L *lua.LState, s *session, name string) {
	if s.closed || s.trial != r.trial {
		L.RaiseError("%s: the session has ended", name)
	}
}

// sessionHelo is s:helo(name): the client says HELO again, as it does after STARTTLS.
func (r *runner) sessionHelo(s *session) lua.LGFunction {
	return func(L *lua.LState) int {
		name := luabind.Args{L: L, Name: "helo"}.String(2, "name")
		r.mustBeOpen(L, s, "helo")
		begin := s.trial.rec.mark()
		r.must(L, s.mta.Helo(name))
		r.must(L, s.settle())
		out, _ := s.mta.Standing()
		L.Push(r.verdict(L, begin, out))
		return 1
	}
}

// sessionUnknown is s:unknown(command): an SMTP command that the MTA does not know.
func (r *runner) sessionUnknown(s *session) lua.LGFunction {
	return func(L *lua.LState) int {
		command := luabind.Args{L: L, Name: "unknown"}.String(2, "command")
		r.mustBeOpen(L, s, "unknown")
		begin := s.trial.rec.mark()
		v, err := s.mta.Unknown(command)
		r.must(L, err)
		r.must(L, s.settle())
		L.Push(r.verdict(L, begin, unknownOutcome(v)))
		return 1
	}
}

// sessionQuit is s:quit().
func (r *runner) sessionQuit(s *session) lua.LGFunction {
	return func(L *lua.LState) int {
		r.mustBeOpen(L, s, "quit")
		begin := s.trial.rec.mark()
		r.must(L, s.quit())
		L.Push(r.verdict(L, begin, mta.Outcome{}))
		return 1
	}
}

// setClock is t.clock(time): seconds since 1970, or a text as in RFC 3339.
func (r *runner) setClock(L *lua.LState) int {
	a := luabind.Args{L: L, Name: "clock"}
	r.inCase(L, "clock")
	if n, ok := L.Get(1).(lua.LNumber); ok {
		const far = 1 << 36
		if !(math.Abs(float64(n)) < far) {
			a.Fail(1, "time", "too far from now")
		}
		seconds, fraction := math.Modf(float64(n))
		r.clock.Set(time.Unix(int64(seconds), int64(fraction*1e9)).UTC())
		return 0
	}
	text := a.String(1, "time")
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		a.Fail(1, "time", `seconds or a text such as "2026-01-02T03:04:05Z" expected`)
	}
	r.clock.Set(at)
	return 0
}

// advance is t.advance(seconds): the clock is moved, and what was given to every() runs when it is due.
func (r *runner) advance(L *lua.LState) int {
	a := luabind.Args{L: L, Name: "advance"}
	t := r.inCase(L, "advance")
	n, ok := L.Get(1).(lua.LNumber)
	if seconds := float64(n); !ok || !(seconds >= 0 && seconds <= (100*365*24*time.Hour).Seconds()) {
		a.Fail(1, "seconds", "a number from 0 to 100 years expected")
	}
	r.must(L, t.begin())
	begin := t.rec.mark()
	ctx, cancel := r.fuel.Context()
	defer cancel()
	if err := t.host.Advance(ctx, time.Duration(float64(n)*float64(time.Second))); err != nil {
		L.RaiseError("advance: what is due takes too long")
	}
	L.Push(r.verdict(L, begin, mta.Outcome{}))
	return 1
}
