package docs

import "strings"

// glyph is one character of a text, which takes one column: the pages have no others.
type glyph struct {
	r    rune
	bold bool
}

// text is what stands in a paragraph or a cell.
type text []glyph

func (t *text) add(s string, bold bool) {
	for _, r := range s {
		if r == '\n' {
			r = ' '
		}
		*t = append(*t, glyph{r, bold})
	}
}

// words are the parts between spaces.
func (t text) words() (list []text) {
	var word text
	for _, g := range t {
		if g.r != ' ' {
			word = append(word, g)
		} else if word != nil {
			list, word = append(list, word), nil
		}
	}
	if word != nil {
		list = append(list, word)
	}
	return list
}

// wrap breaks a text into lines of at most width columns; a longer word stays whole.
func (t text) wrap(width int) (lines []text) {
	var line text
	for _, word := range t.words() {
		switch {
		case line == nil:
		case len(line)+1+len(word) > width:
			lines, line = append(lines, line), nil
		default:
			// Bold goes on over a space between bold words.
			line = append(line, glyph{' ', line[len(line)-1].bold && word[0].bold})
		}
		line = append(line, word...)
	}
	if line != nil {
		lines = append(lines, line)
	}
	return lines
}

// ANSI's orders for bold and plain (ECMA-48, SGR).
const (
	boldOn  = "\x1b[1m"
	boldOff = "\x1b[0m"
)

// render gives the characters; bold only if styled.
func (t text) render(styled bool) string {
	var b strings.Builder
	bold := false
	for _, g := range t {
		if styled && g.bold != bold {
			bold = g.bold
			if bold {
				b.WriteString(boldOn)
			} else {
				b.WriteString(boldOff)
			}
		}
		b.WriteRune(g.r)
	}
	if bold {
		b.WriteString(boldOff)
	}
	return b.String()
}
