package main

import (
	"fmt"
	"strings"
)

// roff builds a page in the macros of man(7).
type roff struct {
	strings.Builder
	heading bool // the last line is one; a paragraph after it needs no beginning
}

// roffWidth is how long lines of text are in the source; some readers warn of longer ones.
const roffWidth = 78

// roffReplacer escapes what roff would read as its own, and what it would set as another character than the one that is
// typed.
var roffReplacer = strings.NewReplacer(
	`\`, `\e`, `-`, `\-`, `'`, `\(aq`, "`", `\(ga`, `^`, `\(ha`, `~`, `\(ti`, `"`, `\(dq`)

// request writes a line with a macro.
func (r *roff) request(name string, args ...string) {
	r.heading = name == "SH" || name == "SS"
	r.WriteString("." + name)
	for _, arg := range args {
		fmt.Fprintf(r, ` "%s"`, roffReplacer.Replace(arg))
	}
	r.WriteString("\n")
}

// text writes words that are filled.
func (r *roff) text(s string) {
	line := ""
	for _, word := range strings.Fields(roffReplacer.Replace(s)) {
		if line != "" && len(line)+1+len(word) > roffWidth {
			r.line(line)
			line = word
			continue
		}
		line = strings.TrimPrefix(line+" "+word, " ")
	}
	if line != "" {
		r.line(line)
	}
}

// literal writes lines as they are.
func (r *roff) literal(lines []string) {
	r.WriteString(".nf\n")
	for _, line := range lines {
		r.line(roffReplacer.Replace(line))
	}
	r.WriteString(".fi\n")
}

// line writes an escaped line, whose first character is no request.
func (r *roff) line(s string) {
	if strings.HasPrefix(s, ".") {
		s = `\&` + s
	}
	r.WriteString(s + "\n")
}

// item begins an item of a list: a flag in bold and the name of its value in italics.
func (r *roff) item(flag, value string) {
	r.WriteString(".TP\n\\fB" + roffReplacer.Replace(flag) + "\\fR")
	if value != "" {
		r.WriteString(" \\fI" + roffReplacer.Replace(value) + "\\fR")
	}
	r.WriteString("\n")
}

// help writes a help text: paragraphs with an empty line between them, of which those that are indented are literal, and
// lines in capitals, which are headings.
func (r *roff) help(s string) {
	for _, paragraph := range strings.Split(s, "\n\n") {
		paragraph = strings.Trim(paragraph, "\n")
		if paragraph == "" {
			continue
		}
		if isHeading(paragraph) {
			r.request("SH", paragraph)
			continue
		}
		if !r.heading {
			r.request("PP")
		}
		r.heading = false
		r.paragraph(strings.Split(paragraph, "\n"))
	}
}

// paragraph writes lines of which some may be literal.
func (r *roff) paragraph(lines []string) {
	for len(lines) > 0 {
		n := 1
		for n < len(lines) && isLiteral(lines[n]) == isLiteral(lines[0]) {
			n++
		}
		if isLiteral(lines[0]) {
			r.literal(lines[:n])
		} else {
			r.text(strings.Join(lines[:n], " "))
		}
		lines = lines[n:]
	}
}

func isLiteral(line string) bool { return strings.HasPrefix(line, "  ") }

// isHeading reports whether a paragraph is a line in capitals, without a mark at its end.
func isHeading(s string) bool {
	return !strings.ContainsAny(s, "\n.:") && s == strings.ToUpper(s)
}
