package header

import "strings"

// quoted reads a value in quotes (RFC 5322 3.2.4).
func (r *paramReader) quoted(name string) {
	start := r.pos + 1
	end, odd := start, false
	for end < len(r.s) && r.s[end] != '"' {
		if r.s[end] == '\\' && end+1 < len(r.s) {
			end++
			odd = odd || r.s[end] != '\\' && r.s[end] != '"'
		}
		end++
	}
	inner := r.s[start:end]
	if end >= len(r.s) {
		r.unclosed(name, inner)
		return
	}
	value, others := unescape(inner), []string(nil)
	if odd {
		r.defects.Add("backslash in a quoted value that programs read in two ways")
		others = append(others, strings.NewReplacer(`\\`, `\`, `\"`, `"`).Replace(inner))
	}
	r.pos = end + 1
	start = r.pos
	r.run("; \t\r\n(")
	if rest := r.s[start:r.pos]; rest != "" {
		r.defects.Add("text behind a quoted value")
		others = append(others, value+rest)
	}
	r.add(name, value, others...)
}

// unclosed reads a value whose quote has no end: to the next semicolon, or all there is.
func (r *paramReader) unclosed(name, inner string) {
	r.defects.Add("quote without its end")
	all := unescape(inner)
	i := strings.IndexByte(inner, ';')
	if i < 0 || r.open {
		r.pos = len(r.s)
		r.add(name, all)
		return
	}
	r.open = true // once is enough: each time costs the rest of the value
	r.pos += 1 + i
	r.add(name, unescape(strings.TrimRight(inner[:i], " \t\r\n")), all)
}

// unescape undoes quoted pairs (RFC 5322 3.2.1).
func unescape(s string) string {
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

// unquoted reads a value without quotes: a token, but often a file name with spaces or parentheses.
func (r *paramReader) unquoted(name string) {
	start := r.pos
	end, strict := r.pos, -1 // strict is where the value ends if a comment follows at once
	for r.pos < len(r.s) && r.s[r.pos] != ';' {
		switch c := r.s[r.pos]; {
		case c == ' ' || c == '\t' || c == '\r' || c == '\n':
			r.skip("")
			if r.pos == len(r.s) || r.s[r.pos] == ';' || r.startsParam(r.pos) {
				r.add(name, r.s[start:end])
				return
			}
			r.defects.Add("white space in a value without quotes")
			continue
		case c == '(' && r.comments:
			if strict = r.pos; !r.comment() {
				strict = -1
				r.pos++
			}
			r.defects.Add("parenthesis in a value without quotes")
		case c == '"':
			r.defects.Add("quote inside a value")
			r.pos++
		default:
			r.pos++
		}
		if end = r.pos; strict >= 0 && r.s[end-1] != ')' {
			strict = -1
		}
	}
	value := r.s[start:end]
	if strict > start {
		r.defects.Add("comment that is not set apart")
		r.add(name, r.s[start:strict], value)
		return
	}
	r.add(name, value)
}
