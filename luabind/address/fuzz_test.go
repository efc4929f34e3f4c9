package address

import (
	"testing"
	"unicode/utf8"

	"luamilter/luabind/header"
)

func FuzzParseList(f *testing.F) {
	for _, s := range []string{
		`"Ann \"B\"" <ann@example.org>, bob@example.org (Bob)`, "Team: <@a,@b:c@d>, =?utf-8?q?=C3=B6?= <e@f>;", `"a b" . c @ [192.0.2.1]`, "a@b <c@d", "((", `<".">`, "=?utf-8?q?a,<b>?= <c@d>",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, value string) {
		list, defects := ParseList(value)
		if len(list) > mostAddresses || len(defects) > 32 {
			t.Fatalf("%d addresses, %d defects", len(list), len(defects))
		}
		for _, a := range list {
			for _, s := range []string{a.Name, a.Address, a.Local, a.Domain, a.Group} {
				if !utf8.ValidString(s) {
					t.Fatalf("%q is not UTF-8", s)
				}
			}
			checkRoundTrip(t, a)
		}
	})
}

// checkRoundTrip writes an address that has nothing odd, and reads it again.
func checkRoundTrip(t *testing.T, a Address) {
	t.Helper()
	written := Format(a)
	if a.Local == "" || clean(a.Local, "") != a.Local || cleanDomain(a.Domain) != a.Domain || !isDomain(a.Domain) {
		return
	}
	again, _ := ParseList(header.Fold("To", written))
	if len(again) != 1 || again[0].Local != a.Local || again[0].Domain != a.Domain || again[0].Name != a.Name {
		t.Errorf("%q is written %q and read %q", a, written, again)
	}
}

func FuzzDomain(f *testing.F) {
	for _, s := range []string{"mail.example.co.uk", "bücher.example.", "xn--bcher-kva.example", "..", "[::1]", "192.0.2.1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, domain string) {
		if org := OrgDomain(domain); org != "" && (OrgDomain(org) != org || !SameOrg(domain, org)) {
			t.Errorf("%q: %q, and of that %q", domain, org, OrgDomain(org))
		}
		ascii, err := ToASCII(domain)
		if err != nil {
			return
		}
		if again, err := ToASCII(ascii); err != nil || again != ascii {
			t.Errorf("%q: %q, and of that %q %v", domain, ascii, again, err)
		}
	})
}
