package address

import (
	"strings"
	"unicode/utf8"

	"luamilter/luabind/header"
)

// Format writes an address for a header field: Bob <bob@example.org>, or bob@example.org if there is no name. The name
// is quoted or encoded (RFC 2047) and the local part quoted where needed. Where Local and Domain are both "", they are
// read from Address. What can't be in an address at all (control characters, and the likes of < > in a domain) is left
// out, so that nothing can be smuggled into a header; an address with neither part gives "Bob <>". Group is not written.
func Format(a Address) string {
	local, domain := a.Local, a.Domain
	if local == "" && domain == "" && a.Address != "" {
		read, _ := Parse(a.Address)
		local, domain = read.Local, read.Domain
	}
	spec := ""
	if local, domain = clean(local, ""), cleanDomain(domain); local != "" || domain != "" {
		spec = quoteLocal(local)
	}
	if domain != "" {
		spec += "@" + domain
	}
	name := header.EncodePhrase(a.Name)
	switch {
	case name != "":
		return name + " <" + spec + ">"
	case domain == "" && !isDotAtom(local):
		return "<" + spec + ">" // a quoted string alone would be a name
	}
	return spec
}

func cleanDomain(s string) string {
	const never = ` <>()[],;"@\`
	if strings.HasPrefix(s, "[") && strings.HasSuffix(s, "]") {
		return "[" + clean(s, never) + "]"
	}
	return clean(s, never+":")
}

// clean leaves out control characters, those of drop, and what is not UTF-8.
func clean(s, drop string) string {
	return strings.Map(func(r rune) rune {
		if isControl(r) || r == utf8.RuneError || strings.ContainsRune(drop, r) {
			return -1
		}
		return r
	}, s)
}

// quoteLocal gives a local part as it is written (RFC 5322 3.4.1).
func quoteLocal(s string) string {
	if isDotAtom(s) {
		return s
	}
	return `"` + strings.NewReplacer(`\`, `\\`, `"`, `\"`).Replace(s) + `"`
}

// isDotAtom tells what needs no quotes (RFC 5322 3.2.3, RFC 6532 3.2).
func isDotAtom(s string) bool {
	if s == "" || s[0] == '.' || s[len(s)-1] == '.' || strings.Contains(s, "..") {
		return false
	}
	return strings.IndexFunc(s, func(r rune) bool {
		return r <= ' ' || r >= 0x7f && r < 0xa0 || strings.ContainsRune(`()<>[]:;@\,"`, r)
	}) < 0
}
