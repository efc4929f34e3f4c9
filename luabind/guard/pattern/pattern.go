// Package pattern matches Lua 5.1 patterns on bytes (lstrlib.c), with a budget: every step can be charged, recursion
// is bounded by the pattern and never by the subject, and a match allocates nothing.
package pattern

import (
	"errors"
	"strings"
)

const (
	maxCaptures = 32    // LUA_MAXCAPTURES
	maxDepth    = 10000 // nested pattern items; a Go frame of match is some 200 bytes
	batch       = 512   // steps between two charges

	unfinished = -1 // Capture length: the group is still open
	position   = -2 // Capture length: a position capture, ()
)

// What can be wrong with a pattern, in the words of Lua 5.1. A match finds it only when it gets there, as in Lua.
var (
	ErrEndsPercent  = errors.New("malformed pattern (ends with '%')")
	ErrMissingBrack = errors.New("malformed pattern (missing ']')")
	ErrFrontier     = errors.New("missing '[' after '%f' in pattern")
	ErrBalance      = errors.New("unbalanced pattern")
	ErrTooMany      = errors.New("too many captures")
	ErrIndex        = errors.New("invalid capture index")
	ErrUnfinished   = errors.New("unfinished capture")
	ErrClose        = errors.New("invalid pattern capture")
	ErrComplex      = errors.New("pattern too complex")
	ErrBudget       = errors.New("pattern match interrupted")
)

type capture struct{ start, len int }

// Matcher matches one pattern against one subject. The zero value matches nothing; see New.
type Matcher struct {
	src, pat string
	charge   func(steps int64) bool
	steps    int
	depth    int
	level    int
	err      error
	captures [maxCaptures]capture
}

// New gives a matcher. charge, which may be nil, is told of the steps taken and stops the match with ErrBudget by
// returning false.
func New(src, pat string, charge func(steps int64) bool) Matcher {
	return Matcher{src: src, pat: pat, charge: charge}
}

// Plain says that a pattern holds nothing special, so that a plain search finds the same.
func Plain(pat string) bool { return !strings.ContainsAny(pat, "^$*+?.([%-") }

// Anchored says that a pattern begins with '^' (find, match and gsub; for gmatch '^' is a character).
func Anchored(pat string) bool { return pat != "" && pat[0] == '^' }

// Err is what was wrong in the last match: one of the errors above, or nil.
func (m *Matcher) Err() error { return m.err }

// Captures is the number of captures of the last match.
func (m *Matcher) Captures() int { return m.level }

// MatchAt tries the pattern from its byte p on at position s of the subject. It gives the end of the match, or -1.
func (m *Matcher) MatchAt(s, p int) int {
	m.level = 0
	return m.match(s, p)
}

// Find gives the first match at or after init, which must lie in the subject.
func (m *Matcher) Find(init int) (start, end int, ok bool) {
	p, anchored := 0, Anchored(m.pat)
	if anchored {
		p = 1
	}
	lit, skip := m.literal()
	for s := init; ; s++ {
		if skip {
			k := strings.IndexByte(m.src[s:], lit)
			if k < 0 || !m.tick(k/16) {
				return 0, 0, false
			}
			s += k
		}
		if e := m.MatchAt(s, p); e >= 0 {
			return s, e, true
		}
		if m.err != nil || s >= len(m.src) || anchored {
			return 0, 0, false
		}
	}
}

// literal is the byte that every match must begin with, if there is one.
func (m *Matcher) literal() (byte, bool) {
	if m.pat == "" || strings.IndexByte("%()[.$^", m.pat[0]) >= 0 {
		return 0, false
	}
	if len(m.pat) > 1 && strings.IndexByte("*?-", m.pat[1]) >= 0 {
		return 0, false
	}
	return m.pat[0], true
}

// Capture gives capture i (from 0) of a match from s to e: its text, or its position (from 1). Without captures
// number 0 is the whole match.
func (m *Matcher) Capture(i, s, e int) (text string, pos int, isPos bool, err error) {
	if i >= m.level {
		if i == 0 {
			return m.src[s:e], 0, false, nil
		}
		return "", 0, false, ErrIndex
	}
	c := m.captures[i]
	switch c.len {
	case unfinished:
		return "", 0, false, ErrUnfinished
	case position:
		return "", c.start + 1, true, nil
	}
	return m.src[c.start : c.start+c.len], 0, false, nil
}

func (m *Matcher) fail(err error) int {
	if m.err == nil {
		m.err = err
	}
	return -1
}

func (m *Matcher) tick(n int) bool {
	m.steps += n
	if m.steps < batch {
		return true
	}
	n, m.steps = m.steps, 0
	if m.charge != nil && !m.charge(int64(n)) {
		m.fail(ErrBudget)
		return false
	}
	return true
}

func (m *Matcher) match(s, p int) int {
	m.depth++
	end := -1
	if m.depth > maxDepth {
		m.fail(ErrComplex)
	} else {
		end = m.items(s, p)
	}
	m.depth--
	return end
}

