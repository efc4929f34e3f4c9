package lint

import (
	"regexp"
	"slices"

	lua "github.com/yuin/gopher-lua"

	"luamilter/protocol"
)

// replies are the verdicts with a reply: (), (text, ...), (code, text, ...) or (code, xcode, text, ...).
var replies = []string{"reject", "tempfail", "shutdown"}

// codeInText is a text that nobody means as such: a code or an xcode alone, also one that is none, or an xcode and what it is for.
var codeInText = regexp.MustCompile(`(?s)^([45]\d\d|\d+(\.\d+)+|([45]\d\d )?[245]\.\d{1,3}\.\d{1,3} .*)$`)

// checkReply looks at the first text of a reply. What is not a code or an xcode by its type and form is sent as text.
func (p *program) checkReply(s *source, c call, name string) {
	args := c.expr.Args
	if !slices.Contains(replies, name) || len(args) == 0 {
		return
	}
	first, ok := s.constant(args[0], 0)
	if _, isCode := first.(lua.LNumber); isCode {
		args = args[1:]
		if len(args) == 0 {
			return
		}
		first, ok = s.constant(args[0], 0)
		if text, isText := first.(lua.LString); isText && protocol.IsEnhancedCode(string(text)) {
			return
		}
	}
	if !ok || !codeInText.MatchString(first.String()) {
		return
	}
	p.report(s, s.at(args[0]), Warning, "reply-text",
		`%q is sent as text; a code and an xcode are given as in reject(550, "5.7.1", "not here")`, first.String())
}
