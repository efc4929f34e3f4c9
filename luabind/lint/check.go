package lint

import (
	"errors"
	"slices"

	"luamilter/luabind"
	"luamilter/luabind/definitions"
	"luamilter/luabind/guard"
	"luamilter/protocol"
)

// File is one of a script: the script itself, or a module of its own that it requires.
type File struct {
	Path    string
	Content []byte
}

// Options say what is known of a script besides its source.
type Options struct {
	Broken     bool                        // it does not load
	Negotiated map[protocol.Stage][]string // the lists of macros that it asks for
	MTAs       []MTA                       // that are to run it
}

// Report is what was found.
type Report struct {
	Findings []Finding                   // by file in the order given, and by line
	Reads    []MacroRead                 // the macros that it reads, as far as that can be seen
	Ask      map[protocol.Stage][]string // those that an MTA must be asked for, with the others of the same lists
}

// Check looks at a script, the first of the files, and the modules of its own that it requires.
func Check(files []File, options Options) *Report {
	p := &program{
		Options: options, set: definitions.Shipped(), probe: luabind.NewProbe(), findings: map[string][]Finding{},
		own: map[string]bool{}, ownFields: map[string]bool{}, modules: map[string]string{}, givenAway: map[string]bool{},
		onlyCalled: map[*function]bool{}, computedFields: map[string]bool{}, requiredAtLoad: map[string]bool{},
		tested: map[string]bool{}, verdictsOf: map[*function]string{},
	}
	defer p.probe.Close()
	p.known = knownNames(p.set)
	for _, f := range files {
		p.read(f)
	}
	if len(p.sources) > 0 {
		p.run()
	}
	report := &Report{Reads: p.reads, Ask: p.ask}
	for _, f := range files {
		report.Findings = append(report.Findings, sortFindings(p.findings[f.Path])...)
	}
	return report
}

// read takes a file apart; what is wrong with its syntax is the only finding about it.
func (p *program) read(f File) {
	s, err := readSource(f.Path, f.Content)
	var problem *guard.Error
	switch {
	case err == nil:
		p.sources = append(p.sources, s)
	case errors.As(err, &problem):
		at := tokenAt(f.Content, place{problem.Line, problem.Column})
		p.report(&source{name: f.Path}, at, Error, luabind.RuleSyntax, "%s", problem.Message)
	}
}

func (p *program) run() {
	p.survey()
	p.reach()
	for _, s := range p.sources {
		for _, c := range s.calls {
			if module, ok := required(s, c.expr); ok && c.in.stages&(atLoad|unknown) != 0 {
				p.requiredAtLoad[module] = true
			}
		}
	}
	for _, s := range p.sources {
		p.checkShared(s)
		p.checkGlobals(s)
		p.checkFields(s)
		p.checkCalls(s)
		p.checkMethods(s)
		p.checkPlaces(s)
		p.checkResults(s)
		p.checkDropped(s)
		p.checkMessage(s)
		p.checkLocals(s)
	}
	p.checkMacros()
}

// Merge adds the problems for which a script did not load to what Check has found in it. One that an error of the same line
// tells as well is left out.
func (r *Report) Merge(problems []luabind.Problem, files []File) {
	sources := map[string]*source{}
	for _, file := range files {
		s := &source{name: file.Path}
		s.tokens, s.lines = tokens(file.Content)
		sources[file.Path] = s
	}
	for _, problem := range problems[:min(len(problems), mostFindings)] {
		known := slices.ContainsFunc(r.Findings, func(f Finding) bool {
			return f.File == problem.File && f.Line == problem.Line && f.Severity == Error
		})
		if known && problem.Line > 0 {
			continue
		}
		f := Finding{File: problem.File, Line: problem.Line, Severity: Error, Message: problem.Message, Rule: problem.Rule}
		if s := sources[problem.File]; s != nil && problem.Line > 0 {
			f.Column = s.wordAt(problem.Line, problem.Name).column
		}
		r.Findings = append(r.Findings, f)
	}
	r.sort(files)
}

// sort puts the findings in the order of the files.
func (r *Report) sort(files []File) {
	rank := func(f Finding) int {
		return slices.IndexFunc(files, func(file File) bool { return file.Path == f.File })
	}
	r.Findings = sortFindings(r.Findings)
	slices.SortStableFunc(r.Findings, func(a, b Finding) int { return rank(a) - rank(b) })
}

// Failed says whether there is an error among the findings.
func (r *Report) Failed() bool {
	return slices.ContainsFunc(r.Findings, func(f Finding) bool { return f.Severity == Error })
}