// items matches the pattern from p on; it calls match only where Lua may have to come back (captures, repetitions).
func (m *Matcher) items(s, p int) int {
	for {
		if !m.tick(1) {
			return -1
		}
		if p == len(m.pat) {
			return s
		}
		var done bool
		switch m.pat[p] {
		case '(':
			if p+1 < len(m.pat) && m.pat[p+1] == ')' {
				return m.open(s, p+2, position)
			}
			return m.open(s, p+1, unfinished)
		case ')':
			return m.close(s, p+1)
		case '$':
			if p+1 == len(m.pat) {
				if s == len(m.src) {
					return s
				}
				return -1
			}
		case '%':
			if p+1 < len(m.pat) {
				if s, p, done = m.escape(s, p); done {
					if s < 0 {
						return -1
					}
					continue
				}
			}
		}
		ep := m.classEnd(p)
		if ep < 0 {
			return -1
		}
		var suffix byte
		if ep < len(m.pat) {
			suffix = m.pat[ep]
		}
		switch suffix {
		case '?':
			if s < len(m.src) && m.single(m.src[s], p, ep) {
				if end := m.match(s+1, ep+1); end >= 0 || m.err != nil {
					return end
				}
			}
			p = ep + 1
		case '*':
			return m.most(s, p, ep)
		case '+':
			if s < len(m.src) && m.single(m.src[s], p, ep) {
				return m.most(s+1, p, ep)
			}
			return -1
		case '-':
			return m.least(s, p, ep)
		default:
			if s >= len(m.src) || !m.single(m.src[s], p, ep) {
				return -1
			}
			s, p = s+1, ep
		}
	}
}

// escape handles %b, %f and %1; done is false for a class such as %a. A negative position is no match.
func (m *Matcher) escape(s, p int) (int, int, bool) {
	switch c := m.pat[p+1]; {
	case c == 'b':
		return m.balance(s, p+2), p + 4, true
	case c == 'f':
		p += 2
		if p >= len(m.pat) || m.pat[p] != '[' {
			return m.fail(ErrFrontier), p, true
		}
		ep := m.classEnd(p)
		if ep < 0 {
			return -1, p, true
		}
		var before, here byte
		if s > 0 {
			before = m.src[s-1]
		}
		if s < len(m.src) {
			here = m.src[s]
		}
		if m.set(before, p, ep-1) || !m.set(here, p, ep-1) {
			return -1, p, true
		}
		return s, ep, true
	case c >= '0' && c <= '9':
		return m.back(s, int(c)-'1'), p + 2, true
	}
	return s, p, false
}

func (m *Matcher) back(s, i int) int {
	if i < 0 || i >= m.level || m.captures[i].len == unfinished {
		return m.fail(ErrIndex)
	}
	c := m.captures[i]
	if c.len < 0 || c.len > len(m.src)-s { // a position never matches: its length is huge in Lua
		return -1
	}
	if !m.tick(c.len) || m.src[c.start:c.start+c.len] != m.src[s:s+c.len] {
		return -1
	}
	return s + c.len
}

func (m *Matcher) open(s, p, what int) int {
	if m.level >= maxCaptures {
		return m.fail(ErrTooMany)
	}
	m.captures[m.level] = capture{s, what}
	m.level++
	end := m.match(s, p)
	if end < 0 {
		m.level--
	}
	return end
}

func (m *Matcher) close(s, p int) int {
	i := m.level - 1
	for i >= 0 && m.captures[i].len != unfinished {
		i--
	}
	if i < 0 {
		return m.fail(ErrClose)
	}
	m.captures[i].len = s - m.captures[i].start
	end := m.match(s, p)
	if end < 0 {
		m.captures[i].len = unfinished
	}
	return end
}

func (m *Matcher) most(s, p, ep int) int {
	i := s
	switch c := m.pat[p]; c {
	case '.':
		i = len(m.src)
	case '[', '%':
		for i < len(m.src) && m.single(m.src[i], p, ep) {
			i++
		}
	default:
		for i < len(m.src) && m.src[i] == c {
			i++
		}
	}
	if !m.tick(i - s) {
		return -1
	}
	for ; i >= s; i-- {
		if end := m.match(i, ep+1); end >= 0 || m.err != nil {
			return end
		}
	}
	return -1
}

func (m *Matcher) least(s, p, ep int) int {
	for {
		if end := m.match(s, ep+1); end >= 0 || m.err != nil {
			return end
		}
		if s >= len(m.src) || !m.single(m.src[s], p, ep) {
			return -1
		}
		s++
	}
}

func (m *Matcher) balance(s, p int) int {
	if p+1 >= len(m.pat) {
		return m.fail(ErrBalance)
	}
	if s >= len(m.src) || m.src[s] != m.pat[p] {
		return -1
	}
	first, last, open := m.pat[p], m.pat[p+1], 1
	for i := s + 1; i < len(m.src); i++ {
		switch m.src[i] {
		case last:
			if open--; open == 0 {
				if !m.tick(i - s) {
					return -1
				}
				return i + 1
			}
		case first:
			open++
		}
	}
	m.tick(len(m.src) - s)
	return -1
}
