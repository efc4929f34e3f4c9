package guard

import (
	"bytes"
	"errors"
	"fmt"
	"strings"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"
	"github.com/yuin/gopher-lua/parse"
)

const (
	// maxSource bounds a file: the parser takes some 250 bytes for each open parenthesis.
	maxSource = 2 << 20
	// maxLevels bounds the nesting of the syntax tree, which is walked recursively here and in lua.Compile.
	maxLevels = 2000
	// maxOperand is what a bytecode instruction can count of constants and functions (opMaxArgBx of gopher-lua).
	maxOperand = 1<<18 - 1
	// maxUpvalues is what FunctionProto.NumUpvalues can count; past it gopher-lua wraps around silently.
	maxUpvalues = 255
)

// Error is what is wrong with a script, and where.
type Error struct {
	File    string
	Line    int
	Column  int // in bytes, from 1; 0 where it is not known
	Message string
}

// Error gives "file:line: message".
func (e *Error) Error() string { return fmt.Sprintf("%s:%d: %s", e.File, e.Line, e.Message) }

// UseKind says what a script does with a global name.
type UseKind int

// The kinds of use.
const (
	UseRead      UseKind = iota // the value is read
	UseCall                     // called, and the result is used
	UseStatement                // called as a statement: the result is dropped
	UseAssign                   // assigned, also by `function name() end`
)

// Use is one appearance of a global name; a local of the same name is not one.
type Use struct {
	Name   string
	Line   int
	Kind   UseKind
	Args   int  // number of arguments of a call; -1 where it is not fixed (the last one is a call or ...)
	Nested bool // inside a function
}

// LocalWrite is an assignment, in a function, to a local of the file: state that outlives the call.
type LocalWrite struct {
	Name string
	Line int
}

// Chunk is a compiled file. It is immutable and shared by all states.
type Chunk struct {
	Name   string
	Proto  *lua.FunctionProto
	Uses   []Use        // in the order of the source
	Writes []LocalWrite // in the order of the source

	locals    int // of the file itself
	forgetful []*lua.FunctionProto
}

// Compile parses, rewrites and compiles one Lua file. name stands in messages and tracebacks. constants are global names
// that the host has set for good before the file runs: its functions find them faster. The error is an *Error.
func Compile(name string, src []byte, constants ...string) (*Chunk, error) {
	return Compiler{}.Compile(name, src, constants...)
}

// Compiler compiles files in a way that tests need.
type Compiler struct {
	Coverage *Coverage // counts the statements that run; nil: nothing is counted
	Settings Settings
	depth    int // functions that the source is taken to stand in
}

// Compile is the function Compile.
func (c Compiler) Compile(name string, src []byte, constants ...string) (*Chunk, error) {
	if len(src) > maxSource {
		return nil, tooLarge(name, src)
	}
	return c.compile(name, src, constants...)
}

func tooLarge(name string, src []byte) *Error {
	return &Error{File: name, Line: 1, Message: fmt.Sprintf("file too large (%d bytes; at most %d)", len(src), maxSource)}
}

func (c Compiler) compile(name string, src []byte, constants ...string) (chunk *Chunk, err error) {
	defer func() {
		// The parser and compiler of gopher-lua panic on some malformed input.
		if r := recover(); r != nil {
			chunk, err = nil, syntaxError(name, src, r)
		}
	}()
	if bytes.HasPrefix(src, []byte("\x1bLua")) {
		return nil, &Error{File: name, Line: 1, Message: "precompiled Lua is not allowed"}
	}
	stmts, err := parse.Parse(bytes.NewReader(Text(src)), name)
	if err != nil {
		return nil, syntaxError(name, src, err)
	}
	if err := c.Settings.apply(name, stmts); err != nil {
		return nil, err
	}
	chunk = &Chunk{Name: name}
	rw := rewriter{chunk: chunk, depth: c.depth}
	if c.Coverage != nil {
		rw.counter = new(counter)
	}
	functions := globalFunctions(stmts) // whose names the rewriter changes
	stmts = rw.file(stmts)
	if rw.err != nil {
		return nil, rw.err
	}
	if c.Coverage != nil {
		rw.counter.number(c.Coverage.add(name, src, rw.counter.lines))
	}
	captured := chunk.captured(constants)
	chunk.Proto, err = lua.Compile(append(captured, stmts...), name)
	switch { // the file may need the registers itself
	case err != nil && captured != nil:
		return c.compile(name, src)
	case err != nil && c.Coverage != nil:
		c.Coverage.leaveOut(name)
		c.Coverage = nil
		return c.compile(name, src)
	case err != nil:
		return nil, syntaxError(name, src, err)
	}
	if err := finish(name, chunk.Proto); err != nil {
		return nil, err
	}
	chunk.findForgetful(functions)
	return chunk, nil
}

