// Package netmatch reads and matches what lists of clients are made of: addresses, address ranges, and globs of names.
package netmatch

import (
	"fmt"
	"net/netip"
	"strconv"
	"strings"
)

// longest is more than any text of an address has (bytes).
const longest = 64

// Address reads an address as MTAs send it: also in brackets, or with "IPv6:" before it (RFC 5321 section 4.1.3). An IPv4
// address in IPv6 (::ffff:192.0.2.1) is the IPv4 address. One with a zone belongs to no list.
func Address(text string) (a netip.Addr, ok bool) {
	if len(text) > longest {
		return a, false
	}
	if strings.HasPrefix(text, "[") && strings.HasSuffix(text, "]") {
		text = text[1 : len(text)-1]
	}
	const tag = "IPv6:"
	if len(text) > len(tag) && strings.EqualFold(text[:len(tag)], tag) {
		text = text[len(tag):]
	}
	a, err := netip.ParseAddr(text)
	if err != nil || a.Zone() != "" {
		return netip.Addr{}, false
	}
	return a.Unmap(), true
}

// Prefix reads an address or a range as a list has it: "192.0.2.0/24", "2001:db8::1", "[::1]/128". Bits behind the prefix
// must be 0: whoever writes 192.0.2.5/24 may mean one address, or all. The error names the text.
func Prefix(text string) (netip.Prefix, error) {
	bad := func(format string, args ...any) (netip.Prefix, error) {
		return netip.Prefix{}, fmt.Errorf("%.80q: %s", text, fmt.Sprintf(format, args...))
	}
	host, length, ranged := strings.Cut(text, "/")
	if strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]") {
		host = host[1 : len(host)-1]
	}
	a, err := netip.ParseAddr(host)
	switch {
	case err != nil:
		return bad("no address before the slash or the end")
	case a.Zone() != "":
		return bad("an address with a zone is known to one machine only")
	}
	bits := a.BitLen()
	if ranged {
		n, err := strconv.ParseUint(length, 10, 8)
		if err != nil || int(n) > bits || length != strconv.Itoa(int(n)) {
			return bad("a prefix length from 0 to %d expected behind the slash", bits)
		}
		bits = int(n)
	}
	if a.Is4In6() {
		const mapped = 96
		if bits < mapped {
			return bad("write the IPv4 range itself")
		}
		a, bits = a.Unmap(), bits-mapped
	}
	p := netip.PrefixFrom(a, bits)
	if p.Masked() != p {
		return bad("it has bits behind the prefix; write %s or %s", p.Masked(), a)
	}
	return p, nil
}

// Lower is a text with ASCII letters in lower case; other bytes stay, in whatever charset they are.
func Lower(s string) string {
	for i := range len(s) {
		if isUpper(s[i]) {
			b := []byte(s)
			for ; i < len(b); i++ {
				if isUpper(b[i]) {
					b[i] += 'a' - 'A'
				}
			}
			return string(b)
		}
	}
	return s
}

func isUpper(c byte) bool { return 'A' <= c && c <= 'Z' }

// Glob says whether a pattern matches the whole text: * is any number of bytes, ? is one. It takes at most as many steps
// as the product of both lengths.
func Glob(pattern, text string) bool {
	star, mark := -1, 0 // the last * of the pattern, and where in the text what it stands for ends
	p, t := 0, 0
	for t < len(text) {
		switch {
		case p < len(pattern) && pattern[p] == '*':
			star, mark = p, t
			p++
		case p < len(pattern) && (pattern[p] == '?' || pattern[p] == text[t]):
			p++
			t++
		case star >= 0:
			mark++
			p, t = star+1, mark
		default:
			return false
		}
	}
	return strings.Trim(pattern[p:], "*") == ""
}
