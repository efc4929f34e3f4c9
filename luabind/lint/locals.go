package lint

import (
	"strings"

	"github.com/yuin/gopher-lua/ast"

	"luamilter/luabind"
)

// checkLocals finds locals that nobody reads. Parameters and the variables of loops may have to be there all the same, and a
// name that begins with _ says that it is not wanted.
func (p *program) checkLocals(s *source) {
	for _, v := range s.locals {
		if p.full() {
			return
		}
		if !v.declared || v.reads > 0 || strings.HasPrefix(v.name, "_") {
			continue
		}
		kind := "local"
		if _, ok := v.value.(*ast.FunctionExpr); ok {
			kind = "local function"
		}
		if v.writes > 0 {
			p.report(s, v.at, Warning, "unused-local", "the local %s is assigned but never read", v.name)
		} else {
			p.report(s, v.at, Warning, "unused-local", "the %s %s is never used", kind, v.name)
		}
	}
}

// checkShared tells what luabind finds without running the file.
func (p *program) checkShared(s *source) {
	errors, warnings := luabind.StaticProblems(s.chunk)
	p.adopt(s, Error, errors)
	p.adopt(s, Warning, warnings)
}

func (p *program) adopt(s *source, severity Severity, problems []luabind.Problem) {
	for _, problem := range problems {
		if p.full() {
			return
		}
		p.report(s, s.wordAt(problem.Line, problem.Name), severity, problem.Rule, "%s", problem.Message)
	}
}
