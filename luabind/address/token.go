package address

import (
	"strings"

	"luamilter/luabind/header"
)

// Kinds of tokens; the specials < > , ; : @ are their own kind.
const (
	word    = 'w' // atoms and dots, or an encoded word
	quoted  = '"' // with its quotes
	comment = '('
	literal = '['
)

// token is s[start:end]; 32 bits are enough for mostBytes.
type token struct {
	start, end int32
	kind       byte
}

// lexer splits a value into tokens. White space is none: it shows as a gap between two.
type lexer struct {
	s       string
	defects *header.Defects
	tokens  []token
	// A quote or parenthesis without its end is skipped, and so are all behind it: looking for an end each time would
	// take quadratic time, and taking the rest as text would hide the addresses in it.
	noQuotes, noComments bool
}

const specials = "<>,;:@"

func (l *lexer) run() {
	for i := 0; i < len(l.s); {
		c := l.s[i]
		switch {
		case c == ' ' || c == '\t':
			i++
		case c == '\r' || c == '\n':
			l.defects.Add("line break that is no folding")
			i++
		case strings.IndexByte(specials, c) >= 0:
			i = l.add(c, i, i+1)
		case c == '"':
			i = l.quote(i)
		case c == '(':
			i = l.comment(i)
		case c == ')':
			l.defects.Add("parenthesis without its start")
			i++
		case c == '[':
			i = l.literal(i)
		default:
			i = l.add(word, i, l.wordEnd(i))
		}
	}
}

func (l *lexer) add(kind byte, start, end int) int {
	l.tokens = append(l.tokens, token{int32(start), int32(end), kind})
	return end
}

func (l *lexer) quote(start int) int {
	if !l.noQuotes {
		for i := start + 1; i < len(l.s); i++ {
			switch l.s[i] {
			case '\\':
				i++
			case '"':
				return l.add(quoted, start, i+1)
			}
		}
		l.noQuotes = true
	}
	l.defects.Add("quote without its end")
	return start + 1
}

func (l *lexer) comment(start int) int {
	depth := 0
	for i := start; i < len(l.s) && !l.noComments; i++ {
		switch l.s[i] {
		case '\\':
			i++
		case '(':
			depth++
		case ')':
			if depth--; depth == 0 {
				if strings.IndexByte(l.s[start:i], '@') >= 0 {
					l.defects.Add("comment that looks like an address")
				}
				return l.add(comment, start, i+1)
			}
		}
	}
	l.noComments = true
	l.defects.Add("comment without its end")
	return start + 1
}

// longestLiteral is above any IPv6 address in brackets.
const longestLiteral = 100

// literal reads [192.0.2.1]; other brackets, as in "[list] Bob", are words.
func (l *lexer) literal(start int) int {
	for i := start + 1; i < min(len(l.s), start+longestLiteral); i++ {
		switch c := l.s[i]; {
		case c == ']':
			return l.add(literal, start, i+1)
		case c <= ' ' || strings.IndexByte(`<>,;@"()[`, c) >= 0:
			return l.add(word, start, l.wordEnd(start+1))
		}
	}
	return l.add(word, start, l.wordEnd(start+1))
}

// wordEnd is where the word that begins at s[start] ends.
func (l *lexer) wordEnd(start int) int {
	i := start
	for i < len(l.s) && strings.IndexByte(" \t\r\n\"()["+specials, l.s[i]) < 0 {
		switch l.s[i] {
		case 0:
			l.defects.Add("NUL outside of quotes")
		case '\\':
			l.defects.Add("backslash outside of quotes")
		case '=':
			if end := l.encodedWord(i); end > 0 {
				i = end
				continue
			}
		}
		i++
	}
	return i
}

// encodedWord is where the encoded word at s[start] ends; 0 if there is none. Programs put commas and the like into one
// without encoding them, and others then see several addresses.
func (l *lexer) encodedWord(start int) int {
	marks := [4]int{} // the first three question marks, and the one of the end
	spaces, special, address := false, false, false
	n := 0
	for i := start + 1; i < len(l.s) && n < 4; i++ {
		switch c := l.s[i]; {
		case c == '?':
			marks[n] = i
			n++
		case n == 0 || n < 3 && (c <= ' ' || strings.IndexByte(specials+`"()[]`, c) >= 0):
			return 0
		case c == ' ' || c == '\t':
			spaces = true
		case c == '<' || c == '>' || c == '@' || c == '"':
			special, address = true, true
		case strings.IndexByte(",;:()[]", c) >= 0:
			special = true
		}
	}
	end := marks[3] + 2
	if n < 4 || marks[2] != marks[1]+2 || end > len(l.s) || l.s[end-1] != '=' || spaces && address {
		return 0
	}
	if special {
		l.defects.Add("encoded word with a comma or another special character that is not encoded")
	}
	return end
}

func (t token) text(s string) string { return s[t.start:t.end] }

// content is the text of a quoted string or comment, without its ends and backslashes.
func (t token) content(s string) string {
	s = s[t.start+1 : t.end-1]
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	out := make([]byte, 0, len(s))
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) {
			i++
		}
		out = append(out, s[i])
	}
	return string(out)
}
