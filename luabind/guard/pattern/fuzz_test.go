package pattern

import (
	"strings"
	"testing"
)

func FuzzMatch(f *testing.F) {
	for _, p := range []string{"(%w+)=(.-);", "^%s*(.-)%s*$", "%f[%w]%w+", "%b()", "()a*()", "[^%]]-x", "(a*(.)%w(%s*))", "%", "[", "%1", "[%", "%b", "%f"} {
		f.Add("a=1; (b) THE end]x", p, 0)
	}
	f.Fuzz(func(t *testing.T, src, pat string, init int) {
		if init < 0 || init > len(src) {
			return
		}
		budget := int64(1 << 16)
		m := New(src, pat, func(steps int64) bool {
			budget -= steps
			return budget > 0
		})
		start, end, ok := m.Find(init)
		if !ok {
			return
		}
		if m.Err() != nil || start < init || end < start || end > len(src) {
			t.Fatalf("match %d..%d of %d from %d, error %v", start, end, len(src), init, m.Err())
		}
		for i := range max(m.Captures(), 1) {
			text, pos, isPos, err := m.Capture(i, start, end)
			if err == nil && isPos && (pos < 1 || pos > len(src)+1) {
				t.Errorf("capture %d is position %d of %d", i, pos, len(src))
			}
			if err == nil && !isPos && !strings.Contains(src, text) {
				t.Errorf("capture %d is %q", i, text)
			}
		}
		if Plain(pat) && src[start:end] != pat {
			t.Errorf("plain pattern %q matched %q", pat, src[start:end])
		}
	})
}

func TestMatching(t *testing.T) {
	tests := map[string]struct {
		src, pat   string
		start, end int
		err        error
	}{
		"a plain word":                            {"say hello", "hello", 4, 9, nil},
		"an anchor that fails":                    {"xa", "^a", -1, 0, nil},
		"a frontier":                              {"THE (quick)", "%f[%a]%a+", 0, 3, nil},
		"balanced brackets":                       {"f(a(b)c)d", "%b()", 1, 8, nil},
		"a back reference":                        {"abcabc", "(abc)%1", 0, 6, nil},
		"bytes past ASCII are no letters":         {"\xe4\xf6", "%a", -1, 0, nil},
		"%z":                                      {"a\x00b", "%z", 1, 2, nil},
		"a group that is never closed":            {"a", "(a", 0, 1, nil},
		"a pattern that ends with %":              {"a", "a%", -1, 0, ErrEndsPercent},
		"a set without end":                       {"a", "[a", -1, 0, ErrMissingBrack},
		"a bracket too many":                      {"a", "a)", -1, 0, ErrClose},
		"a reference to no group":                 {"a", "%1", -1, 0, ErrIndex},
		"more groups than there may be":           {"a", strings.Repeat("()", 33), -1, 0, ErrTooMany},
		"more nested items than there may be":     {"", strings.Repeat("(", 20) + strings.Repeat("a*", 20000), -1, 0, ErrComplex},
		"more steps than are paid for":            {strings.Repeat("a", 40), strings.Repeat("a*", 30) + "b", -1, 0, ErrBudget},
		"a malformed pattern that is not reached": {"b", "a[", -1, 0, nil},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			budget := int64(1 << 16)
			m := New(tt.src, tt.pat, func(n int64) bool { budget -= n; return budget > 0 })
			start, end, ok := m.Find(0)
			if !ok {
				start, end = -1, 0
			}
			if start != tt.start || end != tt.end || m.Err() != tt.err {
				t.Errorf("got %d..%d, %v; want %d..%d, %v", start, end, m.Err(), tt.start, tt.end, tt.err)
			}
		})
	}
}

func TestMatchingDoesNotAllocate(t *testing.T) {
	src := strings.Repeat("x", 1000) + "<user@example.org>"
	if n := testing.AllocsPerRun(100, func() {
		m := New(src, "<([^@]+)@(.-)>", nil)
		if _, _, ok := m.Find(0); !ok || m.Captures() != 2 {
			t.Error("no match")
		}
	}); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
