package guard

import (
	"fmt"
	"strconv"

	"github.com/yuin/gopher-lua/ast"
)

// This file avoids what the code generator of gopher-lua v1.1.2 gets wrong. Each case has a test of its name.

// assign avoids two faults in assignments to locals. `a, b = b, a` writes the first value before the second one is
// read; values and the places of fields are therefore kept in new locals first. And `param = (f(x))` puts the function
// into the parameter's register before x is read.
func (rw *rewriter) assign(s *ast.AssignStmt) ast.Stmt {
	if len(s.Lhs) == 1 {
		// Lua takes the right side first only for locals, where it makes no difference.
		s.Lhs[0] = rw.assigned(s.Lhs[0])
		rw.exprs(s.Rhs)
		oneValue(s)
		return s
	}
	locals := false
	for i, target := range s.Lhs {
		s.Lhs[i] = rw.assigned(target)
		_, isName := s.Lhs[i].(*ast.IdentExpr)
		locals = locals || isName
	}
	rw.exprs(s.Rhs)
	if !locals {
		return s
	}
	return rw.assignByTemps(s)
}

// oneValue drops the brackets around a call that is the whole right side: they make no difference there.
func oneValue(s *ast.AssignStmt) {
	if len(s.Rhs) != 1 {
		return
	}
	if call, ok := s.Rhs[0].(*ast.FuncCallExpr); ok {
		call.AdjustRet = false
	}
}

func (rw *rewriter) assignByTemps(s *ast.AssignStmt) ast.Stmt {
	block := at(&ast.DoBlockStmt{}, s)
	keep := func(e ast.Expr) ast.Expr {
		switch e.(type) {
		case *ast.StringExpr, *ast.NumberExpr:
			return e
		}
		truncate(e)
		id := rw.temp(e)
		block.Stmts = append(block.Stmts, at(&ast.LocalAssignStmt{Names: []string{id.Value}, Exprs: []ast.Expr{e}}, s))
		return id
	}
	for _, target := range s.Lhs {
		if field, ok := target.(*ast.AttrGetExpr); ok {
			field.Object, field.Key = keep(field.Object), keep(field.Key)
		}
	}
	values := at(&ast.LocalAssignStmt{Exprs: s.Rhs}, s)
	temps := make([]*ast.IdentExpr, len(s.Lhs))
	for i, target := range s.Lhs {
		temps[i] = rw.temp(target)
		values.Names = append(values.Names, temps[i].Value)
	}
	block.Stmts = append(block.Stmts, values)
	for i := len(s.Lhs) - 1; i >= 0; i-- { // Lua assigns from the last to the first
		one := at(&ast.AssignStmt{Lhs: []ast.Expr{s.Lhs[i]}, Rhs: []ast.Expr{temps[i]}}, s)
		block.Stmts = append(block.Stmts, one)
	}
	return block
}

// temp gives a local that no script can name.
func (rw *rewriter) temp(place ast.PositionHolder) *ast.IdentExpr {
	rw.temps++
	return at(&ast.IdentExpr{Value: fmt.Sprintf("(temp %d)", rw.temps)}, place)
}

const (
	batch = 50 // list entries that one SETLIST stores (FieldsPerFlush of gopher-lua)
	// keyedFrom is the first list entry that SETLIST's operand cannot count (511 batches). It and those behind it are
	// lost (upstream PR 537).
	keyedFrom = 511 * batch
	// maxList bounds lists: lua.Compile looks for each constant among all others.
	maxList = 50000
)

// table avoids three faults of table constructors: a call as value of a key in last place makes one list entry too
// many; a keyed field behind a full batch stores the batch again, from registers that hold other values by then; and
// the entries from keyedFrom on are lost. In the last two cases list entries get their index as key.
func (rw *rewriter) table(t *ast.TableExpr) {
	listed, keyed := 0, keyedFrom
	for i, f := range t.Fields {
		last := i == len(t.Fields)-1
		f.Key, f.Value = rw.expr(f.Key), rw.expr(f.Value)
		switch {
		case f.Key == nil:
			listed++
		case last:
			truncate(f.Value)
		}
		if f.Key != nil && listed > 0 && listed%batch == 0 {
			keyed = min(keyed, listed)
		}
	}
	if listed < keyed {
		return
	}
	rw.keyEntries(t, keyed)
}

// keyEntries gives the list entries from number first on their index as key.
func (rw *rewriter) keyEntries(t *ast.TableExpr, first int) {
	listed := 0
	for i, f := range t.Fields {
		if f.Key != nil {
			continue
		}
		listed++
		if listed < first {
			continue
		}
		if listed > maxList || i == len(t.Fields)-1 && manyValues(f.Value) {
			rw.fail(f.Value, "table constructor with too many values")
			return
		}
		f.Key = at(&ast.NumberExpr{Value: strconv.Itoa(listed)}, f.Value)
	}
}

