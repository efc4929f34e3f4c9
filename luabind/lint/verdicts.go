package lint

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/yuin/gopher-lua/ast"

	"luamilter/luabind"
)

// checkPlaces finds calls of the API where it can't be called. A function that several callbacks run is only told of where
// none of them can.
func (p *program) checkPlaces(s *source) {
	for _, c := range s.calls {
		path := p.path(s, c.expr.Func)
		if c.expr.Func == nil || path.module != "" || path.name == "" || p.own[path.name] {
			continue
		}
		callbacks, sure := c.in.stages.each()
		switch {
		case !sure:
		case luabind.IsVerdict(path.name):
			p.checkVerdictPlace(s, c, path.name, callbacks)
		case luabind.IsChange(path.name):
			if why, all := everywhere(callbacks, luabind.Callback.AtChange); all {
				p.report(s, c.at, Error, "change-outside-message", "%s: %s", path.name, why)
			}
		case path.name == "negotiate" || path.name == "every":
			p.report(s, c.at, Error, "load-only", "%s: only while the script loads, not in %s", path.name, listed(callbacks))
		case path.name == "require":
			p.checkRequire(s, c, callbacks)
		}
	}
}

// everywhere says whether there is something against each of the callbacks, and what there is against the first.
func everywhere(callbacks []luabind.Callback, against func(luabind.Callback) string) (why string, all bool) {
	for i, cb := range callbacks {
		problem := against(cb)
		if problem == "" {
			return "", false
		}
		if i == 0 {
			why = problem
		}
	}
	return why, len(callbacks) > 0
}

// mostListed is how many callbacks are named in a message.
const mostListed = 3

// listed is "on_connect", "on_connect and on_helo" and so on.
func listed(callbacks []luabind.Callback) string {
	var text []string
	for _, cb := range callbacks {
		text = append(text, cb.String())
	}
	if more := len(text) - mostListed; more > 0 {
		text = append(text[:mostListed], fmt.Sprintf("%d more", more))
	}
	if last := len(text) - 1; last > 0 {
		return strings.Join(text[:last], ", ") + " and " + text[last]
	}
	return strings.Join(text, "")
}

func (p *program) checkVerdictPlace(s *source, c call, verdict string, callbacks []luabind.Callback) {
	why, all := everywhere(callbacks, func(cb luabind.Callback) string { return cb.AtVerdict(verdict) })
	if all {
		p.report(s, c.at, Error, "misplaced-verdict", "%s", why)
		return
	}
	if verdict == "accept" && len(callbacks) == 1 && callbacks[0] == luabind.OnRcpt {
		p.report(s, c.at, Warning, "accept-in-rcpt",
			"accept() in on_rcpt is for the whole message, not for this recipient: nothing more of it is seen; continue() goes on")
	}
}

// checkRequire finds modules that no state has loaded when a callback asks for them.
func (p *program) checkRequire(s *source, c call, callbacks []luabind.Callback) {
	module, ok := required(s, c.expr)
	if ok && !p.requiredAtLoad[module] {
		p.report(s, c.at, Error, "load-only", "require: %q is not required at the top of a file, so it can't be in %s", module, listed(callbacks))
	}
}

// checkResults finds callbacks that return what is no verdict, or a verdict where nobody waits for one.
func (p *program) checkResults(s *source) {
	for _, r := range s.returns {
		if !r.in.is || r.in.stages&unknown != 0 {
			continue
		}
		cb := r.in.callback
		verdict := p.verdictCall(s, r.value)
		what := p.noVerdict(s, r.value)
		switch {
		case cb.HasVerdict() && what != "":
			p.report(s, r.at, Error, "wrong-result", "%s returns %s; a verdict such as accept() is expected, or nothing", cb, what)
		case !cb.HasVerdict() && verdict != "":
			p.report(s, r.at, Error, "useless-verdict", "%s returns the verdict of %s(); nothing can be decided there", cb, verdict)
		case !cb.HasVerdict() && what != "" && cb != luabind.OnLoad:
			p.report(s, r.at, Error, "wrong-result", "%s returns %s; nothing can be decided there", cb, what)
		}
	}
}

// verdictCall is the function that makes the verdict which an expression is, or may be; "" for another expression.
func (p *program) verdictCall(s *source, e ast.Expr) string { return p.verdictOf(s, e, 0) }

