package luatest

import (
	"cmp"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"luamilter/engine/mta"
	"luamilter/luabind"
	"luamilter/protocol"
)

// result makes what t.send and s:send give.
func (r *runner) result(L *lua.LState, o options, begin mark, m *mta.Mail, out mta.Outcome) *lua.LTable {
	expected := o.flag("may_fail")
	t := r.verdict(L, begin, out)
	if expected {
		_, _, failures := r.trial.rec.since(begin)
		for _, f := range failures {
			f.expected = true
		}
	}
	t.RawSetString("refused", refusedTable(L, out))
	t.RawSetString("changes", changesTable(L, out.Verdict.Changes))
	if out.Passed() {
		delivered := out.Delivered(m)
		t.RawSetString("mail", mailTable(L, &delivered))
		if delivered.Quarantined {
			t.RawSetString("quarantine", lua.LString(delivered.Reason))
		}
	}
	r.trial.last = summary(out)
	return t
}

// verdict makes the part of a result that does not need a mail.
func (r *runner) verdict(L *lua.LState, begin mark, out mta.Outcome) *lua.LTable {
	lines, calls, failures := r.trial.rec.since(begin)
	t := L.NewTable()
	t.RawSetString("verdict", lua.LString(verdictName(out)))
	t.RawSetString("stage", lua.LString(cmp.Or(out.Stage, protocol.CodeEOM).String()))
	if out.Stage == 0 {
		t.RawSetString("stage", lua.LNil)
	}
	setReply(t, out.Verdict)
	t.RawSetString("log", logTable(L, lines))
	t.RawSetString("callbacks", callsTable(L, calls))
	guardFailures(L, t, failures)
	return t
}

// verdictName is the verdict as the contract names it; what no filter objects to is accepted at the end.
func verdictName(out mta.Outcome) string {
	switch {
	case out.Aborted:
		return "aborted"
	case out.Verdict.Kind == protocol.VerdictContinue && out.Stage == protocol.CodeEOM:
		return protocol.VerdictAccept.String()
	}
	return out.Verdict.Kind.String()
}

// unknownOutcome is the verdict on an SMTP command that the MTA does not know.
func unknownOutcome(v protocol.Verdict) mta.Outcome {
	return mta.Outcome{Verdict: v, Stage: protocol.CodeUnknown}
}

// summary is the verdict in one line, for the report.
func summary(out mta.Outcome) string {
	text := verdictName(out)
	if out.Stage != protocol.CodeEOM {
		text += " at " + out.Stage.String()
	}
	if reply := mta.ReplyTo(out.Verdict); reply.Code != 0 {
		text += ": " + strings.ReplaceAll(printable(reply.String()), "\n", " / ")
	}
	return text
}

// setReply adds what the SMTP client hears.
func setReply(t *lua.LTable, v protocol.Verdict) {
	reply := mta.ReplyTo(v)
	if reply.Code == 0 {
		return
	}
	t.RawSetString("reply", lua.LString(reply.String()))
	t.RawSetString("code", lua.LNumber(reply.Code))
	if reply.EnhancedCode != "" {
		t.RawSetString("xcode", lua.LString(reply.EnhancedCode))
	}
}

// refusedTable lists the recipients that the filter has refused, and has them by address as well.
func refusedTable(L *lua.LState, out mta.Outcome) *lua.LTable {
	list := L.NewTable()
	for _, refusal := range out.Refused {
		t := L.NewTable()
		t.RawSetString("address", lua.LString(refusal.Address))
		t.RawSetString("verdict", lua.LString(refusal.Verdict.Kind.String()))
		setReply(t, refusal.Verdict)
		list.Append(t)
		list.RawSetString(refusal.Address, t)
	}
	return list
}

// changesTable lists the changes in the order in which they came; a body that came in pieces is one.
func changesTable(L *lua.LState, changes []protocol.Change) *lua.LTable {
	list := L.NewTable()
	var body strings.Builder
	replaced := false
	for _, c := range changes {
		if c.Code == protocol.ReplyReplaceBody {
			body.WriteString(c.Value)
			replaced = true
			continue
		}
		list.Append(changeTable(L, c))
	}
	if replaced {
		t := L.NewTable()
		t.RawSetString("kind", lua.LString("replace_body"))
		t.RawSetString("body", lua.LString(body.String()))
		list.Append(t)
	}
	return list
}

