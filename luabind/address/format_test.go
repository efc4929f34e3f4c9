package address

import "testing"

func TestFormat(t *testing.T) {
	tests := []struct {
		name string
		a    Address
		want string
	}{
		{"an address alone", Address{Local: "ann", Domain: "example.org"}, "ann@example.org"},
		{"from Address", Address{Name: "Ann", Address: "ann@example.org"}, "Ann <ann@example.org>"},
		{"the parts come before Address", Address{Address: "x@y", Local: "ann", Domain: "example.org"}, "ann@example.org"},
		{"a name that needs quotes", Address{Name: "B, Ann", Local: "ann", Domain: "example.org"}, `"B, Ann" <ann@example.org>`},
		{"a name that needs encoding", Address{Name: "Ann, Königsberg", Local: "a", Domain: "b.example"}, "=?utf-8?q?Ann=2C_K=C3=B6nigsberg?= <a@b.example>"},
		{"a local part that needs quotes", Address{Local: `a "b"\`, Domain: "example.org"}, `"a \"b\"\\"@example.org`},
		{"a local part in UTF-8", Address{Local: "jürgen", Domain: "example.org"}, "jürgen@example.org"},
		{"a literal", Address{Local: "a", Domain: "[IPv6:2001:db8::1]"}, "a@[IPv6:2001:db8::1]"},
		{"no domain", Address{Name: "Post", Local: "postmaster"}, "Post <postmaster>"},
		{"no domain, but quotes", Address{Local: "a b"}, `<"a b">`},
		{"nothing", Address{}, "<>"},
		{"a name alone", Address{Name: "Ann"}, "Ann <>"},
		{"line breaks go nowhere", Address{Name: "a\r\nBcc: x", Local: "a\r\nb", Domain: "c\n>, <d@e"}, "=?utf-8?b?YQ0KQmNjOiB4?= <ab@cde>"},
		{"an Address that is two", Address{Address: "a@b\r\nBcc: x@y"}, "<>"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := Format(tt.a); got != tt.want {
				t.Errorf("got %q, want %q", got, tt.want)
			}
		})
	}
}
