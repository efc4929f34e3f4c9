package lint

import (
	"fmt"
	"path/filepath"
	"strings"

	"github.com/yuin/gopher-lua/ast"

	"luamilter/luabind"
	"luamilter/luabind/definitions"
	"luamilter/protocol"
)

// program is a script with the modules of its own that it requires: what the rules look at.
type program struct {
	Options
	sources  []*source
	set      *definitions.Set
	probe    *luabind.Probe
	findings map[string][]Finding // by file
	count    int

	known      names             // what every script finds
	own        map[string]bool   // globals that the files assign
	ownFields  map[string]bool   // fields of libraries and of conn and msg that they assign: "string.trim"
	modules    map[string]string // globals that hold what require gives, and never another value
	tested     map[string]bool   // what a script looks for before it uses it: "table.unpack"
	givenAway  map[string]bool   // globals that are read otherwise than to be called
	onlyCalled map[*function]bool
	verdictsOf map[*function]string // the functions of the API with which they may decide
	globals    map[string]*function // of global names that are assigned once in all files

	requiredAtLoad map[string]bool
	reads          []MacroRead
	ask            map[protocol.Stage][]string
	askLine        string
	dynamic        bool // globals may be made under names that can't be seen

	computedFields map[string]bool // objects of which that is true: "msg"
}

// mostFindings is how many are told of a script; past it the list is no help.
const mostFindings = 1000

func (p *program) full() bool { return p.count >= mostFindings }

// report notes a finding. Past the most that are told it does nothing.
func (p *program) report(s *source, at place, severity Severity, rule, format string, values ...any) {
	if p.full() {
		return
	}
	p.count++
	if at.column == 0 {
		at = s.wordAt(at.line, "")
	}
	p.findings[s.name] = append(p.findings[s.name], Finding{
		File: s.name, Line: at.line, Column: at.column, Severity: severity, Message: fmt.Sprintf(format, values...), Rule: rule,
	})
}

// survey finds out what the files do with globals.
func (p *program) survey() {
	assigned := map[string]int{}
	for _, s := range p.sources {
		for _, n := range s.names {
			switch n.use {
			case useAssign:
				p.own[n.text] = true
				assigned[n.text]++
			case useRead:
				p.givenAway[n.text] = true
				p.dynamic = p.dynamic || n.text == "_G"
			case useCall:
				p.dynamic = p.dynamic || n.text == "load" || n.text == "loadstring"
			}
		}
		for _, t := range s.targets {
			if module, ok := required(s, t.value); ok {
				p.modules[t.name] = module
			}
		}
	}
	for name := range p.modules {
		if assigned[name] != 1 {
			delete(p.modules, name)
		}
	}
	for _, s := range p.sources {
		p.surveyFields(s)
	}
}

func (p *program) surveyFields(s *source) {
	inGlobals := 0
	for _, f := range s.fields {
		path := p.path(s, f.expr)
		if path.module == "" && strings.HasPrefix(path.name, "_G.") {
			inGlobals++
			if f.use == useAssign {
				p.own[strings.TrimPrefix(path.name, "_G.")] = true
			}
		}
		if f.use == useAssign && path.name != "" {
			p.ownFields[path.String()] = true
		}
	}
	for _, object := range s.computed {
		p.computedFields[p.path(s, object).String()] = true
	}
	for _, e := range s.tests {
		p.tested[p.path(s, e).String()] = true
	}
	for _, n := range s.names {
		if n.text == "_G" && n.use == useIndex {
			inGlobals--
		}
	}
	p.dynamic = p.dynamic || inGlobals < 0 // _G[name]
}

// dotted is a function or value that a script names: that of a global such as "reject" or "string.find", or that of a module
// of the host such as "parse" in "address".
type dotted struct {
	module string // "" for a global
	name   string // "" where it is neither
}

func (d dotted) String() string {
	if d.module == "" {
		return d.name
	}
	return strings.TrimSuffix(d.module+"."+d.name, ".")
}

// is says whether it is that global.
func (d dotted) is(global string) bool { return d.module == "" && d.name == global }

// path resolves an expression; locals that stand for a global or module are followed.
func (p *program) path(s *source, e ast.Expr) dotted { return p.follow(s, e, 0) }

// followMost bounds a chain of names that stand for each other.
const followMost = 8

func (p *program) follow(s *source, e ast.Expr, depth int) dotted {
	if depth > followMost {
		return dotted{}
	}
	switch e := e.(type) {
	case *ast.IdentExpr:
		v := s.owners[e]
		switch {
		case v == nil && p.modules[e.Value] != "" && !p.isFile(p.modules[e.Value]):
			return dotted{module: p.modules[e.Value]}
		case v == nil:
			return dotted{name: e.Value}
		case v.writes > 0:
			return dotted{}
		}
		return p.follow(s, v.value, depth+1)
	case *ast.AttrGetExpr:
		key, ok := e.Key.(*ast.StringExpr)
		if !ok {
			return dotted{}
		}
		base := p.follow(s, e.Object, depth+1)
		switch {
		case base.module != "" && base.name == "":
			return dotted{base.module, key.Value}
		case base.name == "":
			return dotted{}
		}
		return dotted{base.module, base.name + "." + key.Value}
	case *ast.FuncCallExpr:
		if module, ok := required(s, e); ok && !p.isFile(module) {
			return dotted{module: module}
		}
	}
	return dotted{}
}

// required is the module that an expression requires.
func required(s *source, e ast.Expr) (string, bool) {
	call, ok := e.(*ast.FuncCallExpr)
	if !ok || len(call.Args) != 1 {
		return "", false
	}
	id, ok := call.Func.(*ast.IdentExpr)
	name, constant := call.Args[0].(*ast.StringExpr)
	if !ok || !constant || id.Value != "require" || s.owners[id] != nil {
		return "", false
	}
	return name.Value, true
}

// isFile says whether require finds a module of that name beside the script.
func (p *program) isFile(module string) bool {
	base := filepath.Join(filepath.Dir(p.sources[0].name), filepath.FromSlash(strings.ReplaceAll(module, ".", "/")))
	for _, s := range p.sources {
		if s.name == base+".lua" || s.name == filepath.Join(base, "init.lua") {
			return true
		}
	}
	return false
}
