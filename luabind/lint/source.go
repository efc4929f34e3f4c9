package lint

import (
	"sort"

	"github.com/yuin/gopher-lua/ast"

	"luamilter/luabind"
	"luamilter/luabind/guard"
)

// source is one file, read into lists.
type source struct {
	name   string
	chunk  *guard.Chunk
	tokens []token
	lines  []place // where each line that is not empty begins

	places map[ast.Expr]place
	owners map[*ast.IdentExpr]*local // nil for a global
	main   *function                 // the file itself
	bodies map[*ast.FunctionExpr]*function

	locals   []*local
	names    []name
	calls    []call
	fields   []field
	tests    []ast.Expr // that are looked at for whether they are there
	computed []ast.Expr // objects of which a field is assigned whose name is computed
	returns  []result
	dropped  []call // whose results nobody takes
	targets  []target
}

// function is one function of a file, or the file itself.
type function struct {
	source   *source
	parent   *function        // nil for the file
	callback luabind.Callback // that it is; OnLoad also where isCallback is false
	is       bool             // it is a callback

	callers []*function
	stages  stages
	results []ast.Expr // the first of each return statement with a value
}

// local is a local variable or a parameter.
type local struct {
	name     string
	at       place
	declared bool // by a local statement; not a parameter, nor the variable of a loop
	reads    int
	writes   int // besides the declaration
	given    int // reads that are no call of it
	hooked   int // of these, assignments to the global of a callback
	value    ast.Expr
	of       *function // that it is a parameter of
	first    bool      // the first one
}

// use is what is done with a name.
type use int

const (
	useRead use = iota
	useCall
	useAssign
	useIndex // a field of it is read, called or assigned
)

// name is one appearance of a global.
type name struct {
	text string
	at   place
	in   *function
	use  use
}

// call is one function call.
type call struct {
	expr *ast.FuncCallExpr
	at   place
	in   *function
}

// field is one appearance of `object.name`.
type field struct {
	expr *ast.AttrGetExpr
	name string
	at   place // of the object
	in   *function
	use  use
}

// result is one return statement with a value.
type result struct {
	value ast.Expr // the first one
	at    place
	in    *function
}

// target is the function that an assignment gives a global name.
type target struct {
	name  string
	value ast.Expr
}

// readSource reads a file. The error is a *guard.Error.
func readSource(path string, src []byte) (*source, error) {
	chunk, err := guard.Compile(path, src) // also bounds the depth of the tree
	if err != nil {
		return nil, err
	}
	stmts, err := guard.Parse(path, src)
	if err != nil {
		return nil, err
	}
	s := &source{
		name: path, chunk: chunk, places: map[ast.Expr]place{},
		owners: map[*ast.IdentExpr]*local{}, bodies: map[*ast.FunctionExpr]*function{},
	}
	s.main = &function{source: s}
	s.tokens, s.lines = tokens(src)
	r := reader{source: s, cursor: cursor{list: s.tokens}, fn: s.main}
	r.block(stmts)
	return s, nil
}

// wordAt is where a word stands in a line; without one, or where it is not found, where the line begins.
func (s *source) wordAt(line int, word string) place {
	first := sort.Search(len(s.tokens), func(i int) bool { return s.tokens[i].at.line >= line })
	for _, t := range s.tokens[first:] {
		if t.at.line != line || word == "" {
			break
		}
		if t.text == word {
			return t.at
		}
	}
	first = sort.Search(len(s.lines), func(i int) bool { return s.lines[i].line >= line })
	if first < len(s.lines) && s.lines[first].line == line {
		return s.lines[first]
	}
	return place{line, 1}
}

// at is the place of an expression: that of its first token.
func (s *source) at(e ast.Expr) place {
	for {
		if p, ok := s.places[e]; ok {
			return p
		}
		switch x := e.(type) {
		case *ast.AttrGetExpr:
			e = x.Object
		case *ast.FuncCallExpr:
			e = x.Func
			if x.Func == nil {
				e = x.Receiver
			}
		case *ast.LogicalOpExpr:
			e = x.Lhs
		case *ast.RelationalOpExpr:
			e = x.Lhs
		case *ast.StringConcatOpExpr:
			e = x.Lhs
		case *ast.ArithmeticOpExpr:
			e = x.Lhs
		case *ast.UnaryMinusOpExpr:
			e = x.Expr
		case *ast.UnaryNotOpExpr:
			e = x.Expr
		case *ast.UnaryLenOpExpr:
			e = x.Expr
		default:
			return place{line: e.Line()}
		}
	}
}
