package re

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"strings"
	"unicode/utf8"

	lua "github.com/yuin/gopher-lua"

	"luamilter/luabind/guard"
)

// Limits of a pattern. Compiling can't be interrupted, and neither can one step of matching, which takes time in proportion
// to instructions and, for each, to groups.
const (
	maxSource       = 16 << 10 // bytes
	maxInstructions = 10000    // of the compiled program
	maxGroups       = 250
	maxWeight       = 400000 // instructions x (groups + 1): a match keeps that many positions
	maxWideRanges   = 32     // such as [a-\x{10000}]: folding one for (?i) takes the parser 1.6 ms
	maxTables       = 1000   // \p{Name} and \P{Name}: 0.1 ms each
)

// pattern is one compiled pattern. It never changes.
type pattern struct {
	source string
	std    *regexp.Regexp
	// behind matches where one rune stands before the place that the search starts from, and its group 1 is the match.
	// It is nil for a pattern that does not look at what is before it.
	behind *regexp.Regexp
	prefix string   // each match starts with it
	names  []string // of the groups, by number; "" has none
	cost   int64    // what one byte of input may take, in nanoseconds
	bytes  int64    // about what the pattern takes in memory
}

// groups is their number, without the whole match.
func (p *pattern) groups() int { return len(p.names) - 1 }

func compile(source string) (*pattern, error) {
	p, err := build(source)
	if err != nil {
		return nil, fmt.Errorf("%q: %w", shorten(source), err)
	}
	return p, nil
}

func build(source string) (*pattern, error) {
	if err := checkSource(source); err != nil {
		return nil, err
	}
	tree, err := syntax.Parse(source, syntax.Perl)
	if err != nil {
		return nil, reason(err)
	}
	groups := tree.MaxCap()
	if groups > maxGroups {
		return nil, fmt.Errorf("%d groups are more than the %d allowed", groups, maxGroups)
	}
	// Counted before the program is made: a{1000} is seven bytes.
	size := measure(tree)
	if size.instructions > maxInstructions || size.instructions*int64(groups+1) > maxWeight {
		return nil, fmt.Errorf("too large: about %d instructions with %d groups", size.instructions, groups)
	}
	p := &pattern{source: strings.Clone(source), bytes: size.bytes() + int64(len(source))}
	if p.std, err = regexp.Compile(p.source); err != nil {
		return nil, reason(err)
	}
	if size.looksBack {
		if p.behind, err = compileBehind(p.source); err != nil {
			return nil, reason(err)
		}
		p.bytes += size.bytes()
	}
	p.names = p.std.SubexpNames()
	p.prefix, _ = p.std.LiteralPrefix()
	p.cost = matchCost(size.instructions, groups)
	return p, nil
}

// compileBehind makes the form of a pattern for a search that starts one rune before the place it is wanted from, so that
// \b and ^ see what is there.
func compileBehind(source string) (*regexp.Regexp, error) {
	const start = `\A(?s:.)(?s:.*?)(`
	behind, err := regexp.Compile(start + source + `)`)
	if err != nil { // a \Q that is still open takes the bracket for a letter
		behind, err = regexp.Compile(start + source + `\E)`)
	}
	return behind, err
}

func checkSource(source string) error {
	if len(source) > maxSource {
		return fmt.Errorf("%d bytes are more than the %d allowed", len(source), maxSource)
	}
	if !utf8.ValidString(source) {
		return errors.New(`not UTF-8; \x{FFFD} stands for any byte that is not`)
	}
	wide := 0
	for i := 0; i < len(source); i++ {
		if source[i] == '-' && endsWide(source[i+1:]) {
			wide++
		}
	}
	if n := strings.Count(source, `\p`) + strings.Count(source, `\P`); n > maxTables {
		return fmt.Errorf("%d classes such as \\pL are more than the %d allowed", n, maxTables)
	}
	if wide > maxWideRanges {
		return fmt.Errorf("%d ranges that end outside ASCII are more than the %d allowed", wide, maxWideRanges)
	}
	return nil
}

// endsWide says whether what follows a hyphen may end a range outside ASCII: such a character itself, \x{1F600} or \777.
func endsWide(s string) bool {
	if len(s) < 2 {
		return false
	}
	return s[0] >= utf8.RuneSelf || s[0] == '\\' && (s[1] == 'x' || s[1] >= '0' && s[1] <= '7')
}

func reason(err error) error {
	var problem *syntax.Error
	if errors.As(err, &problem) && problem.Expr != "" {
		return fmt.Errorf("%s: %s", problem.Code, shorten(problem.Expr))
	} else if problem != nil {
		return errors.New(problem.Code.String())
	}
	return err
}

// shorten cuts what a message quotes.
func shorten(s string) string {
	const most = 80
	if len(s) <= most {
		return s
	}
	for i := most; ; i-- {
		if utf8.RuneStart(s[i]) {
			return s[:i] + "..."
		}
	}
}

// extent is about how large the program of a syntax tree will be.
type extent struct {
	instructions int64
	runes        int64 // of character classes, which copies of an expression share
	looksBack    bool  // at what is before the match
}

// bytes is about what the program takes in memory.
func (e extent) bytes() int64 {
	const instruction, char = 64, 4
	return e.instructions*instruction + e.runes*char
}

// measure counts without expanding; the parser bounds the depth of the tree (1000).
func measure(tree *syntax.Regexp) extent {
	var sum extent
	for _, sub := range tree.Sub {
		s := measure(sub)
		sum.instructions += s.instructions
		sum.runes += s.runes
		sum.looksBack = sum.looksBack || s.looksBack
	}
	switch tree.Op {
	case syntax.OpLiteral:
		sum.instructions = int64(max(len(tree.Rune), 1))
	case syntax.OpCapture, syntax.OpAlternate, syntax.OpConcat:
		sum.instructions += int64(len(tree.Sub)) + 1
	case syntax.OpRepeat:
		// The parser allows at most 1000 copies of anything, those of repeats inside repeats multiplied.
		copies, optional := max(tree.Max, tree.Min, 1), max(tree.Max-tree.Min, 0)
		if tree.Max < 0 {
			copies, optional = tree.Min+1, 1
		}
		sum.instructions = sum.instructions*int64(copies) + int64(optional)
	default:
		sum.instructions++
	}
	switch tree.Op {
	case syntax.OpCharClass:
		sum.runes += int64(len(tree.Rune))
	case syntax.OpBeginLine, syntax.OpBeginText, syntax.OpWordBoundary, syntax.OpNoWordBoundary:
		sum.looksBack = true
	}
	return sum
}

// matchCost was measured on programs that keep each instruction busy: 5 ns, and 1 ns more for 15 groups.
func matchCost(instructions int64, groups int) int64 {
	return instructions*5 + instructions*int64(groups)/15
}

// chargeCompile announces what compiling may take: a class such as \pL makes 5 KiB of three bytes.
func chargeCompile(L *lua.LState, source string) {
	fuel := guard.FuelOf(L)
	fuel.Charge(L, 100+len(source))
	fuel.Alloc(L, 4096+1024*len(source))
}
