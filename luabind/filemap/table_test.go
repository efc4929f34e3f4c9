package filemap

import (
	"strings"
	"testing"
)

var free = Costs{Work: func(int) {}, Memory: func(int) {}}

func parseOK(t testing.TB, o Options, text string) *Table {
	t.Helper()
	table, err := o.Parse("table", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return table
}

// check looks keys up; "-" is that there is none.
func check(t *testing.T, table *Table, want map[string]string) {
	t.Helper()
	for key, want := range want {
		f, err := table.Get(key, free)
		got := f.Value
		if !f.OK {
			got = "-"
		}
		if err != nil || got != want {
			t.Errorf("%q: got %q, %v, want %q", key, got, err, want)
		}
	}
}

func TestText(t *testing.T) {
	const text = "\ufeff# comment\r\nExample.org\tOK  now # no comment\r\n\n   # comment in between\n" +
		"long value\n  goes on\n# comment\n\tand on\nexample.org second\nalone\n" +
		"\"two words\" quoted\n\"john \\\"x\\\\ doe\"@example.org him\n\"\" default\n"
	table := parseOK(t, Options{Kind: KindText, IgnoreCase: true}, text)
	check(t, table, map[string]string{
		"example.org": "OK  now # no comment", "EXAMPLE.ORG": "OK  now # no comment", "long": "value  goes on\tand on", "alone": "", "none": "-",
		"two words": "quoted", `john "x\ doe@example.org`: "him", "": "default",
	})
	if table.size != 6 {
		t.Errorf("got %d entries, want 6: %q", table.size, table.keys)
	}
}

func TestTextKeys(t *testing.T) {
	check(t, parseOK(t, Options{Kind: KindText}, "A 1\na 2\n\"x \\\"y\\\\\" z\n"), map[string]string{"A": "1", "a": "2", `x "y\`: "z"})
	check(t, parseOK(t, Options{Kind: KindText, Separator: "="}, "a b = c = d\n\"e=f\"=g\nh=\n"), map[string]string{"a b": "c = d", "e=f": "g", "h": ""})
}

func TestCIDR(t *testing.T) {
	table := parseOK(t, Options{Kind: KindCIDR}, "192.0.0.0/8 far\n192.0.2.0/24 near\n192.0.2.0/24 again\n2001:db8::/32 six\n[::1] self\n0.0.0.0/0\n")
	check(t, table, map[string]string{
		"192.0.2.1": "near", "192.1.1.1": "far", "::ffff:192.0.2.1": "near", "IPv6:2001:db8::1": "six", "::1": "self", "10.0.0.1": "", "::2": "-", "x": "-",
	})
}

func TestRegexp(t *testing.T) {
	const text = `/^(\w+)@(spam)\.example$/ REJECT $1 at ${2}, costs $$5$(1)
!/@/ no address
/case/i exact
|a/b\|c| slashes
/(x)?y/ got<$1>
/a.b$/m dot
/end/
`
	table := parseOK(t, Options{Kind: KindRegexp, IgnoreCase: true}, text)
	check(t, table, map[string]string{
		"Bob@SPAM.example": "REJECT Bob at SPAM, costs $5Bob", "bob": "no address", "@case": "exact", "@CASE": "-", "@A/B|C": "slashes", "@y": "got<>",
		"@a\nb\n": "dot", "@end": "", "@": "-", "@\xff\x00xy": "got<x>",
	})
	if f, _ := table.Get("@end", free); f.Entry != "/end/" {
		t.Errorf("got the entry %q", f.Entry)
	}
	check(t, parseOK(t, Options{Kind: KindRegexp}, "/case/ exact\n/any/i any\n"), map[string]string{"CASE": "-", "case": "exact", "ANY": "any"})
}

func TestGlob(t *testing.T) {
	table := parseOK(t, Options{Kind: KindGlob, IgnoreCase: true}, "a*@example.org first\n*@Example.org second\n\"? ?\" third\n")
	check(t, table, map[string]string{"abc@example.org": "first", "B@EXAMPLE.ORG": "second", "x y": "third", "x": "-", "": "-"})
}

func TestLongKeys(t *testing.T) {
	long := strings.Repeat("a", mostKey+1)
	for _, kind := range []Kind{KindRegexp, KindGlob} {
		if _, err := parseOK(t, Options{Kind: kind}, "").Get(long, free); err != errLongKey {
			t.Errorf("%s: got %v, want %v", kind, err, errLongKey)
		}
	}
	table := parseOK(t, Options{Kind: KindText}, "")
	if f, err := table.Get(long, free); err != nil || f.OK {
		t.Errorf("text: got %v, %v", f, err)
	}
	if _, err := table.LookupAddress(strings.Repeat(".", 1001), "", free); err != errLongAddress {
		t.Errorf("an address: got %v, want %v", err, errLongAddress)
	}
}

func TestLookupAddress(t *testing.T) {
	table := parseOK(t, Options{Kind: KindText, IgnoreCase: true}, `good@example.com OK
example.com user-less
.example.com below
[192.0.2.1] literal
"" any
SPF-Fail:good@example.com OK
SPF-Fail:example.com REJECT
SPF-Fail:.com COM
SPF-None: NONE
HELO-Fail helo
`)
	tests := []struct{ address, prefix, want string }{
		{"good@example.com", "", "good@example.com"},
		{"<Good@Example.COM>", "", "good@example.com"},
		{"bad@example.com", "", "example.com"},
		{"bad@example.com.", "", "example.com"},
		{"bad@a.b.example.com", "", ".example.com"},
		{"x@[192.0.2.1]", "", "[192.0.2.1]"},
		{"x@other.org", "", ""},
		{"example.com", "", "example.com"},
		{"", "", ""},
		{"good@example.com", "spf-fail", "spf-fail:good@example.com"},
		{"bad@example.com", "SPF-Fail", "spf-fail:example.com"},
		{"bad@sub.example.com", "SPF-Fail", "spf-fail:.com"},
		{"bad@other.org", "SPF-Fail", "-"},
		{"bad@other.org", "SPF-None", "spf-none:"},
		{"bad@other.org", "HELO-Fail", "helo-fail"},
		{"", "SPF-None", "spf-none:"},
	}
	for _, tt := range tests {
		f, err := table.LookupAddress(tt.address, tt.prefix, free)
		got := f.Entry
		if !f.OK {
			got = "-"
		}
		if err != nil || got != tt.want {
			t.Errorf("%q, %q: got %q, %v, want %q", tt.address, tt.prefix, got, err, tt.want)
		}
	}
}

func TestBrokenFiles(t *testing.T) {
	tests := []struct {
		kind       Kind
		text, want string
	}{
		{KindText, "a b\n\"c d\n", `table:2: "\"c d": the quote does not end`},
		{KindText, "# x\n  a b\n", `table:2: "  a b" begins with white space`},
		{KindCIDR, "10.0.0.0/8 x\n10.0.0.1/8 y\n", `table:2: "10.0.0.1/8": it has bits behind the prefix`},
		{KindCIDR, "if 10.0.0.0/8\n", `table:1: "if" is not known here`},
		{KindRegexp, "\n/a(/ x\n", "table:2: \"/a(/\": error parsing regexp: missing closing )"},
		{KindRegexp, "/(?=a)/ x\n", "invalid or unsupported Perl syntax"},
		{KindRegexp, "/a x\n", `the second '/' is missing`},
		{KindRegexp, "a x\n", "/pattern/flags and a value expected"},
		{KindRegexp, "!\n", "/pattern/flags and a value expected"},
		{KindRegexp, "endif\n", `"endif" is not known here`},
		{KindRegexp, "/a/x y\n", `the flag 'x' is not known`},
		{KindRegexp, "/(a)/ $2\n", "the pattern has no group 2"},
		{KindRegexp, "!/(a)/ $1\n", "a pattern that does not match has no $1"},
		{KindRegexp, "/a/ US$\n", "$1, ${1}, $(1) or $$ expected"},
		{KindRegexp, "/(a)/ ${1\n", "$1, ${1}, $(1) or $$ expected"},
		{KindRegexp, "/(a)/ $0\n", "$1, ${1}, $(1) or $$ expected"},
		{KindRegexp, "/(a)/ $99999999999999999999\n", "$1, ${1}, $(1) or $$ expected"},
	}
	for _, tt := range tests {
		if _, err := (Options{Kind: tt.kind}).Parse("table", []byte(tt.text)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s %q: got %v, want %s", tt.kind, tt.text, err, tt.want)
		}
	}
	if _, err := (Options{Kind: KindText, Separator: "="}).Parse("table", []byte("a b\n")); err == nil || !strings.Contains(err.Error(), `no "=" after the key`) {
		t.Errorf("no separator: got %v", err)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("\"a b\" c\n d\n# e\nf g\n"), "a b")
	f.Add([]byte("/(a)(b)?/i x$1${2}$$\n!/c/ d\n|e| f"), "ab")
	f.Add([]byte("10.0.0.0/8 x\n::/0 y"), "10.1.1.1")
	f.Add([]byte("a*b?c x"), "axbxc")
	f.Fuzz(func(t *testing.T, data []byte, key string) {
		for _, kind := range []Kind{KindText, KindCIDR, KindRegexp, KindGlob} {
			for _, o := range []Options{{Kind: kind, IgnoreCase: true}, {Kind: kind, Separator: ":"}} {
				table, err := o.Parse("table", data)
				if err != nil {
					if !strings.HasPrefix(err.Error(), "table:") {
						t.Errorf("got %v, want the file and the line", err)
					}
					continue
				}
				table.Get(key, free)
				table.LookupAddress(key, "p", free)
			}
		}
	})
}
