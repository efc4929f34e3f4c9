package lint

import (
	"fmt"
	"slices"
	"strconv"

	"github.com/yuin/gopher-lua/ast"

	lua "github.com/yuin/gopher-lua"

	"luamilter/luabind"
	"luamilter/luabind/definitions"
)

// checkCalls looks at the arguments of calls of the host's functions.
func (p *program) checkCalls(s *source) {
	for _, c := range s.calls {
		if p.full() {
			return
		}
		path := p.path(s, c.expr.Func)
		if c.expr.Func == nil || path.name == "" || p.ownFields[path.String()] || path.module == "" && p.own[path.name] {
			continue
		}
		if f := p.function(path); f != nil {
			p.checkCount(s, c, f, path)
		}
		if path.module == "" && luabind.Takes(path.name) {
			p.checkArguments(s, c, path.name)
			p.checkReply(s, c, path.name)
		}
	}
}

// function is the definition of what a path names, nil where there is none.
func (p *program) function(path dotted) *definitions.Function {
	f := p.set.Function(path.String())
	if f == nil || f.Callback() || f.Method() {
		return nil
	}
	if class := p.set.Module(path.module); path.module != "" && (class == nil || f.Class != class.Name) {
		return nil
	}
	if path.module == "" && f.Owner() != "" && !p.known.listed[f.Owner()] {
		return nil // a module's, which is no global
	}
	return f
}

// checkCount finds calls with too few or too many arguments.
func (p *program) checkCount(s *source, c call, f *definitions.Function, path dotted) {
	given, open := len(c.expr.Args), lastIsOpen(c.expr.Args)
	least, most := f.MinArgs(), f.MaxArgs()
	switch {
	case given < least && !open && !(path.module == "" && luabind.Takes(path.name)): // these say more about it themselves
		p.report(s, c.at, Error, "argument-count", "%s takes %s, got %d", path, counted(least, most), given)
	case most != definitions.Unlimited && (given > most && !open || given > most+1):
		p.report(s, c.at, Warning, "argument-count", "%s takes %s, got %d; the rest is ignored", path, counted(least, most), given)
	}
}

func counted(least, most int) string {
	switch {
	case most == definitions.Unlimited:
		return plural(fmt.Sprintf("at least %d", least), least)
	case least == most:
		return plural(strconv.Itoa(most), most)
	}
	return plural(fmt.Sprintf("%d to %d", least, most), most)
}

func plural(number string, n int) string {
	if n == 1 {
		return number + " argument"
	}
	return number + " arguments"
}

// lastIsOpen says whether the last argument gives any number of values.
func lastIsOpen(args []ast.Expr) bool {
	if len(args) == 0 {
		return false
	}
	switch e := args[len(args)-1].(type) {
	case *ast.FuncCallExpr:
		return !e.AdjustRet
	case *ast.Comma3Expr:
		return !e.AdjustRet
	}
	return false
}

// mostTries bounds how often a function is asked: each time another argument that is not known gets another value.
const mostTries = 10

// checkArguments calls the function with the arguments that stand there. In place of one that is not known it gets what it
// takes; only a complaint about one that is known counts.
func (p *program) checkArguments(s *source, c call, name string) {
	if len(c.expr.Args) > mostTries {
		return // many lines of a reply; none is looked at
	}
	var values []lua.LValue
	known := make([]bool, len(c.expr.Args))
	open := lastIsOpen(c.expr.Args)
	for i, arg := range c.expr.Args {
		if open && i == len(c.expr.Args)-1 {
			break
		}
		v, ok := s.constant(arg, 0)
		if _, isTable := arg.(*ast.TableExpr); isTable && luabind.IsVerdict(name) {
			v, ok = &lua.LTable{}, true // reject{...}
		}
		if !ok {
			v = lua.LString("x")
		}
		known[i] = ok
		values = append(values, v)
	}
	for range mostTries {
		complaint := p.probe.Complaint(name, values...)
		if complaint == "" {
			return
		}
		n := blamed(complaint)
		switch {
		case n < 1 || n > len(values) && !open:
			p.report(s, c.at, Error, "bad-argument", "%s", complaint)
			return
		case n > len(values):
			values = append(values, lua.LString("x"))
		case n <= len(known) && known[n-1]:
			p.report(s, s.at(c.expr.Args[n-1]), Error, "bad-argument", "%s", complaint)
			return
		case values[n-1].Type() == lua.LTNumber:
			return
		default:
			values[n-1] = lua.LNumber(1)
		}
	}
}

// blamed is the number of the argument that an error is about, 0 where it is about none.
func blamed(complaint string) (n int) {
	if _, err := fmt.Sscanf(complaint, "bad argument #%d", &n); err != nil {
		return 0
	}
	return n
}

// constant is the value of an expression that is written down as it is, or of a local that never has another one. Where the
// local is read elsewhere as well, its value may have been looked at before.
func (s *source) constant(e ast.Expr, depth int) (lua.LValue, bool) {
	switch e := e.(type) {
	case *ast.IdentExpr:
		if v := s.owners[e]; v != nil && v.writes == 0 && v.reads == 1 && depth < followMost {
			return s.constant(v.value, depth+1)
		}
	case *ast.StringExpr:
		return lua.LString(e.Value), true
	case *ast.NumberExpr:
		v, err := strconv.ParseFloat(e.Value, 64)
		return lua.LNumber(v), err == nil && !slices.Contains([]byte(e.Value), 'x')
	case *ast.UnaryMinusOpExpr:
		v, ok := s.constant(e.Expr, depth)
		number, isNumber := v.(lua.LNumber)
		return -number, ok && isNumber
	case *ast.NilExpr:
		return lua.LNil, true
	case *ast.TrueExpr:
		return lua.LTrue, true
	case *ast.FalseExpr:
		return lua.LFalse, true
	}
	return nil, false
}
