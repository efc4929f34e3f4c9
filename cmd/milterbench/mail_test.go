package main

import (
	"slices"
	"strings"
	"testing"
)

func TestMailsAreTheSameEachTime(t *testing.T) {
	for name, kind := range mailKinds() {
		a, b := kind(), kind()
		if !slices.Equal(a.header, b.header) || a.body != b.body {
			t.Errorf("%s: two are not the same", name)
		}
		hits := 0
		for rest := a.body; rest != ""; {
			n := min(len(rest), chunkSize)
			if c := strings.Count(rest[:n], word); c > 1 {
				t.Errorf("%s: a chunk has the word %d times", name, c)
			} else {
				hits += c
			}
			rest = rest[n:]
		}
		if hits != a.hits || hits == 0 {
			t.Errorf("%s: got the word in %d chunks, want %d", name, hits, a.hits)
		}
		subjects := slices.DeleteFunc(slices.Clone(a.header), func(f field) bool { return f.name != "Subject" })
		if want := []field{{"Subject", a.subject}}; !slices.Equal(subjects, want) {
			t.Errorf("%s: got %v, want %v", name, subjects, want)
		}
	}
	for _, c := range []struct {
		name         string
		fields, size int
	}{{"small", 12, 2 << 10}, {"typical", 25, 30 << 10}, {"large", 30, 5 << 20}} {
		if m := mailKinds()[c.name](); len(m.header) != c.fields || len(m.body) != c.size {
			t.Errorf("%s: got %d fields and %d bytes, want %d and %d", c.name, len(m.header), len(m.body), c.fields, c.size)
		}
	}
}
