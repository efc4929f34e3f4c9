package guard

import (
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/yuin/gopher-lua/ast"
)

// Globals that no script can name: the lexer knows no such identifier, and _G hides them.
const (
	hiddenConcat  = "(concat)"  // function: a..b..c
	hiddenGlobals = "(globals)" // table: writes to it are writes to the globals
	hiddenNoop    = "(no-op)"   // a local that is never read
)

// rewriter walks the syntax tree once: it notes the uses of names, and changes what the VM could not bound
// (concatenation, global writes) and what lua.Compile v1.1.2 gets wrong (see workaround.go).
type rewriter struct {
	chunk  *Chunk
	depth  int // functions that the source is taken to stand in
	fn     *function
	levels int
	temps  int
	err    *Error

	counter *counter // nil: the statements are not counted
}

func (rw *rewriter) file(stmts []ast.Stmt) []ast.Stmt {
	rw.fn = &function{}
	rw.fn.open()
	stmts = rw.stmts(stmts)
	rw.chunk.locals = len(rw.fn.blocks[0])
	return stmts
}

func (rw *rewriter) fail(place ast.PositionHolder, format string, args ...any) {
	if rw.err == nil {
		rw.err = &Error{File: rw.chunk.Name, Line: place.Line(), Message: fmt.Sprintf(format, args...)}
	}
}

// enter goes one level down; it is false where the tree is too deep, or is wrong already.
func (rw *rewriter) enter(place ast.PositionHolder) bool {
	rw.levels++
	if rw.levels > maxLevels {
		rw.fail(place, "nested too deeply (more than %d levels)", maxLevels)
	}
	return rw.err == nil
}

func (rw *rewriter) leave() { rw.levels-- }

func (rw *rewriter) block(stmts []ast.Stmt) []ast.Stmt {
	rw.fn.open()
	stmts = rw.stmts(stmts)
	rw.fn.close()
	return stmts
}

func (rw *rewriter) stmts(stmts []ast.Stmt) []ast.Stmt {
	var rewritten []ast.Stmt
	for _, s := range stmts {
		if mark := rw.counter.mark(s); mark != nil {
			rewritten = append(rewritten, mark)
		}
		rewritten = append(rewritten, rw.stmt(s))
	}
	return safeLabels(rewritten)
}

func (rw *rewriter) stmt(s ast.Stmt) ast.Stmt {
	defer rw.leave()
	if !rw.enter(s) {
		return s
	}
	switch s := s.(type) {
	case *ast.AssignStmt:
		return rw.assign(s)
	case *ast.LocalAssignStmt:
		rw.local(s)
	case *ast.FuncCallStmt:
		if call, ok := s.Expr.(*ast.FuncCallExpr); ok {
			rw.call(call, UseStatement)
		}
	case *ast.DoBlockStmt:
		s.Stmts = rw.block(s.Stmts)
	case *ast.WhileStmt:
		s.Condition = rw.expr(s.Condition)
		s.Stmts = safeLoopStart(rw.block(s.Stmts), s)
		return safeWhile(s)
	case *ast.RepeatStmt:
		rw.fn.open()
		s.Stmts = safeLoopStart(rw.stmts(s.Stmts), s)
		s.Condition = rw.expr(s.Condition)
		s.Stmts = safeUntil(s.Stmts, s)
		rw.fn.close()
	case *ast.IfStmt:
		s.Condition = rw.expr(s.Condition)
		s.Then = rw.block(s.Then)
		s.Else = rw.block(s.Else)
	case *ast.NumberForStmt:
		s.Init, s.Limit, s.Step = rw.expr(s.Init), rw.expr(s.Limit), rw.expr(s.Step)
		rw.fn.open()
		rw.fn.declare(s.Name)
		s.Stmts = rw.stmts(s.Stmts)
		rw.fn.close()
	case *ast.GenericForStmt:
		rw.exprs(s.Exprs)
		rw.fn.open()
		rw.fn.declare(s.Names...)
		s.Stmts = safeLoopStart(rw.stmts(s.Stmts), s)
		rw.fn.close()
	case *ast.FuncDefStmt:
		rw.funcDef(s)
	case *ast.ReturnStmt:
		rw.exprs(s.Exprs)
	}
	return s
}

func (rw *rewriter) local(s *ast.LocalAssignStmt) {
	// gopher-lua cannot tell `local function f` from `local f = function`: the name is known in both.
	if len(s.Names) == 1 && len(s.Exprs) == 1 {
		if _, ok := s.Exprs[0].(*ast.FunctionExpr); ok {
			rw.fn.declare(s.Names[0])
		}
	}
	rw.exprs(s.Exprs)
	rw.fn.declare(s.Names...)
}

func (rw *rewriter) funcDef(s *ast.FuncDefStmt) {
	if s.Name.Func != nil {
		s.Name.Func = rw.assigned(s.Name.Func)
		s.Func = rw.function(s.Func)
		return
	}
	s.Name.Receiver = rw.expr(s.Name.Receiver)
	s.Func = rw.function(s.Func, "self")
}

func (rw *rewriter) function(f *ast.FunctionExpr, params ...string) *ast.FunctionExpr {
	rw.fn = &function{parent: rw.fn, depth: rw.fn.depth + 1}
	rw.fn.open()
	rw.fn.declare(params...)
	if f.ParList != nil {
		rw.fn.declare(f.ParList.Names...)
		if f.ParList.HasVargs {
			rw.fn.declare("arg") // LUA_COMPAT_VARARG
		}
	}
	f.Stmts = rw.stmts(f.Stmts)
	rw.fn = rw.fn.parent
	return f
}

