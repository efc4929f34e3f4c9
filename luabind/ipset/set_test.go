package ipset

import (
	"fmt"
	"strings"
	"testing"
)

func setOf(t *testing.T, entries ...string) *Set {
	t.Helper()
	s := newSet()
	for _, e := range entries {
		if err := s.add(e, ""); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

func TestFind(t *testing.T) {
	s := setOf(t, "192.0.2.0/24", "192.0.0.0/16", "192.0.2.7", "192.168.0.*", "10.*.5.1", "172.16.*.*", "172.16.9?.1*", "2001:db8::/32", "mail.example.org",
		"*.example.net", ".sub.example.net", "mx?.Example.com", "a*.example.org", "::ffff:198.51.100.0/120")
	tests := []struct{ address, host, want string }{
		{"192.0.2.7", "", "192.0.2.7"},
		{"192.0.2.8", "mail.example.org", "192.0.2.0/24"},
		{"192.0.3.8", "", "192.0.0.0/16"},
		{"::ffff:192.0.2.7", "", "192.0.2.7"},
		{"[192.0.2.7]", "", "192.0.2.7"},
		{"192.168.0.255", "", "192.168.0.*"},
		{"192.168.1.0", "", ""},
		{"10.77.5.1", "", "10.*.5.1"},
		{"10.77.5.10", "", ""},
		{"172.16.99.10", "", "172.16.*.*"},
		{"IPv6:2001:DB8::1", "", "2001:db8::/32"},
		{"2001:db9::1", "", ""},
		{"fe80::1%eth0", "", ""},
		{"198.51.100.9", "", "::ffff:198.51.100.0/120"},
		{"", "Mail.Example.ORG.", "mail.example.org"},
		{"203.0.113.1", "a.example.net", "*.example.net"},
		{"203.0.113.1", "a.b.example.net", "*.example.net"},
		{"203.0.113.1", "a.sub.example.net", ".sub.example.net"},
		{"203.0.113.1", "example.net", ""},
		{"203.0.113.1", "badexample.net", ""},
		{"", "MX1.example.com", "mx?.Example.com"},
		{"", "mx11.example.com", ""},
		{"", "abc.example.org", "a*.example.org"},
		{"garbage", "garbage", ""},
		{"", "", ""},
		{"", ".", ""},
		{"", strings.Repeat("a", 1<<20) + ".example.net", ""},
	}
	for _, tt := range tests {
		got := ""
		if it := s.find(tt.address, tt.host); it != nil {
			got = it.entry
		}
		if got != tt.want {
			t.Errorf("%q, %.40q: got %q, want %q", tt.address, tt.host, got, tt.want)
		}
	}
	if s.size != 14 {
		t.Errorf("got the size %d, want 14", s.size)
	}
}

func TestBadEntries(t *testing.T) {
	for entry, want := range map[string]string{
		"192.0.2.0/33":    "a prefix length from 0 to 32",
		"192.0.2.5/24":    "write 192.0.2.0/24 or 192.0.2.5",
		"192.168.0":       "no address",
		"192.168.0.":      "no address",
		"300.1.1.1":       "no address",
		"300.*":           "no IPv4 address",
		"192.168.?":       "has 4 numbers",
		"1.2.3.4.*":       "has 4 numbers",
		"1..*":            "a number is missing",
		"*":               "it matches everything",
		"*.*":             "it matches everything",
		"2001:db8:*":      "no address",
		"mail@example":    `it has '@'`,
		"münchen.example": "xn--",
		"a\x00b":          `it has '\x00'`,
		"fe80::1%eth0":    "zone",
		"\xff":            "xn--",
		"":                "no address",
	} {
		if err := newSet().add(entry, ""); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", entry, err, want)
		}
	}
}

func TestParse(t *testing.T) {
	const text = "\ufeff# office\r\n\r\n192.0.2.0/24\tRELAY now # comment\r\n  mail.example.org\n192.0.2.0/24 second\n10.1.2.3#x y\n"
	_, err := parse("list", []byte(text))
	if err == nil || !strings.HasPrefix(err.Error(), `list:6: "10.1.2.3#x"`) {
		t.Errorf("got %v, want the file, the line and the entry", err)
	}
	s, err := parse("list", []byte(strings.Replace(text, "#x", "", 1)))
	if err != nil {
		t.Fatal(err)
	}
	if s.size != 3 || s.find("192.0.2.1", "").value != "RELAY now" || s.find("10.1.2.3", "").value != "y" || s.find("", "mail.example.org").value != "" {
		t.Errorf("got %d entries and the values %q, %q", s.size, s.find("192.0.2.1", "").value, s.find("10.1.2.3", "").value)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("192.0.2.0/24 x\n10.* # y\n*.example.net\nmx?.a\n::1\n"), "192.0.2.1", "a.example.net")
	f.Fuzz(func(t *testing.T, data []byte, address, host string) {
		s, err := parse("list", data)
		if err != nil {
			return
		}
		for _, a := range []string{address, "10.0.0.1", "::1"} {
			if it := s.find(a, host); it != nil && !strings.Contains(string(data), it.entry) {
				t.Errorf("%q, %q: got %q, which is not in the list", a, host, it.entry)
			}
		}
	})
}

func BenchmarkContains(b *testing.B) {
	s := newSet()
	for i := range 100_000 {
		if err := s.add(fmt.Sprintf("10.%d.%d.0/24", i/256%256, i%256), ""); err != nil {
			b.Fatal(err)
		}
	}
	for b.Loop() {
		s.find("10.1.2.3", "mail.example.org")
	}
}