func changeTable(L *lua.LState, c protocol.Change) *lua.LTable {
	t := L.NewTable()
	set := func(name, value string) { t.RawSetString(name, lua.LString(value)) }
	kind, _, _ := strings.Cut(c.String(), " ")
	set("kind", kind)
	switch c.Code {
	case protocol.ReplyAddHeader, protocol.ReplyInsertHeader, protocol.ReplyChangeHeader:
		set("name", c.Name)
		if kind != "delete_header" {
			set("value", c.Value)
		}
		if c.Code != protocol.ReplyAddHeader {
			t.RawSetString("index", lua.LNumber(c.Index))
		}
	case protocol.ReplyQuarantine:
		set("reason", c.Value)
	default:
		set("address", mta.Bare(c.Value))
		if c.Params != "" {
			set("params", c.Params)
		}
	}
	return t
}

// mailTable is the mail as it would be delivered.
func mailTable(L *lua.LState, m *mta.Mail) *lua.LTable {
	t := L.NewTable()
	t.RawSetString("text", lua.LString(m.Text()))
	t.RawSetString("body", lua.LString(m.Body))
	t.RawSetString("sender", lua.LString(m.Sender))
	recipients := L.NewTable()
	for _, r := range m.Recipients {
		recipients.Append(lua.LString(r.Address))
	}
	t.RawSetString("recipients", recipients)
	t.RawSetString("header", L.NewFunction(method(t, "header", func(L *lua.LState) int { return headerOf(L, m) })))
	return t
}

// headerOf is mail:header(name [, n]): the value without white space around it, folds as they are.
func headerOf(L *lua.LState, m *mta.Mail) int {
	a := luabind.Args{L: L, Name: "header"}
	name, n := a.String(2, "name"), 1
	if !a.Absent(3) {
		n = a.Integer(3, "n", 1)
	}
	for f := range m.Shown {
		if !strings.EqualFold(f.Name, name) {
			continue
		}
		if n--; n == 0 {
			L.Push(lua.LString(strings.TrimSpace(f.Value)))
			return 1
		}
	}
	L.Push(lua.LNil)
	return 1
}

func logTable(L *lua.LState, lines []Line) *lua.LTable {
	list := L.NewTable()
	for _, l := range lines {
		t := L.NewTable()
		t.RawSetString("level", lua.LString(l.Level))
		t.RawSetString("text", lua.LString(l.Text))
		if l.Callback != "" {
			t.RawSetString("callback", lua.LString(l.Callback))
		}
		fields := L.NewTable()
		for _, f := range l.Fields {
			fields.RawSetString(f.Name, lua.LString(f.Value))
		}
		t.RawSetString("fields", fields)
		list.Append(t)
	}
	return list
}

func callsTable(L *lua.LState, calls []Calls) *lua.LTable {
	t := L.NewTable()
	for _, c := range calls {
		one := L.NewTable()
		one.RawSetString("count", lua.LNumber(c.Count))
		one.RawSetString("seconds", lua.LNumber(c.Took.Seconds()))
		t.RawSetString(c.Name, one)
	}
	return t
}

// guardFailures adds the fields failure and failures. Who reads one has asked whether the filter failed.
func guardFailures(L *lua.LState, t *lua.LTable, failures []*failure) {
	list := L.NewTable()
	for _, f := range failures {
		one := L.NewTable()
		for name, value := range map[string]string{
			"script": f.script, "callback": f.callback, "kind": f.kind, "message": f.message, "traceback": f.traceback,
		} {
			one.RawSetString(name, lua.LString(value))
		}
		list.Append(one)
	}
	meta := L.NewTable()
	meta.RawSetString("__metatable", lua.LFalse)
	meta.RawSetString("__index", L.NewFunction(func(L *lua.LState) int {
		switch name := L.Get(2); name {
		case lua.LString("failure"), lua.LString("failures"):
			for _, f := range failures {
				f.expected = true
			}
			if name == lua.LString("failures") {
				L.Push(list)
			} else {
				L.Push(list.RawGetInt(1))
			}
		default:
			L.Push(lua.LNil)
		}
		return 1
	}))
	t.Metatable = meta
}
