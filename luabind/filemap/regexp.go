package filemap

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode"
)

// addRegexp adds an entry as in Postfix's pcre_table: /pattern/flags value, or !/pattern/flags value for what does not
// match. The syntax of the pattern is that of RE2 (package regexp), whose time is linear in the key.
func (t *Table) addRegexp(line string) error {
	key, _, _ := strings.Cut(line, " ")
	if err := unknownWord(key); err != nil {
		return err
	}
	source, flags, value, err := splitRegexp(strings.TrimPrefix(line, "!"))
	if err != nil {
		return err
	}
	p := pattern{negate: line[0] == '!', pair: pair{value: value}}
	p.key = strings.TrimRight(line[:len(line)-len(value)], blank)
	modes, err := t.modes(flags)
	if err != nil {
		return fmt.Errorf("%.80q: %w", p.key, err)
	}
	if p.expr, err = regexp.Compile(modes + source); err != nil {
		return fmt.Errorf("%.80q: %w", p.key, err)
	}
	groups := p.expr.NumSubexp()
	if p.negate {
		groups = -1
	}
	if p.parts, err = valueParts(value, groups); err != nil {
		return fmt.Errorf("%.80q: %w", p.key, err)
	}
	t.patterns = append(t.patterns, p)
	t.size++
	return nil
}

// splitRegexp takes a line apart. The delimiter may be any mark of punctuation; a backslash before it keeps it in the pattern.
func splitRegexp(line string) (source, flags, value string, err error) {
	if line == "" || line[0] >= 0x80 || line[0] == '\\' || !unicode.IsPunct(rune(line[0])) && !unicode.IsSymbol(rune(line[0])) {
		return "", "", "", fmt.Errorf("%.80q: /pattern/flags and a value expected", line)
	}
	delimiter := line[0]
	for i := 1; i < len(line); i++ {
		switch line[i] {
		case '\\':
			i++
		case delimiter:
			source, flags = line[1:i], line[i+1:]
			if end := strings.IndexAny(flags, blank); end >= 0 {
				flags, value = flags[:end], strings.TrimLeft(flags[end:], blank)
			}
			return source, flags, value, nil
		}
	}
	return "", "", "", fmt.Errorf("%.80q: the second %q is missing", line, delimiter)
}

// modes turns the flags of an entry into those of the pattern. As in Postfix each turns its default round: letters of both
// cases are the same (unless the options say otherwise), a dot matches line ends, ^ and $ do not.
func (t *Table) modes(flags string) (string, error) {
	on := map[rune]bool{'i': t.options.IgnoreCase, 's': true, 'm': false}
	for _, flag := range flags {
		state, known := on[flag]
		if !known {
			return "", fmt.Errorf("the flag %q is not known: i, m and s are", flag)
		}
		on[flag] = !state
	}
	modes := ""
	for _, flag := range "ims" {
		if on[flag] {
			modes += string(flag)
		}
	}
	if modes == "" {
		return "", nil
	}
	return "(?" + modes + ")", nil
}

// part is a piece of a value: text, or a group of the match.
type part struct {
	text  string
	group int // from 1; 0 is text
}

// valueParts reads $1, ${1} and $(1), and $$ for a dollar; groups is how many the pattern has, below 0 for a pattern
// that is negated. A value without a dollar has no parts.
func valueParts(value string, groups int) ([]part, error) {
	if !strings.Contains(value, "$") {
		return nil, nil
	}
	var parts []part
	for rest := value; rest != ""; {
		before, after, found := strings.Cut(rest, "$")
		parts = append(parts, part{text: before})
		if !found {
			break
		}
		if strings.HasPrefix(after, "$") {
			parts, rest = append(parts, part{text: "$"}), after[1:]
			continue
		}
		digits, n := groupNumber(after)
		group, err := strconv.Atoi(digits)
		switch {
		case err != nil || group < 1:
			return nil, fmt.Errorf("%.80q: $1, ${1}, $(1) or $$ expected", value)
		case groups < 0:
			return nil, fmt.Errorf("%.80q: a pattern that does not match has no $%d", value, group)
		case group > groups:
			return nil, fmt.Errorf("%.80q: the pattern has no group %d", value, group)
		}
		parts, rest = append(parts, part{group: group}), after[n:]
	}
	return parts, nil
}

// groupNumber gives the digits of a group behind a dollar, "" if there are none, and the length of it all.
func groupNumber(s string) (digits string, n int) {
	for open, end := range map[string]string{"{": "}", "(": ")"} {
		if inner, ok := strings.CutPrefix(s, open); ok {
			if digits, _, ok = strings.Cut(inner, end); !ok {
				return "", 0
			}
			return digits, len(digits) + 2
		}
	}
	n = len(s) - len(strings.TrimLeft(s, "0123456789"))
	return s[:n], n
}

// expand puts groups of a match into a value.
func expand(parts []part, key string, found []int, c Costs) string {
	size := 0
	texts := make([]string, len(parts))
	for i, p := range parts {
		texts[i] = p.text
		if p.group > 0 && found[2*p.group] >= 0 {
			texts[i] = key[found[2*p.group]:found[2*p.group+1]]
		}
		size += len(texts[i])
	}
	c.Memory(size)
	return strings.Join(texts, "")
}
