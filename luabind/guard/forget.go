package guard

import (
	"slices"
	"strings"
	"unsafe"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"
)

// readingFunctions are those of the string library whose results hold no byte of their first argument's memory, as long
// as that is lent: numbers, and copies.
var readingFunctions = []string{"byte", "find", "gsub", "len", "lower", "match", "sub", "upper"}

// Forgets says that a function of the file leaves nothing behind of its first argument when it returns: that is used in
// places only where it can be seen that no more than numbers and copies come of it. It holds of a state of which Original
// is true, and for an argument that Lend was told of.
func (c *Chunk) Forgets(p *lua.FunctionProto) bool { return slices.Contains(c.forgetful, p) }

// Lend tells that the host will write over a text as soon as the function that gets it has returned: until the next call,
// library functions copy what they would give of it. "" ends that.
func Lend(L *lua.LState, text string) { stateOf(L).lent = text }

// Original says that a script has replaced neither a function of a library nor the library string.
func Original(L *lua.LState) bool {
	s := stateOf(L)
	return !s.replaced && s.globals.RawGetString("string") == lua.LValue(s.strings)
}

// own is a text that a function gives to a script: a copy if it is a part of what is lent.
func (s *state) own(text string) string {
	if s.lent == "" {
		return text
	}
	begin, at := uintptr(unsafe.Pointer(unsafe.StringData(s.lent))), uintptr(unsafe.Pointer(unsafe.StringData(text)))
	if at < begin || at >= begin+uintptr(len(s.lent)) {
		return text
	}
	return strings.Clone(text)
}

// forgetting is a global function of a file, and whether the name string can mean something else where it stands.
type forgetting struct {
	fn       *ast.FunctionExpr
	shadowed bool
}

// globalFunctions are the functions that a file defines by statements such as `function name() end`, outside of blocks.
func globalFunctions(stmts []ast.Stmt) (list []forgetting) {
	shadowed := false
	for _, s := range stmts {
		switch s := s.(type) {
		case *ast.LocalAssignStmt:
			shadowed = shadowed || slices.Contains(s.Names, "string")
		case *ast.FuncDefStmt:
			if _, ok := s.Name.Func.(*ast.IdentExpr); ok {
				list = append(list, forgetting{s.Func, shadowed})
			}
		}
	}
	return list
}

// findForgetful notes which of the functions forget their first argument. A function is known by its line, so no other one
// of the file itself may begin there.
func (c *Chunk) findForgetful(list []forgetting) {
	for _, f := range list {
		if !f.forgets() {
			continue
		}
		var found []*lua.FunctionProto
		for _, p := range c.Proto.FunctionPrototypes {
			if p.LineDefined == f.fn.Line() {
				found = append(found, p)
			}
		}
		if len(found) == 1 {
			c.forgetful = append(c.forgetful, found[0])
		}
	}
}

func (f *forgetting) forgets() bool {
	params := f.fn.ParList
	switch {
	case params == nil || params.HasVargs:
		return false
	case len(params.Names) == 0:
		return true
	}
	r := reading{param: params.Names[0], shadowed: f.shadowed}
	return r.declare(params.Names[1:]...) && r.stmts(f.fn.Stmts)
}

// reading walks through a function whose first parameter may only be read. In doubt it says false: of what it does not
// know, and of any other local of the parameter's name.
type reading struct {
	param    string
	shadowed bool // there is a local of the name string
	nested   bool // in a function inside the function, which may outlive the call
}

func (r *reading) declare(names ...string) bool {
	r.shadowed = r.shadowed || slices.Contains(names, "string")
	return !slices.Contains(names, r.param)
}

func (r *reading) stmts(stmts []ast.Stmt) bool {
	for _, s := range stmts {
		if !r.stmt(s) {
			return false
		}
	}
	return true
}

