package lint

import (
	"bytes"

	"github.com/yuin/gopher-lua/parse"

	"luamilter/luabind/guard"
)

// place is where something begins: line and column from 1, the column in bytes. The zero place is not known.
type place struct{ line, column int }

// token is one that has a node of its own in the syntax tree, or a name in one. The tree itself knows only lines.
type token struct {
	kind int
	text string
	at   place
}

// tokenKinds are the tokens that tokens keeps.
var tokenKinds = map[int]bool{
	parse.TIdent: true, parse.TString: true, parse.TNumber: true, parse.T3Comma: true,
	parse.TNil: true, parse.TTrue: true, parse.TFalse: true, parse.TReturn: true, '{': true,
}

// tokens lists those of a file that have a node, in order, and where each line begins.
func tokens(src []byte) (list []token, starts []place) {
	scan(src, func(t token) {
		if len(starts) == 0 || starts[len(starts)-1].line != t.at.line {
			starts = append(starts, t.at)
		}
		if tokenKinds[t.kind] {
			list = append(list, t)
		}
	})
	return list, starts
}

// scan gives each token of a file, up to the first that is none.
func scan(src []byte, yield func(token)) {
	scanner := parse.NewScanner(bytes.NewReader(guard.Text(src)), "")
	for {
		t, err := scanner.Scan(&parse.Lexer{})
		if err != nil || t.Type == parse.EOF {
			return
		}
		yield(token{t.Type, t.Str, place{t.Pos.Line, t.Pos.Column}})
	}
}

// tokenAt is where the token begins that has a place in it; the line's first one where none has.
func tokenAt(src []byte, in place) place {
	found := place{in.line, 1}
	scan(src, func(t token) {
		if t.at.line == in.line && (t.at.column <= in.column || found.column == 1) {
			found = t.at
		}
	})
	return found
}

// ahead is how many tokens at most are passed over in search of one. Reading the tree in the order of the source finds each
// at once; the rest is for constructs of a later parser.
const ahead = 32

// cursor gives the tokens of a file their places, as the tree is read in the order of the source.
type cursor struct {
	list []token
	next int
}

// take finds the next token of one of the kinds with that text; any text for "". Where there is none the place has no column.
func (c *cursor) take(line int, text string, kinds ...int) place {
	for i := c.next; i < len(c.list) && i < c.next+ahead; i++ {
		t := c.list[i]
		for _, kind := range kinds {
			if t.kind == kind && (text == "" || t.text == text) {
				c.next = i + 1
				return t.at
			}
		}
	}
	return place{line: line}
}
