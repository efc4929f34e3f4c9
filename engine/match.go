package engine

import (
	"fmt"
	"slices"
	"strings"
)

// Match is one condition on an Entry: KEY=PATTERN, or KEY!=PATTERN for the contrary.
type Match struct {
	key     string
	pattern string // in lower case
	not     bool
}

// Matches are conditions that an Entry has to meet all.
type Matches []Match

const (
	mostMatches  = 20
	mostPattern  = 256
	matchExample = "such as sender=*@spam.example, verdict=reject or line=filter.lua:12"
)

// matchTexts are the texts of an entry that a key is about: one of them has to match.
var matchTexts = map[string]func(*Entry) []string{
	"sender":    func(e *Entry) []string { return []string{e.Sender} },
	"recipient": func(e *Entry) []string { return e.Recipients },
	"verdict":   func(e *Entry) []string { return []string{e.Verdict} },
	"stage":     func(e *Entry) []string { return []string{e.Stage} },
	"reply":     func(e *Entry) []string { return []string{e.Reply} },
	"line":      func(e *Entry) []string { return lineTexts(e.Line) },
	"client":    func(e *Entry) []string { return clientTexts(e.Client) },
	"helo":      func(e *Entry) []string { return []string{e.Helo} },
	"id":        func(e *Entry) []string { return []string{e.ID, e.Connection} },
	"kind":      func(e *Entry) []string { return []string{string(e.Kind)} },
}

// MatchKeys are what a Match may be about, sorted.
func MatchKeys() []string {
	var keys []string
	for key := range matchTexts {
		keys = append(keys, key)
	}
	slices.Sort(keys)
	return keys
}

// ParseMatches reads conditions as KEY=PATTERN. In a pattern * stands for any text; case does not matter.
func ParseMatches(texts []string) (Matches, error) {
	if len(texts) > mostMatches {
		return nil, fmt.Errorf("%d matches, at most %d", len(texts), mostMatches)
	}
	var matches Matches
	for _, text := range texts {
		key, pattern, ok := strings.Cut(text, "=")
		key, not := strings.CutSuffix(key, "!")
		switch {
		case !ok:
			return nil, fmt.Errorf("%.300q is not KEY=PATTERN, %s", text, matchExample)
		case matchTexts[key] == nil:
			return nil, fmt.Errorf("%.300q: there is no %.40q to match; there are %s", text, key, strings.Join(MatchKeys(), ", "))
		case len(pattern) > mostPattern:
			return nil, fmt.Errorf("the pattern of %s is of %d bytes, at most %d", key, len(pattern), mostPattern)
		}
		if key == "sender" || key == "recipient" {
			pattern = strings.TrimSuffix(strings.TrimPrefix(pattern, "<"), ">")
		}
		matches = append(matches, Match{key, strings.ToLower(pattern), not})
	}
	return matches, nil
}

// Match says whether an entry meets all conditions.
func (m Matches) Match(e *Entry) bool {
	for i := range m {
		if !m[i].match(e) {
			return false
		}
	}
	return true
}

func (m *Match) match(e *Entry) bool {
	found := slices.ContainsFunc(matchTexts[m.key](e), func(text string) bool {
		return matchPattern(m.pattern, strings.ToLower(text))
	})
	return found != m.not
}

// lineTexts are the ways to name a line: "/etc/luamilter/filter.lua:12" is also "luamilter/filter.lua:12",
// "filter.lua:12" and, for any line of the file, "filter.lua".
func lineTexts(line string) []string {
	if line == "" {
		return nil
	}
	var texts []string
	for rest, more := line, true; more; {
		texts = append(texts, rest)
		if i := strings.LastIndexByte(rest, ':'); i >= 0 {
			texts = append(texts, rest[:i])
		}
		_, rest, more = strings.Cut(rest, "/")
	}
	return texts
}

// clientTexts are name[address], name, and address.
func clientTexts(client string) []string {
	name, address, _ := strings.Cut(client, "[")
	return []string{client, name, strings.TrimSuffix(address, "]")}
}

// matchPattern compares with a pattern in which * stands for any text, in time of the product of the lengths.
func matchPattern(pattern, text string) bool {
	p, t := 0, 0
	star, from := -1, 0 // the last *, and where what it stands for ends
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, from = p, t
			p++
		case p < len(pattern) && pattern[p] == text[t]:
			p++
			t++
		case star >= 0:
			from++
			p, t = star+1, from
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}
