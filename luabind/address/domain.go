package address

import (
	"fmt"
	"net/netip"
	"strings"

	"golang.org/x/net/idna"
	"golang.org/x/net/publicsuffix"
)

const (
	// longestDomain is the most bytes of a domain name in ASCII (RFC 1035 2.3.4).
	longestDomain = 253
	// longestUnicode is the most bytes that are looked at: punycode takes quadratic time.
	longestUnicode = 4 * longestDomain
)

// OrgDomain gives the domain that someone registered, by the public suffix list with its private part: mail.example.co.uk
// gives example.co.uk. The result is in lower case and ASCII (A-labels) whatever form the domain has, and without a dot
// at the end, so that two may be compared. It is "" for a public suffix itself, an IP address, a literal, and what is no
// domain. Under a top-level domain that the list does not have, the last two labels count.
func OrgDomain(domain string) string {
	domain, err := normal(domain)
	if err != nil {
		return ""
	}
	if _, err := netip.ParseAddr(domain); err == nil {
		return ""
	}
	org, err := publicsuffix.EffectiveTLDPlusOne(domain)
	if err != nil {
		return ""
	}
	return org
}

// SameOrg says whether two domains belong to one organisation: they are the same name, or have the same OrgDomain.
func SameOrg(a, b string) bool {
	na, errA := normal(a)
	nb, errB := normal(b)
	if errA != nil || errB != nil {
		return false
	}
	org := OrgDomain(na)
	return na == nb || org != "" && org == OrgDomain(nb)
}

// normal gives a domain in lower case and ASCII, without the dot at the end. Names with underscores are taken: DNS has
// them.
func normal(domain string) (string, error) {
	domain = strings.TrimSuffix(domain, ".")
	if len(domain) > longestUnicode {
		return "", fmt.Errorf("%q...: longer than a domain can be", domain[:40])
	}
	ascii := true
	for i := range len(domain) {
		ascii = ascii && domain[i] < 0x80
	}
	if !ascii {
		var err error
		if domain, err = ToASCII(domain); err != nil {
			return "", err
		}
	}
	if domain = strings.ToLower(domain); domain == "" || !isDomain(domain) || len(domain) > longestDomain || domain[0] == '[' {
		return "", fmt.Errorf("%q is no domain", domain)
	}
	for label := range strings.SplitSeq(domain, ".") {
		if label == "" || len(label) > 63 {
			return "", fmt.Errorf("%q is no domain", domain)
		}
	}
	return domain, nil
}

// ToASCII gives a domain as DNS has it, with A-labels (RFC 5891 5, UTS 46 for lookup): bücher.example gives
// xn--bcher-kva.example. The error names the domain.
func ToASCII(domain string) (string, error) {
	return convert(domain, idna.Lookup.ToASCII)
}

// ToUnicode gives a domain as people read it, with U-labels: xn--bcher-kva.example gives bücher.example. The error names
// the domain.
func ToUnicode(domain string) (string, error) {
	return convert(domain, idna.Lookup.ToUnicode)
}

func convert(domain string, to func(string) (string, error)) (string, error) {
	if len(domain) > longestUnicode {
		return "", fmt.Errorf("%q...: longer than a domain can be", domain[:40])
	}
	result, err := to(domain)
	if err != nil {
		return "", fmt.Errorf("%q: %w", domain, err)
	}
	ascii, err := idna.Lookup.ToASCII(result)
	if err != nil {
		return "", fmt.Errorf("%q: %w", domain, err)
	}
	ascii = strings.TrimSuffix(ascii, ".")
	if ascii == "" || len(ascii) > longestDomain {
		return "", fmt.Errorf("%q: no domain has %d bytes", domain, len(ascii))
	}
	for label := range strings.SplitSeq(ascii, ".") {
		if label == "" || len(label) > 63 {
			return "", fmt.Errorf("%q: no label has %d bytes", domain, len(label))
		}
	}
	return result, nil
}
