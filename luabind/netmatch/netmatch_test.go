package netmatch

import (
	"path"
	"strings"
	"testing"
)

func TestAddress(t *testing.T) {
	tests := map[string]string{
		"192.0.2.1": "192.0.2.1", "[192.0.2.1]": "192.0.2.1", "IPv6:2001:DB8::1": "2001:db8::1", "[ipv6:2001:db8::1]": "2001:db8::1",
		"::ffff:192.0.2.1": "192.0.2.1", "IPv6:::ffff:c000:201": "192.0.2.1",
		"fe80::1%eth0": "", "192.0.2": "", "192.0.2.01": "", "": "", "IPv6:": "", "mail.example.org": "", "[": "", strings.Repeat("1", 1<<20): "",
	}
	for text, want := range tests {
		got := ""
		if a, ok := Address(text); ok {
			got = a.String()
		}
		if got != want {
			t.Errorf("%.40q: got %q, want %q", text, got, want)
		}
	}
}

func TestPrefix(t *testing.T) {
	tests := []struct{ text, want, problem string }{
		{"192.0.2.0/24", "192.0.2.0/24", ""},
		{"192.0.2.1", "192.0.2.1/32", ""},
		{"0.0.0.0/0", "0.0.0.0/0", ""},
		{"2001:DB8::/32", "2001:db8::/32", ""},
		{"[::1]/128", "::1/128", ""},
		{"[::1]", "::1/128", ""},
		{"::ffff:192.0.2.0/120", "192.0.2.0/24", ""},
		{"192.0.2.5/24", "", `"192.0.2.5/24": it has bits behind the prefix; write 192.0.2.0/24 or 192.0.2.5`},
		{"192.0.2.0/33", "", `"192.0.2.0/33": a prefix length from 0 to 32 expected`},
		{"192.0.2.0/", "", "a prefix length"},
		{"192.0.2.0/024", "", "a prefix length"},
		{"192.0.2.0/+24", "", "a prefix length"},
		{"192.0.2/24", "", "no address"},
		{"fe80::1%eth0", "", "zone"},
		{"::ffff:0:0/90", "", "write the IPv4 range itself"},
		{"", "", "no address"},
	}
	for _, tt := range tests {
		got, err := Prefix(tt.text)
		if tt.problem == "" && (err != nil || got.String() != tt.want) {
			t.Errorf("%q: got %v, %v, want %s", tt.text, got, err, tt.want)
		}
		if tt.problem != "" && (err == nil || !strings.Contains(err.Error(), tt.problem)) {
			t.Errorf("%q: got %v, want %s", tt.text, err, tt.problem)
		}
	}
}

func TestLower(t *testing.T) {
	if got, want := Lower("aB\xc4Z.1"), "ab\xc4z.1"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestGlob(t *testing.T) {
	tests := []struct {
		pattern, text string
		want          bool
	}{
		{"*", "", true}, {"", "", true}, {"?", "", false}, {"", "a", false}, {"a*", "a", true}, {"*a", "ba", true}, {"*a", "ab", false},
		{"a*b*c", "a-b-b-c", true}, {"a*b*c", "a-b-b-", false}, {"??", "ab", true}, {"??", "a", false}, {"*.example.net", "a.b.example.net", true},
		{"*.example.net", "example.net", false}, {strings.Repeat("*a", 50), strings.Repeat("a", 5000) + "b", false},
	}
	for _, tt := range tests {
		if got := Glob(tt.pattern, tt.text); got != tt.want {
			t.Errorf("%q, %.40q: got %v, want %v", tt.pattern, tt.text, got, tt.want)
		}
	}
}

// FuzzGlob compares with path.Match where both speak the same language.
func FuzzGlob(f *testing.F) {
	f.Add("a*b?c", "axxbyc")
	f.Add("*a*a*", "aaaa")
	f.Fuzz(func(t *testing.T, pattern, text string) {
		if len(pattern) > 30 || len(text) > 100 || strings.ContainsAny(pattern, "[]\\/") || strings.Contains(text, "/") {
			return
		}
		for _, c := range []byte(pattern + text) {
			if c >= 0x80 {
				return // ? is a byte here, a rune there
			}
		}
		want, err := path.Match(pattern, text)
		if got := Glob(pattern, text); err == nil && got != want {
			t.Errorf("%q, %q: got %v, want %v", pattern, text, got, want)
		}
	})
}

func FuzzPrefix(f *testing.F) {
	f.Add("192.0.2.0/24")
	f.Add("[::ffff:1.2.3.4]/128")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := Prefix(text)
		if err != nil {
			return
		}
		if again, err := Prefix(p.String()); err != nil || again != p {
			t.Errorf("%q: got %v, which gives %v, %v", text, p, again, err)
		}
		if a, ok := Address(p.Addr().String()); !ok || !p.Contains(a) {
			t.Errorf("%q: %v does not contain %v", text, p, a)
		}
	})
}
