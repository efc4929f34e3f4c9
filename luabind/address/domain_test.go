package address

import (
	"strings"
	"testing"
)

func TestOrgDomain(t *testing.T) {
	tests := []struct{ name, domain, want string }{
		{"below a suffix of one label", "mail.example.com", "example.com"},
		{"itself", "example.com", "example.com"},
		{"below a suffix of two", "a.b.example.co.uk", "example.co.uk"},
		{"a suffix has none", "co.uk", ""},
		{"a private suffix", "x.ann.github.io", "ann.github.io"},
		{"a top-level domain that nobody listed", "mail.corp.internal", "corp.internal"},
		{"one label", "localhost", ""},
		{"upper case and a dot at the end", "Mail.EXAMPLE.com.", "example.com"},
		{"U-labels", "mail.bücher.example", "xn--bcher-kva.example"},
		{"A-labels", "mail.XN--bcher-kva.example", "xn--bcher-kva.example"},
		{"a suffix in U-labels", "a.食狮.公司.cn", "xn--85x722f.xn--55qx5d.cn"},
		{"underscores", "_dmarc.example.com", "example.com"},
		{"an IPv4 address", "192.0.2.1", ""},
		{"a literal", "[192.0.2.1]", ""},
		{"an IPv6 address", "2001:db8::1", ""},
		{"an empty label", "a..com", ""},
		{"a dot in front", ".example.com", ""},
		{"nothing", "", ""},
		{"NUL", "evil.com\x00.example.com", ""},
		{"not UTF-8", "\xff.com", ""},
		{"far too long", strings.Repeat("a.", 1<<20) + "com", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := OrgDomain(tt.domain); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}

func TestSameOrg(t *testing.T) {
	tests := []struct {
		a, b string
		want bool
	}{
		{"mail.example.com", "Example.com.", true},
		{"evil-example.com", "example.com", false},
		{"example.com.evil.example", "example.com", false},
		{"a.co.uk", "b.co.uk", false},
		{"co.uk", "co.uk", true},
		{"localhost", "LOCALHOST", true},
		{"bücher.example", "mail.xn--bcher-kva.example", true},
		{"", "", false},
		{"[192.0.2.1]", "[192.0.2.1]", false},
	}
	for _, tt := range tests {
		if got := SameOrg(tt.a, tt.b); got != tt.want {
			t.Errorf("%q and %q: got %v, want %v", tt.a, tt.b, got, tt.want)
		}
	}
}

func TestToASCIIAndBack(t *testing.T) {
	tests := []struct{ domain, ascii, unicode string }{
		{"bücher.example", "xn--bcher-kva.example", "bücher.example"},
		{"BÜCHER.Example", "xn--bcher-kva.example", "bücher.example"},
		{"xn--bcher-kva.example", "xn--bcher-kva.example", "bücher.example"},
		{"example.org.", "example.org.", "example.org."},
	}
	for _, tt := range tests {
		if got, err := ToASCII(tt.domain); got != tt.ascii || err != nil {
			t.Errorf("%q to ASCII: got %q %v, want %q", tt.domain, got, err, tt.ascii)
		}
		if got, err := ToUnicode(tt.domain); got != tt.unicode || err != nil {
			t.Errorf("%q to Unicode: got %q %v, want %q", tt.domain, got, err, tt.unicode)
		}
	}
}

func TestWhatIsNoDomain(t *testing.T) {
	for _, domain := range []string{
		"", ".", "a..b", "a b.example", "xn--\x80.example", "xn--a.example", strings.Repeat("a", 64) + ".example",
		strings.Repeat("a.", 127) + "example", strings.Repeat("ü", 1<<20), "[192.0.2.1]", "\xff.example",
	} {
		shown := shorten(domain)
		if got, err := ToASCII(domain); err == nil {
			t.Errorf("%s to ASCII: got %q, want an error", shown, got)
		}
		if got, err := ToUnicode(domain); err == nil {
			t.Errorf("%s to Unicode: got %q, want an error", shown, got)
		}
	}
}
