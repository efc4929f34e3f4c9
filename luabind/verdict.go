package luabind

import (
	"fmt"
	"strings"
	"unicode/utf8"

	lua "github.com/yuin/gopher-lua"

	"luamilter/luabind/guard"
	"luamilter/protocol"
)

// verdictFunctions are the global functions that make a verdict; one that is made and dropped is a load error.
var verdictFunctions = map[string]lua.LGFunction{
	"continue": func(L *lua.LState) int { return pushVerdict(L, protocol.VerdictContinue) },
	"accept":   func(L *lua.LState) int { return pushVerdict(L, protocol.VerdictAccept) },
	"discard":  func(L *lua.LState) int { return pushVerdict(L, protocol.VerdictDiscard) },
	"skip":     func(L *lua.LState) int { return pushVerdict(L, protocol.VerdictSkip) },
	"reject":   func(L *lua.LState) int { return replyVerdict(L, replyRules["reject"]) },
	"tempfail": func(L *lua.LState) int { return replyVerdict(L, replyRules["tempfail"]) },
	"shutdown": func(L *lua.LState) int { return replyVerdict(L, replyRules["shutdown"]) },
}

// verdicts are the values of a state that need no arguments, made once.
type verdicts [protocol.VerdictShutdown + 1]*lua.LUserData

func newVerdicts(L *lua.LState) (v verdicts) {
	for kind := range v {
		v[kind] = verdictValue(L, protocol.Verdict{Kind: protocol.VerdictKind(kind)})
	}
	return v
}

func verdictValue(L *lua.LState, v protocol.Verdict) *lua.LUserData {
	ud := L.NewUserData()
	ud.Value = v
	return ud
}

// verdictOf reads what a callback returned.
func verdictOf(ret lua.LValue) (protocol.Verdict, bool) {
	if ret == lua.LNil {
		return protocol.Verdict{}, true
	}
	ud, ok := ret.(*lua.LUserData)
	if !ok {
		return protocol.Verdict{}, false
	}
	v, ok := ud.Value.(protocol.Verdict)
	return v, ok
}

// wrongResult describes a returned value that is no verdict, or one that the callback can't give.
func wrongResult(cb Callback, fn *lua.LFunction, ret lua.LValue) string {
	where := definedAt(fn)
	if !cb.HasVerdict() {
		return fmt.Sprintf("%s%s returned a value; nothing can be decided there", where, cb)
	}
	what := ret.Type().String()
	if ret.Type() == lua.LTFunction {
		what += " (are the parentheses of the verdict missing?)"
	}
	return fmt.Sprintf("%s%s returned a %s; a verdict such as accept() is expected, or nothing", where, cb, what)
}

// definedAt is "file:line: " of a function.
func definedAt(fn *lua.LFunction) string {
	if fn.Proto == nil {
		return ""
	}
	return fmt.Sprintf("%s:%d: ", fn.Proto.SourceName, fn.Proto.LineDefined)
}

// misplaced says why a callback can't give a verdict, or "".
func misplaced(cb Callback, kind protocol.VerdictKind) string {
	switch {
	case kind == protocol.VerdictDiscard && (cb == OnConnect || cb == OnHelo):
		return fmt.Sprintf("discard: not in %s: there is no message to drop yet", cb)
	case kind == protocol.VerdictSkip && cb != OnBody:
		return fmt.Sprintf("skip: only in on_body, not in %s", cb)
	case cb == OnUnknown && (kind == protocol.VerdictAccept || kind == protocol.VerdictDiscard):
		return fmt.Sprintf("%s: not in on_unknown, which decides on one command only", kind)
	}
	return ""
}

// pushVerdict gives a verdict that needs no arguments, if the running callback may give it. One that was made while the
// script loaded is looked at when it is returned.
func pushVerdict(L *lua.LState, kind protocol.VerdictKind) int {
	st := stateOf(L)
	if st.scope != nil {
		if problem := misplaced(st.callback, kind); problem != "" {
			L.RaiseError("%s", problem)
		}
	}
	st.noteVerdict(L, st.verdicts[kind])
	L.Push(st.verdicts[kind])
	return 1
}

