package address

import (
	"strings"
	"unicode/utf8"

	"luamilter/luabind/header"
)

// chunks splits tokens where a gap ends an address: not beside an @ or a dot (RFC 5322 4.4). Comments are left out; a
// comma or stray bracket splits as well.
func (p *parser) chunks(tokens []token) (chunks [][]token) {
	last := token{end: -1}
	for _, t := range tokens {
		if t.kind == comment {
			continue
		}
		if strings.IndexByte("<>,;:", t.kind) >= 0 {
			last = token{end: -1}
			continue
		}
		gap := last.end != t.start
		joined := last.end >= 0 && (!gap || last.kind == '@' || t.kind == '@' || p.s[last.end-1] == '.' || p.s[t.start] == '.')
		if !joined {
			chunks = append(chunks, nil)
		}
		chunks[len(chunks)-1] = append(chunks[len(chunks)-1], t)
		last = t
	}
	return chunks
}

// address reads local@domain; the last @ counts, as it does for MTAs.
func (p *parser) address(chunk []token) Address {
	at, count := len(chunk), 0
	for i, t := range chunk {
		if t.kind == '@' {
			at = i
			count++
		}
		if i > 0 && chunk[i-1].end != t.start {
			p.defects.Add("white space or comment inside an address")
		}
	}
	local, quotes := p.join(chunk[:at])
	domain := ""
	if at < len(chunk) {
		var domainQuotes bool
		if domain, domainQuotes = p.join(chunk[at+1:]); domainQuotes || !isDomain(domain) {
			p.defects.Add("characters that no domain has")
		}
	}
	p.check(local, domain, count)
	a := Address{Local: local, Domain: domain, Address: local}
	if quotes || count > 1 {
		a.Address = quoteLocal(local)
	}
	if domain != "" {
		a.Address += "@" + domain
	}
	return a
}

// join gives the text of tokens without gaps and quotes.
func (p *parser) join(tokens []token) (text string, quotes bool) {
	var out strings.Builder
	for _, t := range tokens {
		if t.kind == quoted {
			quotes = true
			out.WriteString(t.content(p.s))
		} else {
			out.WriteString(t.text(p.s))
		}
	}
	text = out.String()
	if !utf8.ValidString(text) {
		p.defects.Add("raw 8-bit address that is not UTF-8, read as windows-1252")
		valid, _ := header.ToUTF8("", []byte(text))
		text = string(valid)
	}
	return text, quotes
}

func (p *parser) check(local, domain string, ats int) {
	if ats > 1 {
		p.defects.Add("more than one at-sign in an address")
	}
	if strings.Contains(local, "@") {
		p.defects.Add("at-sign in a local part")
	}
	if strings.Contains(local, "=?") || strings.Contains(domain, "=?") {
		p.defects.Add("encoded word in an address")
	}
	if strings.IndexFunc(local, isControl) >= 0 || strings.IndexFunc(domain, isControl) >= 0 {
		p.defects.Add("control character in an address")
	}
	if domain == "" {
		p.defects.Add("address without a domain")
	}
	if local == "" {
		p.defects.Add("address without a local part")
	}
}

func isControl(r rune) bool { return r < ' ' || r >= 0x7f && r < 0xa0 }

// isDomain says whether a domain, or a literal in brackets, has only characters that one may have.
func isDomain(s string) bool {
	if inner, ok := strings.CutPrefix(s, "["); ok && strings.HasSuffix(inner, "]") {
		s = strings.ReplaceAll(inner[:len(inner)-1], ":", "")
	}
	return strings.IndexFunc(s, func(r rune) bool {
		return !('0' <= r && r <= '9' || 'a' <= r|0x20 && r|0x20 <= 'z' || strings.ContainsRune("-._", r) || r >= 0xa0)
	}) < 0
}

// phrase gives the text of a name: quoted strings and words, decoded.
func (p *parser) phrase(tokens []token) string {
	var out, words strings.Builder
	flush := func() {
		p.decode(&out, words.String())
		words.Reset()
	}
	last := token{end: -1}
	for _, t := range tokens {
		if t.kind == comment {
			continue
		}
		gap := last.end >= 0 && last.end != t.start
		if t.kind == quoted {
			flush()
			if gap {
				out.WriteByte(' ')
			}
			content := t.content(p.s)
			if strings.Contains(content, "=?") {
				p.defects.Add("encoded word in quotes")
			}
			p.decode(&out, content)
		} else {
			if gap && words.Len() == 0 {
				out.WriteByte(' ')
			} else if gap {
				words.WriteByte(' ')
			}
			if p.s[t.start] == '[' {
				p.defects.Add("square bracket in a name without quotes")
			}
			words.WriteString(t.text(p.s))
		}
		last = t
	}
	flush()
	return strings.Trim(out.String(), " \t")
}

func (p *parser) decode(out *strings.Builder, text string) {
	text, defects := header.Decode(text)
	p.defects.Add(defects...)
	out.WriteString(text)
}

// lastComment gives the text of the last comment: "bob@example.org (Bob)" is how names were once written.
func (p *parser) lastComment(tokens []token) string {
	for i := len(tokens) - 1; i >= 0; i-- {
		if tokens[i].kind == comment {
			var out strings.Builder
			p.decode(&out, tokens[i].content(p.s))
			return strings.Trim(out.String(), " \t")
		}
	}
	return ""
}
