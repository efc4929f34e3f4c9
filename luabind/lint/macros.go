package lint

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"luamilter/luabind"
	"luamilter/protocol"
)

// MacroRead is a macro that a script reads, with the first callback that does.
type MacroRead struct {
	Name     string // as MTAs write it: i, {auth_authen}
	Callback luabind.Callback
}

// macroRead is one call of macro().
type macroRead struct {
	MacroRead
	source    *source
	at        place
	callbacks []luabind.Callback
}

// macroName is how a name looks that can stand in the configuration of an MTA.
var macroName = regexp.MustCompile(`^(\w|\{[\w.-]{2,100}\})$`)

// shortened keeps a name from filling the screen.
func shortened(name string) string { return name[:min(len(name), 100)] }

// findMacros lists the calls of macro() with a constant name in functions of which all callers are known.
func (p *program) findMacros() (reads []macroRead) {
	for _, s := range p.sources {
		for _, c := range s.calls {
			if c.expr.Func == nil || len(c.expr.Args) == 0 || !p.path(s, c.expr.Func).is("macro") || p.own["macro"] {
				continue
			}
			value, _ := s.constant(c.expr.Args[0], 0)
			name, ok := value.(lua.LString)
			callbacks, sure := c.in.stages.each()
			at := s.at(c.expr.Args[0])
			switch {
			case !ok:
			case !macroName.MatchString(braced(string(name))):
				p.report(s, at, Warning, "macro-stage", "%q is no name of a macro, so no mail server sends it", shortened(string(name)))
			case sure:
				reads = append(reads, macroRead{MacroRead{braced(string(name)), callbacks[0]}, s, at, callbacks})
			}
		}
	}
	return reads
}

// checkMacros finds macros that the MTA does not send up to any of the callbacks that read them.
func (p *program) checkMacros() {
	reads := p.findMacros()
	ask := map[protocol.Stage][]string{}
	for _, r := range reads {
		p.reads = append(p.reads, r.MacroRead)
		if stage, ok := p.askAt(r); ok {
			ask[stage] = append(ask[stage], r.Name)
		}
	}
	p.ask = p.withDefaults(ask)
	p.askLine = NegotiateLine(p.ask)
	for _, r := range reads {
		if p.full() {
			return
		}
		if why := p.missing(r); why != "" {
			p.report(r.source, r.at, Warning, "macro-stage", "%s", why)
		}
	}
}

// sent says whether an MTA sends a macro in time for a callback, with what the script negotiates.
func (p *program) sent(mta MTA, name string, cb luabind.Callback) bool {
	for _, stage := range heard(cb) {
		list, asked := p.Negotiated[stage]
		if !asked {
			list = mta.macros[stage]
		}
		if slices.Contains(list, name) && mta.Has(name) {
			return true
		}
	}
	return false
}

// unsent are the MTAs that do not send a macro in time for any of the callbacks that read it.
func (p *program) unsent(r macroRead) (list []MTA) {
	for _, mta := range p.MTAs {
		if !slices.ContainsFunc(r.callbacks, func(cb luabind.Callback) bool { return p.sent(mta, r.Name, cb) }) {
			list = append(list, mta)
		}
	}
	return list
}

// askAt is the stage at which a macro could be asked for, which is not sent by itself.
func (p *program) askAt(r macroRead) (protocol.Stage, bool) {
	unsent := p.unsent(r)
	if len(unsent) == 0 || mistyped(r.Name) != "" || !slices.ContainsFunc(unsent, func(m MTA) bool { return m.Has(r.Name) }) {
		return 0, false
	}
	first := firstKnown[r.Name] // StageConnect where it may be known from the beginning
	for _, stage := range heard(r.callbacks[0]) {
		if order(stage) >= order(first) && (first != protocol.StageRcpt || stage == first) {
			return stage, true
		}
	}
	return 0, false
}

// withDefaults adds to the lists what else the script reads of these stages: a list takes the place of the MTA's own.
func (p *program) withDefaults(ask map[protocol.Stage][]string) map[protocol.Stage][]string {
	for stage, list := range ask {
		for _, r := range p.reads {
			for _, mta := range p.MTAs {
				if slices.Contains(mta.macros[stage], r.Name) || slices.Contains(p.Negotiated[stage], r.Name) {
					list = append(list, r.Name)
				}
			}
		}
		slices.Sort(list)
		list = slices.Compact(list)
		ask[stage] = list[:min(len(list), protocol.MaxStageMacros)]
	}
	return ask
}

// mistyped is the macro that an unknown one most likely meant, "" for one that is known or like no other.
func mistyped(name string) string {
	if near := luabind.Nearest(name, wellKnown()); near != name {
		return near
	}
	return ""
}

// missing says why a macro is nil where it is read; "" where it is not.
func (p *program) missing(r macroRead) string {
	if r.Name == "i" && p.hasPostfix() && len(r.callbacks) == 1 && r.callbacks[0] == luabind.OnMail {
		return "macro i, the queue id, is nil in on_mail with Postfix, which chooses it with the first recipient; read msg.id later"
	}
	unsent := p.unsent(r)
	if len(unsent) == 0 {
		return ""
	}
	if near := mistyped(r.Name); near != "" {
		return fmt.Sprintf("no mail server is known to send the macro %s; did you mean %s?", r.Name, near)
	}
	var titles []string
	for _, mta := range unsent {
		titles = append(titles, mta.Title)
	}
	what := fmt.Sprintf("macro %s is not sent by %s up to %s", r.Name, strings.Join(titles, " or "), listed(r.callbacks))
	if _, ok := p.askAt(r); ok {
		return what + " unless it is asked for: " + p.askLine
	}
	first, ok := firstKnown[r.Name]
	switch {
	case ok && first == protocol.StageRcpt:
		return what + ": it is known in on_rcpt only"
	case ok && !slices.Contains(heard(r.callbacks[0]), first):
		return fmt.Sprintf("%s: it is known from on_%s on", what, first)
	}
	return what + ", and can't be asked for"
}

func (p *program) hasPostfix() bool {
	return slices.ContainsFunc(p.MTAs, func(m MTA) bool { return m.Name == Postfix.Name })
}

// NegotiateLine is the call that asks for macros.
func NegotiateLine(ask map[protocol.Stage][]string) string {
	stages := slices.SortedFunc(maps.Keys(ask), func(a, b protocol.Stage) int { return order(a) - order(b) })
	var lists []string
	for _, stage := range stages {
		var quoted []string
		for _, name := range ask[stage] {
			quoted = append(quoted, fmt.Sprintf("%q", name))
		}
		lists = append(lists, fmt.Sprintf("%s={%s}", stage, strings.Join(quoted, ", ")))
	}
	return "negotiate{macros={" + strings.Join(lists, ", ") + "}}"
}
