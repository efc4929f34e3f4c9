package lint

import (
	"github.com/yuin/gopher-lua/ast"

	"luamilter/luabind"
)

// stages are the callbacks that a function may run in, as bits by luabind.Callback.
type stages uint32

const (
	atLoad  stages = 1 << 30 // while the file runs
	unknown stages = 1 << 31 // who calls it can't be seen
)

func stageOf(cb luabind.Callback) stages { return 1 << cb }

// each gives the callbacks, in the order of a session; false where it is not sure that these are all, or the function runs
// while the file does.
func (s stages) each() (list []luabind.Callback, sure bool) {
	for cb := luabind.OnLoad; cb <= luabind.OnTimer; cb++ {
		if s&stageOf(cb) != 0 {
			list = append(list, cb)
		}
	}
	return list, s&(unknown|atLoad) == 0 && len(list) > 0
}

// callsAtOnce are functions that call the function that they are given before they return.
var callsAtOnce = map[string]bool{
	"pcall": true, "xpcall": true, "string.gsub": true, "table.sort": true, "table.foreach": true, "table.foreachi": true,
}

// reach finds out what the functions of all files of a script are called from.
func (p *program) reach() {
	p.globals = p.globalFunctions()
	for _, s := range p.sources {
		s.main.stages = atLoad
		taken := map[*function]bool{}
		for _, c := range s.calls {
			if fn := p.callee(s, c.expr); fn != nil {
				fn.callers = append(fn.callers, c.in)
				taken[fn] = true
			}
			p.passed(s, c, taken)
		}
		for _, t := range s.targets {
			p.assigned(s, t, taken)
		}
		p.named(s, taken)
		for _, fn := range s.bodies {
			if !taken[fn] && !p.onlyCalled[fn] {
				fn.stages |= unknown
			}
		}
	}
	p.spread()
}

// globalFunctions are the functions of global names that are assigned once in all files.
func (p *program) globalFunctions() map[string]*function {
	found, times := map[string]*function{}, map[string]int{}
	for _, s := range p.sources {
		for _, n := range s.names {
			if n.use == useAssign {
				times[n.text]++
			}
		}
		for _, t := range s.targets {
			if f, ok := t.value.(*ast.FunctionExpr); ok {
				found[t.name] = s.bodies[f]
			}
		}
	}
	for name := range found {
		if times[name] != 1 {
			delete(found, name)
		}
	}
	return found
}

// callee is the function of the script that a call runs, nil where that is another one or not known.
func (p *program) callee(s *source, e *ast.FuncCallExpr) *function {
	id, ok := e.Func.(*ast.IdentExpr)
	if !ok {
		return nil
	}
	if v := s.owners[id]; v != nil {
		return s.held(v)
	}
	return p.globals[id.Value]
}

// held is the function that a local holds for good, nil for another value.
func (s *source) held(v *local) *function {
	f, ok := v.value.(*ast.FunctionExpr)
	if !ok || v.writes > 0 {
		return nil
	}
	return s.bodies[f]
}

// passed notes the functions written down as arguments of a call that runs them at once, or as a timer.
func (p *program) passed(s *source, c call, taken map[*function]bool) {
	path := p.path(s, c.expr.Func)
	timer := path.is("every")
	if !timer && !(path.module == "" && callsAtOnce[path.name]) && c.expr.Method != "gsub" {
		return
	}
	for _, arg := range c.expr.Args {
		f, ok := arg.(*ast.FunctionExpr)
		if !ok {
			continue
		}
		fn := s.bodies[f]
		taken[fn] = true
		if timer {
			fn.stages |= stageOf(luabind.OnTimer)
		} else {
			fn.callers = append(fn.callers, c.in)
		}
	}
}

// assigned notes functions that become callbacks, or globals that are called by name only.
func (p *program) assigned(s *source, t target, taken map[*function]bool) {
	cb, isCallback := luabind.CallbackNamed(t.name)
	var fn *function
	switch e := t.value.(type) {
	case *ast.FunctionExpr:
		fn = s.bodies[e]
	case *ast.IdentExpr:
		if v := s.owners[e]; isCallback && v != nil {
			fn = s.held(v)
			v.hooked++
		}
	}
	if fn == nil {
		return
	}
	if isCallback {
		fn.callback, fn.is = cb, true
		fn.stages |= stageOf(cb)
		if p.givenAway[t.name] || p.dynamic {
			fn.stages |= unknown
		}
		taken[fn] = true
		return
	}
	if p.globals[t.name] != fn || p.givenAway[t.name] || p.dynamic {
		fn.stages |= unknown
		return
	}
	p.onlyCalled[fn] = true
}

// named notes the functions of locals; one that is read otherwise than to be called may be called from anywhere.
func (p *program) named(s *source, taken map[*function]bool) {
	for _, v := range s.locals {
		fn := s.held(v)
		switch {
		case fn == nil:
		case v.given > v.hooked:
			delete(taken, fn)
			fn.stages |= unknown
		default:
			p.onlyCalled[fn] = true
		}
	}
}

// spread hands the stages of callers to the functions that they call.
func (p *program) spread() {
	var all []*function
	calls := map[*function][]*function{}
	for _, s := range p.sources {
		all = append(all, s.main)
		for _, fn := range s.bodies {
			all = append(all, fn)
			for _, caller := range fn.callers {
				calls[caller] = append(calls[caller], fn)
			}
		}
	}
	for len(all) > 0 {
		fn := all[len(all)-1]
		all = all[:len(all)-1]
		for _, called := range calls[fn] {
			if more := called.stages | fn.stages; more != called.stages {
				called.stages = more
				all = append(all, called)
			}
		}
	}
}