func (rw *rewriter) exprs(list []ast.Expr) {
	for i, e := range list {
		list[i] = rw.expr(e)
	}
}

func (rw *rewriter) expr(e ast.Expr) ast.Expr {
	if e == nil {
		return nil
	}
	defer rw.leave()
	if !rw.enter(e) {
		return e
	}
	switch e := e.(type) {
	case *ast.NumberExpr:
		return number(e)
	case *ast.IdentExpr:
		if rw.global(e) {
			rw.use(e, UseRead, 0)
		}
	case *ast.AttrGetExpr:
		e.Object, e.Key = rw.expr(e.Object), rw.expr(e.Key)
	case *ast.TableExpr:
		rw.table(e)
	case *ast.FuncCallExpr:
		rw.call(e, UseCall)
	case *ast.LogicalOpExpr:
		e.Lhs, e.Rhs = rw.expr(e.Lhs), rw.expr(e.Rhs)
	case *ast.RelationalOpExpr:
		e.Lhs, e.Rhs = rw.expr(e.Lhs), rw.expr(e.Rhs)
	case *ast.ArithmeticOpExpr:
		e.Lhs, e.Rhs = rw.expr(e.Lhs), rw.expr(e.Rhs)
	case *ast.UnaryMinusOpExpr:
		e.Expr = rw.expr(e.Expr)
	case *ast.UnaryNotOpExpr:
		e.Expr = rw.expr(e.Expr)
	case *ast.UnaryLenOpExpr:
		e.Expr = rw.expr(e.Expr)
	case *ast.FunctionExpr:
		return rw.function(e)
	case *ast.StringConcatOpExpr:
		return rw.concat(e)
	}
	return e
}

func (rw *rewriter) call(c *ast.FuncCallExpr, kind UseKind) {
	if id, ok := c.Func.(*ast.IdentExpr); ok {
		if rw.global(id) {
			rw.use(id, kind, fixedArgs(c.Args))
		}
	} else {
		c.Func = rw.expr(c.Func)
	}
	c.Receiver = rw.expr(c.Receiver)
	rw.exprs(c.Args)
}

// maxConcat is the number of operands of one call: a function has some 200 registers.
const maxConcat = 50

// concat makes a call of the hidden function from a chain of `..`. Literals that stand side by side are joined here.
func (rw *rewriter) concat(c *ast.StringConcatOpExpr) ast.Expr {
	var operands []ast.Expr
	for rest := ast.Expr(c); rest != nil; {
		operand := rest
		rest = nil
		if next, ok := operand.(*ast.StringConcatOpExpr); ok {
			operand, rest = next.Lhs, next.Rhs
		}
		operands = append(operands, rw.expr(operand))
	}
	operands = joinLiterals(operands)
	if len(operands) == 1 {
		return operands[0]
	}
	// Groups keep a long chain within the registers. They make a difference only to a __concat that counts brackets.
	for len(operands) > maxConcat {
		var groups []ast.Expr
		for group := range slices.Chunk(operands, maxConcat) {
			if len(group) > 1 {
				groups = append(groups, rw.concatCall(c, group))
			} else {
				groups = append(groups, group[0])
			}
		}
		operands = groups
	}
	return rw.concatCall(c, operands)
}

func (rw *rewriter) concatCall(c *ast.StringConcatOpExpr, operands []ast.Expr) ast.Expr {
	for _, operand := range operands {
		truncate(operand)
	}
	// AdjustRet stays false, as one value comes back anyway: lua.Compile is wrong for `param = (f())`, see assign.
	return at(&ast.FuncCallExpr{Func: at(&ast.IdentExpr{Value: hiddenConcat}, c), Args: operands}, c)
}

func joinLiterals(operands []ast.Expr) []ast.Expr {
	joined := operands[:0]
	for _, e := range operands {
		lit, ok := e.(*ast.StringExpr)
		if ok && len(joined) > 0 {
			// The bound keeps a long list of literals from being copied over and over.
			if prev, ok := joined[len(joined)-1].(*ast.StringExpr); ok && len(prev.Value) < 1<<10 {
				joined[len(joined)-1] = at(&ast.StringExpr{Value: prev.Value + lit.Value}, prev)
				continue
			}
		}
		joined = append(joined, e)
	}
	return joined
}

// truncate makes an expression give one value in last place too, as brackets around it do.
func truncate(e ast.Expr) {
	switch e := e.(type) {
	case *ast.FuncCallExpr:
		e.AdjustRet = true
	case *ast.Comma3Expr:
		e.AdjustRet = true
	}
}

func globalField(id *ast.IdentExpr) ast.Expr {
	return at(&ast.AttrGetExpr{
		Object: at(&ast.IdentExpr{Value: hiddenGlobals}, id),
		Key:    at(&ast.StringExpr{Value: id.Value}, id),
	}, id)
}

// number writes a numeral so that lua.Compile reads what Lua does: it takes 010 for octal and 1e999 for NaN.
func number(e *ast.NumberExpr) ast.Expr {
	v, ok := parseNumber(e.Value)
	switch {
	case !ok:
		return e
	case math.IsInf(v, 0):
		one, zero := at(&ast.NumberExpr{Value: "1"}, e), at(&ast.NumberExpr{Value: "0"}, e)
		return at(&ast.ArithmeticOpExpr{Operator: "/", Lhs: one, Rhs: zero}, e)
	}
	return at(&ast.NumberExpr{Value: strconv.FormatFloat(v, 'g', -1, 64)}, e)
}