// replyRule is what one of reject, tempfail and shutdown may answer.
type replyRule struct {
	name     string
	kind     protocol.VerdictKind
	lowest   int // reply codes (RFC 5321 section 4.2)
	highest  int
	standard protocol.Reply
}

var replyRules = map[string]replyRule{
	"reject": {"reject", protocol.VerdictReject, 500, 599,
		protocol.Reply{Code: 550, EnhancedCode: "5.7.1", Lines: []string{"Command rejected"}}},
	"tempfail": {"tempfail", protocol.VerdictTempfail, 400, 499,
		protocol.Reply{Code: 451, EnhancedCode: "4.7.1", Lines: []string{"Service unavailable - try again later"}}},
	"shutdown": {"shutdown", protocol.VerdictShutdown, 421, 421,
		protocol.Reply{Code: 421, EnhancedCode: "4.7.0", Lines: []string{"Service unavailable - closing connection"}}},
}

// replyVerdict is reject, tempfail or shutdown with (), (text, ...), (code, text, ...) or (code, xcode, text, ...).
func replyVerdict(L *lua.LState, rule replyRule) int {
	a := Args{L, rule.name}
	reply := rule.standard
	n, top := 1, L.GetTop()
	if number, ok := L.Get(1).(lua.LNumber); ok {
		reply.Code = a.replyCode(rule, number)
		n = 2
		if s, ok := L.Get(2).(lua.LString); ok && protocol.IsEnhancedCode(string(s)) {
			reply.EnhancedCode = string(s)
			n = 3
			if reply.EnhancedCode[0] != byte('0'+reply.Code/100) {
				a.Fail(2, "xcode", fmt.Sprintf("%s does not match the code %d", reply.EnhancedCode, reply.Code))
			}
		}
	}
	if n <= top {
		reply.Lines = a.replyLines(n, top)
	}
	value := verdictValue(L, protocol.Verdict{Kind: rule.kind, Reply: reply})
	stateOf(L).noteVerdict(L, value)
	L.Push(value)
	return 1
}

func (a Args) replyCode(rule replyRule, number lua.LNumber) int {
	code := int(number)
	if lua.LNumber(code) != number || code < rule.lowest || code > rule.highest {
		allowed := fmt.Sprintf("%d to %d", rule.lowest, rule.highest)
		if rule.lowest == rule.highest {
			allowed = fmt.Sprint(rule.lowest)
		}
		a.Fail(1, "code", fmt.Sprintf("%s is not a code of %s, which takes %s", number, rule.name, allowed))
	}
	return code
}

func (a Args) replyLines(first, top int) []string {
	var lines []string
	for n := first; n <= top; n++ {
		text := a.String(n, "text")
		if i := strings.IndexAny(text, "\r\n\x00"); i >= 0 {
			a.Fail(n, "text", fmt.Sprintf("%q at byte %d may not stand in a reply; give each line as an argument of its own", text[i], i+1))
		}
		if len(lines) < protocol.MaxReplyLines {
			lines = append(lines, cutReply(text))
		}
	}
	return lines
}

// cutReply keeps a reply line to what libmilter takes (smfi_setmlreply), measured as sent: each % is doubled.
func cutReply(text string) string {
	size := 0
	for i := 0; i < len(text); i++ {
		size++
		if text[i] == '%' {
			size++
		}
		if size > protocol.MaxReplyLine {
			for back := 1; back < utf8.UTFMax && i > 0 && !utf8.RuneStart(text[i]); back++ {
				i--
			}
			return text[:i]
		}
	}
	return text
}

// droppedVerdicts finds statements such as `reject("x")` whose verdict nobody gets.
func droppedVerdicts(c *guard.Chunk) []Problem {
	var problems []Problem
	for _, use := range c.Uses {
		if _, isVerdict := verdictFunctions[use.Name]; isVerdict && use.Kind == guard.UseStatement {
			problems = append(problems, Problem{File: c.Name, Line: use.Line, Name: use.Name, Rule: RuleDroppedVerdict,
				Message: fmt.Sprintf("the verdict of %s() is dropped; write: return %s(...)", use.Name, use.Name)})
		}
	}
	return problems
}
