package lint

import (
	"github.com/yuin/gopher-lua/ast"
	"github.com/yuin/gopher-lua/parse"
)

func (r *reader) exprs(list []ast.Expr) {
	for _, e := range list {
		r.expr(e)
	}
}

func (r *reader) expr(e ast.Expr) {
	for {
		switch x := e.(type) {
		case *ast.NumberExpr:
			r.places[e] = r.cursor.take(e.Line(), x.Value, parse.TNumber)
		case *ast.StringExpr:
			r.places[e] = r.cursor.take(e.Line(), x.Value, parse.TString)
		case *ast.NilExpr:
			r.places[e] = r.cursor.take(e.Line(), "", parse.TNil)
		case *ast.TrueExpr:
			r.places[e] = r.cursor.take(e.Line(), "", parse.TTrue)
		case *ast.FalseExpr:
			r.places[e] = r.cursor.take(e.Line(), "", parse.TFalse)
		case *ast.Comma3Expr:
			r.places[e] = r.cursor.take(e.Line(), "", parse.T3Comma)
		case *ast.IdentExpr:
			r.ident(x, useRead)
		case *ast.AttrGetExpr:
			r.attr(x, useRead)
		case *ast.TableExpr:
			r.table(x)
		case *ast.FuncCallExpr:
			r.call(x)
		case *ast.FunctionExpr:
			r.function(x)
		case *ast.LogicalOpExpr:
			r.tests = append(r.tests, x.Lhs, x.Rhs)
			r.expr(x.Lhs)
			r.expr(x.Rhs)
		case *ast.RelationalOpExpr:
			r.tests = append(r.tests, x.Lhs, x.Rhs)
			r.expr(x.Lhs)
			r.expr(x.Rhs)
		case *ast.ArithmeticOpExpr:
			r.expr(x.Lhs)
			r.expr(x.Rhs)
		case *ast.UnaryMinusOpExpr:
			r.expr(x.Expr)
		case *ast.UnaryNotOpExpr:
			r.tests = append(r.tests, x.Expr)
			r.expr(x.Expr)
		case *ast.UnaryLenOpExpr:
			r.expr(x.Expr)
		case *ast.StringConcatOpExpr:
			r.expr(x.Lhs)
			e = x.Rhs // a chain of them is not bounded in depth
			continue
		}
		return
	}
}

func (r *reader) ident(e *ast.IdentExpr, use use) {
	at := r.cursor.take(e.Line(), e.Value, parse.TIdent)
	r.places[e] = at
	v := r.find(e.Value)
	if v == nil {
		r.names = append(r.names, name{e.Value, at, r.fn, use})
		return
	}
	r.owners[e] = v
	switch use {
	case useAssign:
		v.writes++
	case useRead:
		v.reads++
		v.given++
	default:
		v.reads++
	}
}

func (r *reader) attr(e *ast.AttrGetExpr, use use) {
	if id, ok := e.Object.(*ast.IdentExpr); ok {
		r.ident(id, useIndex)
	} else {
		r.expr(e.Object)
	}
	r.places[e] = r.at(e)
	key, ok := e.Key.(*ast.StringExpr)
	if !ok {
		r.expr(e.Key)
		if use == useAssign {
			r.computed = append(r.computed, e.Object)
		}
		return
	}
	r.places[key] = r.cursor.take(key.Line(), key.Value, parse.TIdent, parse.TString)
	r.fields = append(r.fields, field{e, key.Value, r.places[e], r.fn, use})
}

func (r *reader) table(e *ast.TableExpr) {
	r.places[e] = r.cursor.take(e.Line(), "", '{')
	for _, f := range e.Fields {
		if key, ok := f.Key.(*ast.StringExpr); ok {
			r.places[key] = r.cursor.take(key.Line(), key.Value, parse.TIdent, parse.TString)
		} else if f.Key != nil {
			r.expr(f.Key)
		}
		r.expr(f.Value)
	}
}

func (r *reader) call(e *ast.FuncCallExpr) {
	switch fn := e.Func.(type) {
	case nil:
		if id, ok := e.Receiver.(*ast.IdentExpr); ok {
			r.ident(id, useIndex)
		} else {
			r.expr(e.Receiver)
		}
		r.cursor.take(e.Line(), e.Method, parse.TIdent)
	case *ast.IdentExpr:
		r.ident(fn, useCall)
		if fn.Value == "type" {
			r.tests = append(r.tests, e.Args...)
		}
	case *ast.AttrGetExpr:
		r.attr(fn, useCall)
	default:
		r.expr(fn)
	}
	r.places[e] = r.at(e)
	r.calls = append(r.calls, call{e, r.places[e], r.fn})
	r.exprs(e.Args)
}