func (p *program) verdictOf(s *source, e ast.Expr, depth int) string {
	if depth > followMost {
		return ""
	}
	switch e := e.(type) {
	case *ast.LogicalOpExpr:
		return cmp.Or(p.verdictOf(s, e.Rhs, depth+1), p.verdictOf(s, e.Lhs, depth+1))
	case *ast.IdentExpr:
		if v := s.owners[e]; v != nil && v.writes == 0 {
			return p.verdictOf(s, v.value, depth+1)
		}
	case *ast.FuncCallExpr:
		if e.Func == nil {
			return ""
		}
		if path := p.path(s, e.Func); path.module == "" && luabind.IsVerdict(path.name) && !p.own[path.name] {
			return path.name
		}
		return p.verdictFrom(p.callee(s, e))
	}
	return ""
}

// verdictFrom is the function that makes the verdict which a function of the script may return, "" for none. Where there are
// several it is the first that stops the mail.
func (p *program) verdictFrom(fn *function) string {
	if fn == nil {
		return ""
	}
	if found, known := p.verdictsOf[fn]; known {
		return found
	}
	p.verdictsOf[fn] = "" // as long as it is not known: it may call itself
	found := ""
	for _, e := range fn.results {
		if verdict := p.verdictCall(fn.source, e); found == "" || stops(verdict) && !stops(found) {
			found = verdict
		}
	}
	p.verdictsOf[fn] = found
	return found
}

// stops says whether mail does not pass with a verdict.
func stops(verdict string) bool {
	switch verdict {
	case "reject", "tempfail", "discard", "shutdown":
		return true
	}
	return false
}

// checkDropped finds calls of functions of the script that return a verdict which nobody takes. Calls of reject() itself are
// luabind's to find.
func (p *program) checkDropped(s *source) {
	for _, c := range s.dropped {
		id, ok := c.expr.Func.(*ast.IdentExpr)
		if !ok {
			continue
		}
		if verdict := p.verdictCall(s, c.expr); stops(verdict) && (s.owners[id] != nil || !luabind.IsVerdict(id.Value)) {
			p.report(s, c.at, Warning, luabind.RuleDroppedVerdict, "the verdict of %s() that %s may return is dropped; write: local v = %[2]s(...) if v then return v end",
				verdict, id.Value)
		}
	}
}

// noVerdict says what an expression is that can't be a verdict; "" where it may be one, or nil.
func (p *program) noVerdict(s *source, e ast.Expr) string {
	switch e := e.(type) {
	case *ast.StringExpr, *ast.StringConcatOpExpr:
		return "a string"
	case *ast.NumberExpr, *ast.UnaryMinusOpExpr, *ast.UnaryLenOpExpr, *ast.ArithmeticOpExpr:
		return "a number"
	case *ast.TrueExpr, *ast.FalseExpr, *ast.UnaryNotOpExpr, *ast.RelationalOpExpr:
		return "a boolean"
	case *ast.TableExpr:
		return "a table"
	case *ast.FunctionExpr:
		return "a function"
	case *ast.IdentExpr:
		if path := p.path(s, e); path.module == "" && luabind.IsVerdict(path.name) && !p.own[path.name] {
			return "the function " + path.name + " (are the parentheses of the verdict missing?)"
		}
	}
	return ""
}

// checkMessage finds uses of msg in callbacks that come before or after each message.
func (p *program) checkMessage(s *source) {
	for _, f := range s.fields {
		callbacks, sure := f.in.stages.each()
		if !sure || !p.path(s, f.expr.Object).is("msg") {
			continue
		}
		if _, all := everywhere(callbacks, noMessage); !all {
			continue
		}
		if f.use == useAssign {
			p.report(s, f.at, Error, "msg-outside-message", "msg.%s can't be set in %s: there is no message; conn.%[1]s lasts as long as the connection",
				f.name, listed(callbacks))
		} else {
			p.report(s, f.at, Warning, "msg-outside-message", "msg.%s is nil in %s: there is no message", f.name, listed(callbacks))
		}
	}
}

// noMessage says of a callback that no message is in progress when it runs.
func noMessage(cb luabind.Callback) string {
	switch cb {
	case luabind.OnConnect, luabind.OnHelo, luabind.OnClose, luabind.OnTimer, luabind.OnLoad:
		return "there is no message"
	}
	return ""
}
