package re

import (
	"regexp"
	"strings"
	"unicode/utf8"

	lua "github.com/yuin/gopher-lua"

	"luamilter/luabind/guard"
)

const (
	// stepTime is what a step of Fuel is worth, in nanoseconds.
	stepTime = 50
	// callTime is how long package regexp may be busy without a way to interrupt it, in nanoseconds; the worst case
	// decides. A larger search reads its input piece by piece.
	callTime = 200e6
	// stride is how many runes of such a search are read between two charges: about 2 ms at worst.
	stride = 32
)

// search finds the first match that starts at pos or later: the positions of the match and of each group in turn, -1 for a
// group that took no part; nil is none. What is before pos counts for \b and ^.
func (p *pattern) search(L *lua.LState, s string, pos int) []int {
	if pos == 0 || p.behind == nil {
		return moved(p.run(L, p.std, s[pos:]), pos)
	}
	_, width := utf8.DecodeLastRuneInString(s[:pos])
	loc := p.run(L, p.behind, s[pos-width:])
	if loc == nil {
		return nil
	}
	return moved(loc[2:], pos-width)
}

func moved(loc []int, by int) []int {
	if by == 0 {
		return loc
	}
	for i := range loc {
		if loc[i] >= 0 {
			loc[i] += by
		}
	}
	return loc
}

// run matches one form of the pattern.
func (p *pattern) run(L *lua.LState, form *regexp.Regexp, s string) []int {
	fuel := guard.FuelOf(L)
	worst := int64(len(s)) * p.cost
	if worst <= callTime {
		fuel.Charge(L, int(1+worst/stepTime))
		return form.FindStringSubmatchIndex(s)
	}
	skipped := 0
	if p.behind == nil && p.prefix != "" { // reading piece by piece, regexp does not look for it by itself
		fuel.Charge(L, len(s)/64)
		if skipped = strings.Index(s, p.prefix); skipped < 0 {
			return nil
		}
	}
	pieces := &pieces{L: L, fuel: fuel, rest: s[skipped:], cost: int(1 + stride*p.cost/stepTime)}
	return moved(form.FindReaderSubmatchIndex(pieces), skipped)
}

// matches goes through all matches that do not overlap, as regexp's FindAll does: an empty one right behind another does
// not count.
type matches struct {
	p   *pattern
	s   string
	pos int // behind the end of s once nothing is left
	end int // of the last match, from -1
}

func newMatches(p *pattern, s string) *matches { return &matches{p: p, s: s, end: -1} }

// next is nil behind the last match.
func (m *matches) next(L *lua.LState) []int {
	for m.pos <= len(m.s) {
		loc := m.p.search(L, m.s, m.pos)
		if loc == nil {
			m.pos = len(m.s) + 1
			return nil
		}
		adjacent := false
		if loc[1] > m.pos {
			m.pos = loc[1]
		} else {
			adjacent = loc[0] == m.end
			_, width := utf8.DecodeRuneInString(m.s[m.pos:])
			m.pos += max(width, 1)
		}
		m.end = loc[1]
		if !adjacent {
			return loc
		}
	}
	return nil
}
