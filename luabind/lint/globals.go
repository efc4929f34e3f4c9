package lint

import (
	"slices"
	"strings"

	"luamilter/luabind"
)

// checkGlobals finds names of globals that are not there.
func (p *program) checkGlobals(s *source) {
	for _, n := range s.names {
		if p.full() {
			return
		}
		switch {
		case n.use == useAssign:
			p.checkCallbackName(s, n)
		case p.known.listed[n.text] || p.own[n.text]:
		case removed[n.text] && p.tested[n.text]:
		case removed[n.text]:
			p.report(s, n.at, severityOf(n.use), "removed-function", "%s is not there%s", n.text, replacement(n.text))
		case p.dynamic || isCallback(n.text):
		case n.use == useRead:
			p.report(s, n.at, Warning, "unknown-global", "the global %s is never set%s", n.text, p.nearGlobal(s, n.text))
		case n.use == useIndex:
			p.report(s, n.at, Error, "unknown-global", "there is no global %s, so its fields can't be read%s", n.text, p.nearGlobal(s, n.text))
		default:
			p.report(s, n.at, Error, "unknown-global", "there is no global function %s%s", n.text, p.nearGlobal(s, n.text))
		}
	}
}

// checkCallbackName is for scripts that do not load for another reason; loading finds it as well.
func (p *program) checkCallbackName(s *source, n name) {
	if problem := luabind.UnknownCallback(n.text); problem != "" && p.Broken && n.in == s.main {
		p.report(s, n.at, Error, luabind.RuleUnknownCallback, "%s", problem)
	}
}

func isCallback(name string) bool {
	_, ok := luabind.CallbackNamed(name)
	return ok
}

// mostNear bounds the names of a script among which one is looked for: with very many it would take long.
const mostNear = 1000

func (p *program) nearGlobal(s *source, name string) string {
	if _, isModule := moduleFields(p.set, name); isModule {
		return "; write: local " + name + " = require \"" + name + "\""
	}
	candidates := slices.Clone(p.known.globals)
	if len(p.own)+len(s.locals) <= mostNear {
		for own := range p.own {
			candidates = append(candidates, own)
		}
		for _, v := range s.locals {
			candidates = append(candidates, v.name)
		}
	}
	slices.Sort(candidates)
	return didYouMean(name, "", candidates)
}

func didYouMean(name, prefix string, candidates []string) string {
	if near := luabind.Nearest(name, candidates); near != "" {
		return "; did you mean " + prefix + near + "?"
	}
	return ""
}

// checkFields finds fields of libraries and modules that are not there, and such of conn and msg that nobody sets and that
// look like one of the host's.
func (p *program) checkFields(s *source) {
	for _, f := range s.fields {
		if p.full() {
			return
		}
		path := p.path(s, f.expr)
		switch {
		case f.use == useAssign:
			p.checkBuiltin(s, f, path)
		case path.module != "":
			p.checkModuleField(s, f, path)
		case !p.own[owner(path.name)]:
			p.checkLibraryField(s, f, path.name)
		}
	}
}

// checkBuiltin finds assignments to fields of conn and msg that are the host's.
func (p *program) checkBuiltin(s *source, f field, path dotted) {
	if object := owner(path.name); path.module == "" && (object == "conn" || object == "msg") && p.known.listed[path.name] {
		p.report(s, f.at, Error, "host-field", "%s is the host's own field; choose another name", path.name)
	}
}

// owner is what stands before the last dot.
func owner(name string) string { return name[:max(strings.LastIndexByte(name, '.'), 0)] }

func (p *program) checkModuleField(s *source, f field, path dotted) {
	fields, ok := moduleFields(p.set, path.module)
	if !ok || path.name != f.name || slices.Contains(fields, f.name) || p.ownFields[path.String()] {
		return
	}
	p.report(s, f.at, severityOf(f.use), "unknown-field", "the module %s has no %s%s", path.module, f.name,
		didYouMean(f.name, "", fields))
}

func severityOf(u use) Severity {
	if u == useRead {
		return Warning
	}
	return Error
}

func (p *program) checkLibraryField(s *source, f field, full string) {
	library := owner(full)
	fields := p.known.fields[library]
	switch {
	case p.known.listed[full] || p.ownFields[full]:
	case removed[full] && p.tested[full]:
	case removed[full]:
		p.report(s, f.at, severityOf(f.use), "removed-function", "%s is not there%s", full, replacement(full))
	case library == "conn" || library == "msg":
		p.checkOwnField(s, f, library, fields)
	case fields != nil && !p.dynamic:
		p.report(s, f.at, severityOf(f.use), "unknown-field", "%s has no field %s%s", library, f.name,
			didYouMean(f.name, library+".", fields))
	}
}

// checkOwnField: any name may be a field of the script's own; one that nobody sets is told of where it is close to one of the
// host's.
func (p *program) checkOwnField(s *source, f field, object string, fields []string) {
	if near := luabind.Nearest(f.name, fields); near != "" && !p.computedFields[object] && len(f.name) > 3 {
		p.report(s, f.at, Warning, "unknown-field", "nothing sets %s.%s; did you mean %[1]s.%[3]s?", object, f.name, near)
	}
}
