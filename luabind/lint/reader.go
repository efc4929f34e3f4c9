package lint

import (
	"github.com/yuin/gopher-lua/ast"
	"github.com/yuin/gopher-lua/parse"
)

// reader goes through a syntax tree in the order of the source, so that cursor finds each token, and fills in the lists of
// a source.
type reader struct {
	*source
	cursor cursor
	fn     *function
	scopes []map[string]*local
}

func (r *reader) open()  { r.scopes = append(r.scopes, nil) }
func (r *reader) close() { r.scopes = r.scopes[:len(r.scopes)-1] }

func (r *reader) declare(v *local) *local {
	last := len(r.scopes) - 1
	if r.scopes[last] == nil {
		r.scopes[last] = map[string]*local{}
	}
	r.scopes[last][v.name] = v
	r.locals = append(r.locals, v)
	return v
}

func (r *reader) find(name string) *local {
	for i := len(r.scopes) - 1; i >= 0; i-- {
		if v := r.scopes[i][name]; v != nil {
			return v
		}
	}
	return nil
}

func (r *reader) block(stmts []ast.Stmt) {
	r.open()
	for _, s := range stmts {
		r.stmt(s)
	}
	r.close()
}

func (r *reader) stmt(s ast.Stmt) {
	switch s := s.(type) {
	case *ast.AssignStmt:
		r.assign(s)
	case *ast.LocalAssignStmt:
		r.local(s)
	case *ast.FuncCallStmt:
		before := len(r.calls)
		r.expr(s.Expr)
		r.droppedCall(s.Expr, before)
	case *ast.DoBlockStmt:
		r.block(s.Stmts)
	case *ast.WhileStmt:
		r.expr(s.Condition)
		r.block(s.Stmts)
	case *ast.RepeatStmt:
		r.open()
		for _, inner := range s.Stmts {
			r.stmt(inner)
		}
		r.expr(s.Condition)
		r.close()
	case *ast.IfStmt:
		r.tests = append(r.tests, s.Condition)
		r.expr(s.Condition)
		r.block(s.Then)
		r.block(s.Else)
	case *ast.NumberForStmt:
		r.numberFor(s)
	case *ast.GenericForStmt:
		r.genericFor(s)
	case *ast.FuncDefStmt:
		r.funcDef(s)
	case *ast.ReturnStmt:
		at := r.cursor.take(s.Line(), "", parse.TReturn)
		if len(s.Exprs) > 0 {
			r.returns = append(r.returns, result{s.Exprs[0], at, r.fn})
			r.fn.results = append(r.fn.results, s.Exprs[0])
		}
		r.exprs(s.Exprs)
	case *ast.LabelStmt:
		r.cursor.take(s.Line(), s.Name, parse.TIdent)
	case *ast.GotoStmt:
		r.cursor.take(s.Line(), s.Label, parse.TIdent)
	}
}

// droppedCall notes the call that is a statement, among those that were read since.
func (r *reader) droppedCall(e ast.Expr, since int) {
	for _, c := range r.calls[since:] {
		if ast.Expr(c.expr) == e {
			r.dropped = append(r.dropped, c)
		}
	}
}

func (r *reader) assign(s *ast.AssignStmt) {
	for i, e := range s.Lhs {
		r.target(e)
		if id, ok := e.(*ast.IdentExpr); ok && i < len(s.Rhs) && r.owners[id] == nil {
			r.targets = append(r.targets, target{id.Value, s.Rhs[i]})
		}
	}
	r.exprs(s.Rhs)
}

// target reads what is assigned to.
func (r *reader) target(e ast.Expr) {
	switch e := e.(type) {
	case *ast.IdentExpr:
		r.ident(e, useAssign)
	case *ast.AttrGetExpr:
		r.attr(e, useAssign)
	default:
		r.expr(e)
	}
}

func (r *reader) local(s *ast.LocalAssignStmt) {
	var names []*local
	for i, text := range s.Names {
		v := &local{name: text, at: r.cursor.take(s.Line(), text, parse.TIdent), declared: true}
		if i < len(s.Exprs) {
			v.value = s.Exprs[i]
		}
		names = append(names, v)
	}
	// gopher-lua cannot tell `local function f` from `local f = function`: the name is known in both.
	known := false
	if len(names) == 1 && len(s.Exprs) == 1 {
		_, known = s.Exprs[0].(*ast.FunctionExpr)
	}
	if known {
		r.declare(names[0])
	}
	r.exprs(s.Exprs)
	if !known {
		for _, v := range names {
			r.declare(v)
		}
	}
}

func (r *reader) numberFor(s *ast.NumberForStmt) {
	v := &local{name: s.Name, at: r.cursor.take(s.Line(), s.Name, parse.TIdent)}
	r.exprs([]ast.Expr{s.Init, s.Limit, s.Step})
	r.open()
	r.declare(v)
	r.block(s.Stmts)
	r.close()
}

func (r *reader) genericFor(s *ast.GenericForStmt) {
	var names []*local
	for _, text := range s.Names {
		names = append(names, &local{name: text, at: r.cursor.take(s.Line(), text, parse.TIdent)})
	}
	r.exprs(s.Exprs)
	r.open()
	for _, v := range names {
		r.declare(v)
	}
	r.block(s.Stmts)
	r.close()
}

func (r *reader) funcDef(s *ast.FuncDefStmt) {
	if s.Name.Func != nil {
		r.target(s.Name.Func)
		if id, ok := s.Name.Func.(*ast.IdentExpr); ok && r.owners[id] == nil {
			r.targets = append(r.targets, target{id.Value, s.Func})
		}
		r.function(s.Func)
		return
	}
	r.expr(s.Name.Receiver)
	r.cursor.take(s.Line(), s.Name.Method, parse.TIdent)
	r.function(s.Func, "self")
}

func (r *reader) function(f *ast.FunctionExpr, implicit ...string) {
	fn := &function{source: r.source, parent: r.fn}
	r.bodies[f] = fn
	r.fn = fn
	r.open()
	if f.ParList != nil {
		for _, text := range implicit {
			r.declare(&local{name: text})
		}
		for i, text := range f.ParList.Names {
			at := r.cursor.take(f.Line(), text, parse.TIdent)
			r.declare(&local{name: text, at: at, of: fn, first: i == 0})
		}
		if f.ParList.HasVargs {
			r.cursor.take(f.Line(), "", parse.T3Comma)
			r.declare(&local{name: "arg"}) // LUA_COMPAT_VARARG
		}
	}
	r.block(f.Stmts)
	r.close()
	r.fn = fn.parent
}