func (r *reading) stmt(s ast.Stmt) bool {
	switch s := s.(type) {
	case *ast.AssignStmt:
		return r.exprs(s.Lhs...) && r.exprs(s.Rhs...)
	case *ast.LocalAssignStmt:
		return r.declare(s.Names...) && r.exprs(s.Exprs...)
	case *ast.FuncCallStmt:
		return r.expr(s.Expr)
	case *ast.DoBlockStmt:
		return r.stmts(s.Stmts)
	case *ast.WhileStmt:
		return r.expr(s.Condition) && r.stmts(s.Stmts)
	case *ast.RepeatStmt:
		return r.stmts(s.Stmts) && r.expr(s.Condition)
	case *ast.IfStmt:
		return r.expr(s.Condition) && r.stmts(s.Then) && r.stmts(s.Else)
	case *ast.NumberForStmt:
		return r.declare(s.Name) && r.exprs(s.Init, s.Limit, s.Step) && r.stmts(s.Stmts)
	case *ast.GenericForStmt:
		return r.declare(s.Names...) && r.iterator(s.Exprs) && r.stmts(s.Stmts)
	case *ast.FuncDefStmt:
		return r.exprs(s.Name.Func, s.Name.Receiver) && r.expr(s.Func)
	case *ast.ReturnStmt:
		return r.exprs(s.Exprs...)
	case *ast.BreakStmt, *ast.GotoStmt, *ast.LabelStmt:
		return true
	}
	return false
}

// iterator is what a for loop goes through. What gmatch gives can't be kept there.
func (r *reading) iterator(list []ast.Expr) bool {
	if call, ok := list[0].(*ast.FuncCallExpr); ok && len(list) == 1 {
		return r.call(call, "gmatch")
	}
	return r.exprs(list...)
}

func (r *reading) exprs(list ...ast.Expr) bool {
	for _, e := range list {
		if !r.expr(e) {
			return false
		}
	}
	return true
}

func (r *reading) expr(e ast.Expr) bool {
	switch e := e.(type) {
	case nil, *ast.TrueExpr, *ast.FalseExpr, *ast.NilExpr, *ast.NumberExpr, *ast.StringExpr, *ast.Comma3Expr:
		return true
	case *ast.IdentExpr:
		return e.Value != r.param
	case *ast.AttrGetExpr:
		return r.exprs(e.Object, e.Key)
	case *ast.TableExpr:
		return r.table(e)
	case *ast.FuncCallExpr:
		return r.call(e, readingFunctions...)
	case *ast.LogicalOpExpr:
		return r.exprs(e.Lhs, e.Rhs)
	case *ast.RelationalOpExpr:
		if e.Operator == "==" || e.Operator == "~=" {
			return r.operand(e.Lhs) && r.operand(e.Rhs)
		}
		return r.exprs(e.Lhs, e.Rhs)
	case *ast.StringConcatOpExpr:
		return r.exprs(e.Lhs, e.Rhs)
	case *ast.ArithmeticOpExpr:
		return r.exprs(e.Lhs, e.Rhs)
	case *ast.UnaryMinusOpExpr:
		return r.expr(e.Expr)
	case *ast.UnaryNotOpExpr:
		return r.operand(e.Expr)
	case *ast.UnaryLenOpExpr:
		return r.operand(e.Expr)
	case *ast.FunctionExpr:
		return r.function(e)
	}
	return false
}

func (r *reading) table(t *ast.TableExpr) bool {
	for _, f := range t.Fields {
		if !r.exprs(f.Key, f.Value) {
			return false
		}
	}
	return true
}

// function is one inside the function.
func (r *reading) function(f *ast.FunctionExpr) bool {
	outer := *r
	r.nested = true
	ok := (f.ParList == nil || r.declare(f.ParList.Names...)) && r.stmts(f.Stmts)
	*r = outer
	return ok
}

// operand is what an operator reads that gives a boolean or a number.
func (r *reading) operand(e ast.Expr) bool { return r.is(e) || r.expr(e) }

// is says whether an expression is the parameter, used where that is allowed.
func (r *reading) is(e ast.Expr) bool {
	id, ok := e.(*ast.IdentExpr)
	return ok && id.Value == r.param && !r.nested
}

// call is f(...), or param:f(...) and string.f(param, ...) for one of the functions that are allowed.
func (r *reading) call(c *ast.FuncCallExpr, allowed ...string) bool {
	switch {
	case r.is(c.Receiver) && slices.Contains(allowed, c.Method):
		return r.exprs(c.Args...)
	case len(c.Args) > 0 && r.is(c.Args[0]) && !r.shadowed && slices.Contains(allowed, stringFunction(c.Func)):
		return r.exprs(c.Args[1:]...)
	}
	return r.exprs(c.Func, c.Receiver) && r.exprs(c.Args...)
}

// stringFunction is f of string.f, or "".
func stringFunction(e ast.Expr) string {
	get, ok := e.(*ast.AttrGetExpr)
	if !ok {
		return ""
	}
	library, ok := get.Object.(*ast.IdentExpr)
	name, isName := get.Key.(*ast.StringExpr)
	if !ok || !isName || library.Value != "string" {
		return ""
	}
	return name.Value
}
