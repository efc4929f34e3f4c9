package address

import (
	"slices"
	"strings"

	"luamilter/luabind/header"
)

const (
	// mostAddresses is more than an MTA takes as recipients.
	mostAddresses = 10000
	// mostBytes bounds the memory for tokens; it is ten times what MTAs take as a field.
	mostBytes = 1 << 20
)

// ParseList reads the value of a field such as From or To: mailboxes and groups, also in the obsolete syntax (RFC 5322
// 4.4) and in UTF-8 (RFC 6532), and with what programs get wrong: commas or brackets missing, names without quotes. The
// addresses come in the order written. At most 10,000 addresses and 1 MiB are read.
func ParseList(value string) (list []Address, defects []string) {
	p := parser{}
	if len(value) > mostBytes {
		p.defects.Add("longer than 1 MiB: the rest is not read")
		value = value[:mostBytes]
	}
	p.s = header.Unfold(value)
	l := lexer{s: p.s, defects: &p.defects}
	l.run()
	p.tokens = l.tokens
	p.run()
	return p.list, p.defects.List()
}

// Parse reads one address, with or without name and <>; ok is false if there is none, or more than one, or a group.
func Parse(mailbox string) (a Address, ok bool) {
	list, _ := ParseList(mailbox)
	if len(list) != 1 || list[0].Address == "" || list[0].Group != "" {
		return Address{}, false
	}
	return list[0], true
}

// parser reads tokens into addresses. Each method passes over a token a fixed number of times.
type parser struct {
	s       string
	tokens  []token
	pos     int
	list    []Address
	group   string
	inGroup bool
	full    bool // there are more than mostAddresses
	defects header.Defects
}

func (p *parser) run() {
	for p.pos < len(p.tokens) && !p.full {
		switch p.tokens[p.pos].kind {
		case ',':
			p.pos++
		case ';':
			if !p.inGroup {
				p.defects.Add("semicolon outside of a group")
			}
			p.group, p.inGroup = "", false
			p.pos++
		default:
			p.element()
		}
	}
	if p.inGroup && !p.full {
		p.defects.Add("group without its end")
	}
}

// element reads up to a comma, a semicolon, or the colon of a group.
func (p *parser) element() {
	start, angles := p.pos, 0
	for ; p.pos < len(p.tokens) && !p.full; p.pos++ {
		switch p.tokens[p.pos].kind {
		case ',', ';':
			p.rest(start, angles)
			return
		case ':':
			p.colon(start, angles)
			return
		case '<':
			if angles++; angles == 2 {
				p.defects.Add("two addresses without a comma")
			}
			name := p.tokens[start:p.pos]
			content, next := p.angle()
			p.mailbox(name, content)
			start, p.pos = next, next-1
		case '>':
			p.defects.Add("bracket without its start")
		}
	}
	p.rest(start, angles)
}

// colon ends the name of a group; elsewhere it separates.
func (p *parser) colon(start, angles int) {
	before := p.tokens[start:p.pos]
	switch {
	case angles == 0 && len(before) > 0 && before[0].kind == '@':
		p.defects.Add("source route")
	case angles > 0 || has(before, '@'):
		p.defects.Add("colon in an address")
		p.rest(start, angles)
	default:
		if p.inGroup {
			p.defects.Add("group within a group")
		}
		if p.group, p.inGroup = p.phrase(before), true; strings.ContainsAny(p.group, atSigns) {
			p.defects.Add("group name that looks like an address")
		}
	}
	p.pos++
}

func has(tokens []token, kind byte) bool {
	return slices.ContainsFunc(tokens, func(t token) bool { return t.kind == kind })
}