// A jump back to an instruction that is a jump itself goes astray (upstream issue 540): the optimisation of jumps takes
// the distance of the second jump for a label. So nothing that a loop jumps back to may begin with a jump.

func safeLoopStart(stmts []ast.Stmt, place ast.PositionHolder) []ast.Stmt {
	if len(stmts) == 0 || !stmtJumpsFirst(stmts[0]) {
		return stmts
	}
	return append([]ast.Stmt{noop(place)}, stmts...)
}

// safeLabels does the same behind the labels that goto jumps back to.
func safeLabels(stmts []ast.Stmt) []ast.Stmt {
	var safe []ast.Stmt
	for i, s := range stmts {
		safe = append(safe, s)
		if _, ok := s.(*ast.LabelStmt); ok && i+1 < len(stmts) && stmtJumpsFirst(stmts[i+1]) {
			if _, ok := stmts[i+1].(*ast.LabelStmt); !ok {
				safe = append(safe, noop(s))
			}
		}
	}
	return safe
}

// safeWhile moves a condition that begins with a jump into the body.
func safeWhile(s *ast.WhileStmt) ast.Stmt {
	switch s.Condition.(type) {
	case *ast.TrueExpr, *ast.NumberExpr, *ast.StringExpr:
		return s // no instruction at all: the body is the start
	}
	if !condJumpsFirst(s.Condition) {
		return s
	}
	stop := at(&ast.IfStmt{Condition: s.Condition, Else: []ast.Stmt{at(&ast.BreakStmt{}, s)}}, s)
	s.Condition = at(&ast.TrueExpr{}, s)
	s.Stmts = append([]ast.Stmt{noop(s), stop}, s.Stmts...)
	return s
}

func safeUntil(stmts []ast.Stmt, s *ast.RepeatStmt) []ast.Stmt {
	if len(stmts) == 0 && condJumpsFirst(s.Condition) {
		return []ast.Stmt{noop(s)}
	}
	return stmts
}

// noop is an instruction without effect.
func noop(place ast.PositionHolder) ast.Stmt {
	set := at(&ast.LocalAssignStmt{Names: []string{hiddenNoop}, Exprs: []ast.Expr{at(&ast.FalseExpr{}, place)}}, place)
	return at(&ast.DoBlockStmt{Stmts: []ast.Stmt{set}}, place)
}

// stmtJumpsFirst says whether the code of a statement may begin with a jump; in doubt it does.
func stmtJumpsFirst(s ast.Stmt) bool {
	switch s := s.(type) {
	case *ast.AssignStmt:
		return anyJumpsFirst(s.Lhs) || anyJumpsFirst(s.Rhs)
	case *ast.LocalAssignStmt:
		return anyJumpsFirst(s.Exprs)
	case *ast.FuncCallStmt:
		return valueJumpsFirst(s.Expr)
	case *ast.NumberForStmt:
		return valueJumpsFirst(s.Init)
	case *ast.GenericForStmt:
		return anyJumpsFirst(s.Exprs)
	case *ast.ReturnStmt:
		return anyJumpsFirst(s.Exprs)
	case *ast.IfStmt:
		return condJumpsFirst(s.Condition)
	case *ast.WhileStmt:
		return condJumpsFirst(s.Condition)
	case *ast.GotoStmt:
		return false // begins with OP_CLOSE
	}
	return true
}

func anyJumpsFirst(list []ast.Expr) bool {
	for _, e := range list {
		if valueJumpsFirst(e) {
			return true
		}
	}
	return false
}

// condJumpsFirst is for an expression that decides a branch: a constant there is a jump, or nothing.
func condJumpsFirst(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.TrueExpr, *ast.FalseExpr, *ast.NilExpr, *ast.NumberExpr, *ast.StringExpr:
		return true
	case *ast.UnaryNotOpExpr:
		return condJumpsFirst(e.Expr)
	case *ast.LogicalOpExpr:
		return condJumpsFirst(e.Lhs)
	}
	return valueJumpsFirst(e)
}

// valueJumpsFirst is for an expression whose value is wanted: only `and` and `or` jump.
func valueJumpsFirst(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.LogicalOpExpr:
		return condJumpsFirst(e.Lhs)
	case *ast.RelationalOpExpr:
		return valueJumpsFirst(e.Lhs) || valueJumpsFirst(e.Rhs)
	case *ast.ArithmeticOpExpr:
		return valueJumpsFirst(e.Lhs) || valueJumpsFirst(e.Rhs)
	case *ast.UnaryMinusOpExpr:
		return valueJumpsFirst(e.Expr)
	case *ast.UnaryNotOpExpr:
		return valueJumpsFirst(e.Expr)
	case *ast.UnaryLenOpExpr:
		return valueJumpsFirst(e.Expr)
	case *ast.AttrGetExpr:
		return valueJumpsFirst(e.Object) || valueJumpsFirst(e.Key)
	case *ast.FuncCallExpr:
		return valueJumpsFirst(e.Func) || valueJumpsFirst(e.Receiver)
	}
	return false
}