// captureMost is how many locals a file may have for the constants to become some more; 200 are too many.
const captureMost = 100

// captured is the statement `local a, b = a, b` for those of the names that functions of the file read and nothing in it
// assigns: a function then has them as upvalues, which costs a quarter of a look at the globals.
func (c *Chunk) captured(names []string) []ast.Stmt {
	if c.locals > captureMost {
		return nil
	}
	local := &ast.LocalAssignStmt{}
	for _, name := range names {
		read, assigned := false, false
		for _, u := range c.Uses {
			if u.Name == name {
				read = read || u.Nested && u.Kind != UseAssign
				assigned = assigned || u.Kind == UseAssign
			}
		}
		if read && !assigned {
			local.Names = append(local.Names, name)
			local.Exprs = append(local.Exprs, &ast.IdentExpr{Value: name})
		}
	}
	if len(local.Names) == 0 {
		return nil
	}
	return []ast.Stmt{local}
}

// Parse gives the syntax tree of a file that Compile takes, as it was written. The error is an *Error.
func Parse(name string, src []byte) (stmts []ast.Stmt, err error) {
	defer func() {
		if r := recover(); r != nil {
			stmts, err = nil, syntaxError(name, src, r)
		}
	}()
	stmts, err = parse.Parse(bytes.NewReader(Text(src)), name)
	if err != nil {
		return nil, syntaxError(name, src, err)
	}
	return stmts, nil
}

// Text is a file as the parser sees it: a first line that begins with # becomes a comment, as for the lua command.
func Text(src []byte) []byte {
	src = bytes.TrimPrefix(src, []byte("\xef\xbb\xbf"))
	if bytes.HasPrefix(src, []byte("#")) {
		return append([]byte("--"), src...)
	}
	return src
}

func syntaxError(name string, src []byte, cause any) *Error {
	e := &Error{File: name, Line: 1, Message: fmt.Sprint(cause)}
	lastLine := 1 + bytes.Count(src, []byte("\n"))
	err, _ := cause.(error)
	var p *parse.Error
	var c *lua.CompileError
	switch {
	case errors.As(err, &p):
		e.Line, e.Message = p.Pos.Line, strings.TrimSpace(p.Message)
		if p.Pos.Line == parse.EOF {
			e.Line, e.Message = lastLine, e.Message+" near end of file"
		} else {
			e.Column = max(p.Pos.Column-len(p.Token)+1, 1) // the scanner stands at the end of the token
			e.Message = fmt.Sprintf("%s near '%s'", e.Message, strings.TrimSpace(p.Token))
		}
	case errors.As(err, &c):
		e.Line, e.Message = c.Line, c.Message
	}
	if e.Line < 1 {
		e.Line = 1
	}
	return e
}

const opShift = 26 // where gopher-lua keeps the opcode in an instruction

// finish turns tail calls into calls (same operands, all results), so that endless tail recursion meets the limit of
// the call stack, and checks what lua.Compile does not.
func finish(name string, p *lua.FunctionProto) *Error {
	if len(p.DbgUpvalues) > maxUpvalues {
		return &Error{File: name, Line: p.LineDefined, Message: fmt.Sprintf("function uses more than %d outer locals", maxUpvalues)}
	}
	if len(p.Constants) > maxOperand || len(p.FunctionPrototypes) > maxOperand {
		return &Error{File: name, Line: max(p.LineDefined, 1), Message: "function or table too large"}
	}
	for pc, inst := range p.Code {
		if int(inst>>opShift) == lua.OP_TAILCALL {
			p.Code[pc] = uint32(lua.OP_CALL)<<opShift | inst&(1<<opShift-1)
		}
	}
	for _, child := range p.FunctionPrototypes {
		if err := finish(name, child); err != nil {
			return err
		}
	}
	return nil
}

// at gives a made node the place of the node that it stands for.
func at[T ast.PositionHolder](node T, place ast.PositionHolder) T {
	node.SetLine(place.Line())
	node.SetLastLine(place.LastLine())
	return node
}