// angle gives what is between the < at pos and its >, and where to go on. Without a > it ends at a comma or semicolon.
func (p *parser) angle() (content []token, next int) {
	start := p.pos + 1
	cut := -1
	for i := start; i < len(p.tokens); i++ {
		switch k := p.tokens[i].kind; {
		case k == '>':
			return p.tokens[start:i], i + 1
		case k == '<':
			p.defects.Add("bracket without its end")
			if cut < 0 {
				cut = i
			}
			return p.tokens[start:cut], cut
		case (k == ',' || k == ';') && cut < 0:
			cut = i
		}
	}
	p.defects.Add("bracket without its end")
	if cut < 0 {
		cut = len(p.tokens)
	}
	return p.tokens[start:cut], cut
}

// mailbox reads a name and what is between < and >.
func (p *parser) mailbox(name, content []token) {
	if has(name, '@') {
		p.defects.Add("at-sign in a name without quotes")
	}
	shown := p.phrase(name)
	if shown == "" {
		shown = p.lastComment(content)
	}
	if shown == "" {
		shown = p.lastComment(name)
	}
	if i := slices.IndexFunc(content, func(t token) bool { return t.kind != comment }); i >= 0 && content[i].kind == '@' {
		if colon := slices.IndexFunc(content, func(t token) bool { return t.kind == ':' }); colon >= 0 {
			p.defects.Add("source route")
			content = content[colon+1:]
		}
	}
	chunks := p.chunks(content)
	if len(chunks) > 1 {
		p.defects.Add("more than one address between brackets")
	}
	if len(chunks) == 0 {
		p.defects.Add("empty address")
		p.add(Address{Name: shown})
	}
	for _, c := range chunks {
		a := p.address(c)
		a.Name = shown
		p.add(a)
	}
}

// rest reads what is left of an element: all of it if there were no brackets.
func (p *parser) rest(start, angles int) {
	tokens := p.tokens[start:p.pos]
	if angles == 0 {
		p.bare(tokens)
		return
	}
	if slices.ContainsFunc(tokens, func(t token) bool { return t.kind != comment }) {
		p.defects.Add("text behind an address")
		if has(tokens, '@') {
			p.bare(tokens)
		}
		return
	}
	if last := &p.list[len(p.list)-1]; last.Name == "" {
		last.Name = p.lastComment(tokens)
		p.checkName(*last)
	}
}

// bare reads addresses without brackets.
func (p *parser) bare(tokens []token) {
	chunks := p.chunks(tokens)
	var found []Address
	nameEnd := 0
	for i, c := range chunks {
		if has(c, '@') {
			found = append(found, p.address(c))
		} else if len(found) == 0 {
			nameEnd = i + 1
		} else {
			p.defects.Add("text behind an address")
		}
	}
	name := p.phrase(slices.Concat(chunks[:nameEnd]...))
	switch {
	case len(chunks) == 0:
		return // a comment may stand alone, as behind a group
	case len(found) == 0 && len(chunks) == 1 && len(chunks[0]) == 1 && chunks[0][0].kind == word:
		found, name = []Address{p.address(chunks[0])}, ""
	case len(found) == 0:
		p.defects.Add("name without an address")
		found = []Address{{}}
	case len(found) > 1:
		p.defects.Add("two addresses without a comma")
	}
	if name != "" && found[0].Address != "" {
		p.defects.Add("address without brackets behind a name")
	}
	if name == "" {
		name = p.lastComment(tokens)
	}
	for i, a := range found {
		if i == 0 {
			a.Name = name
		}
		p.add(a)
	}
}

func (p *parser) add(a Address) {
	if len(p.list) >= mostAddresses {
		p.defects.Add("more than 10000 addresses: the rest is not read")
		p.full = true
		return
	}
	a.Group = p.group
	p.list = append(p.list, a)
	p.checkName(a)
}

// atSigns are the at-sign and two that look like it.
const atSigns = "@\uFF20\uFE6B"

// checkName finds the oldest trick: a name that is shown as if it were the address.
func (p *parser) checkName(a Address) {
	name := strings.Trim(a.Name, `"' `)
	if strings.ContainsAny(name, atSigns) && !strings.EqualFold(name, a.Address) {
		p.defects.Add("name that looks like an address")
	}
}
