package lint

import (
	"slices"

	"github.com/yuin/gopher-lua/ast"

	"luamilter/luabind"
)

// messageClass is what on_message is called with.
const messageClass = "luamilter.message"

// checkMethods finds methods of the message that are not there, called with a colon on the parameter of on_message.
func (p *program) checkMethods(s *source) {
	class := p.set.Class(messageClass)
	var names []string
	for _, f := range p.set.Members(messageClass) {
		names = append(names, f.Short())
	}
	for _, c := range s.calls {
		if p.full() {
			return
		}
		p.checkDot(s, c, names)
		id, ok := c.expr.Receiver.(*ast.IdentExpr)
		if !ok || class == nil || s.owners[id] == nil || !s.isMessage(s.owners[id]) {
			continue
		}
		if slices.Contains(names, c.expr.Method) {
			p.checkMethod(s, c)
			continue
		}
		p.report(s, c.at, Error, "unknown-field", "a message has no method %s%s", c.expr.Method, didYouMean(c.expr.Method, "", names))
	}
}

// checkDot finds methods of the message that are called with a dot, and without the message as the first argument.
func (p *program) checkDot(s *source, c call, names []string) {
	field, ok := c.expr.Func.(*ast.AttrGetExpr)
	if !ok {
		return
	}
	object, ok := field.Object.(*ast.IdentExpr)
	method, constant := field.Key.(*ast.StringExpr)
	if !ok || !constant || s.owners[object] == nil || !s.isMessage(s.owners[object]) || !slices.Contains(names, method.Value) {
		return
	}
	if len(c.expr.Args) > 0 {
		switch e := c.expr.Args[0].(type) {
		case *ast.IdentExpr:
			if s.owners[e] == s.owners[object] {
				return
			}
		case *ast.Comma3Expr:
			return
		}
	}
	p.report(s, c.at, Error, "bad-argument", "the method %s is called without its message; write: %s:%[1]s(...)", method.Value, object.Value)
}

// checkMethod looks at the number of arguments.
func (p *program) checkMethod(s *source, c call) {
	class := "message:" + c.expr.Method
	if f := p.set.Function(class); f != nil && f.Class == messageClass {
		p.checkCount(s, c, f, dotted{name: class})
	}
}

// isMessage says whether a local is what on_message was called with.
func (s *source) isMessage(v *local) bool {
	return v.of != nil && v.of.is && v.of.callback == luabind.OnMessage && v.first && v.writes == 0
}
