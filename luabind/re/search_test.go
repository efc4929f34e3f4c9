package re

import (
	"fmt"
	"reflect"
	"regexp"
	"regexp/syntax"
	"strings"
	"sync"
	"testing"

	lua "github.com/yuin/gopher-lua"

	"luamilter/luabind/guard"
)

// allMatches walks through s as the module does.
func allMatches(L *lua.LState, p *pattern, s string) (all [][]int) {
	m := newMatches(p, s)
	for loc := m.next(L); loc != nil; loc = m.next(L) {
		all = append(all, loc)
	}
	return all
}

// inPieces is the pattern with a cost that makes each input too large for one call of package regexp.
func inPieces(p *pattern) *pattern {
	slow := *p
	slow.cost = callTime + 1
	return &slow
}

func FuzzMatchesAreThoseOfPackageRegexp(f *testing.F) {
	for _, seed := range [][2]string{
		{`a*`, "baaac"}, {`\bfoo\b`, "foo food foo"}, {`(?m)^(\w*)$`, "a\nb\n\nc"}, {`^|x`, "xax"}, {`\B`, "ab c"}, {`(a)|(b)`, "ab\xff\xe9"},
		{`(?i)straße`, "STRASSE strAße"}, {`\Q(\E\b`, "(a"}, {`x[^y]*y|x`, "xxxxxxy"}, {`.`, "\xf0\x9f\x98\x80\xf0\x9f"}, {`\b\Q(`, "a(("}, {``, "é\xff"},
		{`(?:(?:a?){3}){4}$|b+`, "aaaab"}, {`http://(\w+)`, "see http://a http://b"}, {`\A\z|\A`, ""},
	} {
		f.Add(seed[0], seed[1])
	}
	L := guard.NewState(guard.Options{})
	f.Cleanup(L.Close)
	f.Fuzz(func(t *testing.T, source, s string) {
		p, err := compile(source)
		std, stdErr := regexp.Compile(source)
		if err != nil {
			return
		}
		if stdErr != nil {
			t.Fatalf("%q compiles here, but: %v", source, stdErr)
		}
		template, _ := p.template(s)
		for _, part := range template {
			if part.group > p.groups() {
				t.Errorf("%q as a replacement for %q: got the group %d", s, source, part.group)
			}
		}
		want := std.FindAllStringSubmatchIndex(s, -1)
		if got := allMatches(L, p, s); !reflect.DeepEqual(got, want) {
			t.Errorf("%q on %q: got %v, want %v", source, s, got, want)
		}
		if got := allMatches(L, inPieces(p), s); !reflect.DeepEqual(got, want) {
			t.Errorf("%q on %q, in pieces: got %v, want %v", source, s, got, want)
		}
	})
}

func TestProgramsAreNoLargerThanMeasured(t *testing.T) {
	for _, source := range []string{
		``, `a`, `abc|abd|x`, `(a)(b)?(c)*(d)+`, `a{10}`, `(?:a{2,7}b|c){3,}`, `(?i)word`, `[a-z]\pL.`, `x{0}`, `(?:(?:ab){0,9}){0,9}`,
		`^\b\B$|(?m)^$`, `(((a|b)|c)|d)*?`, `(?:a|(?:b|)){5,}`,
	} {
		p, err := compile(source)
		if err != nil {
			t.Fatal(err)
		}
		tree, err := syntax.Parse(source, syntax.Perl)
		if err != nil {
			t.Fatal(err)
		}
		measured := measure(tree).instructions
		prog, err := syntax.Compile(tree.Simplify())
		if err != nil {
			t.Fatal(err)
		}
		const frame = 2 // fail and match
		if made := int64(len(prog.Inst)); made > measured+frame || p.cost < 5*measured {
			t.Errorf("%q: measured %d, made %d", source, measured, made)
		}
	}
}

func TestCacheIsBounded(t *testing.T) {
	var c cache
	for i := range 3 * cachedPatterns {
		c.put(&pattern{source: fmt.Sprint(i), bytes: 100})
		c.get("0") // used all the time, so it stays
	}
	if got := c.order.Len(); got != cachedPatterns || len(c.entries) != cachedPatterns || c.bytes != 100*cachedPatterns {
		t.Errorf("got %d patterns, %d entries, %d bytes, want %d patterns", got, len(c.entries), c.bytes, cachedPatterns)
	}
	if c.get("0") == nil || c.get("1") != nil {
		t.Errorf("0 is there: %v, 1 is there: %v, want the one used last", c.get("0") != nil, c.get("1") != nil)
	}
	c.put(&pattern{source: "large", bytes: cachedBytes})
	if got := c.order.Len(); got != 1 || c.bytes != cachedBytes {
		t.Errorf("behind one as large as the cache: got %d patterns, %d bytes, want that one only", got, c.bytes)
	}
	c.put(&pattern{source: "large", bytes: 1})
	if c.bytes != cachedBytes {
		t.Errorf("the same again: got %d bytes, want %d", c.bytes, cachedBytes)
	}
}

func TestStatesShareCompiledPatterns(t *testing.T) {
	m := New()
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			L := guard.NewState(guard.Options{})
			defer L.Close()
			L.Push(L.NewFunction(m.Open))
			L.Call(0, 1)
			for i := range 200 {
				L.Push(L.GetField(L.Get(1), "match"))
				L.Push(lua.LString(strings.Repeat("a", i)))
				L.Push(lua.LString(fmt.Sprintf("a{%d}", i%20)))
				L.Call(2, 1)
				if got := L.Get(-1).String(); i >= i%20 && got != strings.Repeat("a", i%20) {
					t.Errorf("a{%d}: got %q", i%20, got)
				}
				L.Pop(1)
			}
		})
	}
	wg.Wait()
	if got := m.cache.order.Len(); got != 20 {
		t.Errorf("got %d patterns in the cache, want 20", got)
	}
}
