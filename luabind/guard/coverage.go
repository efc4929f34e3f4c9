package guard

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"sync"

	lua "github.com/yuin/gopher-lua"
	"github.com/yuin/gopher-lua/ast"
)

// hiddenCount is the global function that counts a statement. Its frame is the one thing that counting takes of a script:
// recursion ends one call earlier.
const hiddenCount = "(count)"

// Coverage counts how often each statement of the files that a Compiler with it has compiled runs, in all states that have it
// among their Options. A file that is compiled again goes on with its counts unless it has changed. Many goroutines may use
// it. What a script compiles itself (load) is not counted.
type Coverage struct {
	mu     sync.Mutex
	files  map[string]*countedFile
	counts []uint64 // by number of the statement, from 1 on: lua.Compile v1.1.2 takes the constants 0 and -0 for one
}

// countedFile is a file with the statements that are counted.
type countedFile struct {
	src   []byte
	first int   // number of its first statement
	lines []int // where each begins; nil if the file has no room for the counting
}

// FileCoverage is how often the lines of a file ran. Lines on which no statement begins are not among them.
type FileCoverage struct {
	Name   string
	Source []byte
	Lines  []LineCoverage // none if the file uses so many registers that its statements can't be counted
}

// LineCoverage is one line on which a statement begins.
type LineCoverage struct {
	Line  int
	Count uint64 // of its first statement
	Part  bool   // another statement on it did not run
}

// add makes a file known and gives the number of its first statement.
func (c *Coverage) add(name string, src []byte, lines []int) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	if f := c.files[name]; f != nil && bytes.Equal(f.src, src) && (f.lines == nil || slices.Equal(f.lines, lines)) {
		return f.first
	}
	if c.files == nil {
		c.files, c.counts = map[string]*countedFile{}, make([]uint64, 1)
	}
	first := len(c.counts)
	c.files[name] = &countedFile{bytes.Clone(src), first, lines}
	c.counts = append(c.counts, make([]uint64, len(lines))...)
	return first
}

// leaveOut notes that the statements of a file can't be counted.
func (c *Coverage) leaveOut(name string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.files[name].lines = nil
}

// count is the hidden global function.
func (c *Coverage) count(L *lua.LState) int {
	n := int(L.Get(1).(lua.LNumber))
	c.mu.Lock()
	c.counts[n]++
	c.mu.Unlock()
	return 0
}

// Files are what was counted so far, by name.
func (c *Coverage) Files() []FileCoverage {
	c.mu.Lock()
	defer c.mu.Unlock()
	var files []FileCoverage
	for name, f := range c.files {
		files = append(files, FileCoverage{name, f.src, f.coverage(c.counts)})
	}
	slices.SortFunc(files, func(a, b FileCoverage) int { return strings.Compare(a.Name, b.Name) })
	return files
}

func (f *countedFile) coverage(counts []uint64) []LineCoverage {
	var lines []LineCoverage
	at := map[int]int{} // line: its place in lines
	for i, line := range f.lines {
		n := counts[f.first+i]
		place, known := at[line]
		if !known {
			at[line] = len(lines)
			lines = append(lines, LineCoverage{Line: line, Count: n})
		} else if n == 0 && lines[place].Count > 0 {
			lines[place].Part = true
		}
	}
	slices.SortFunc(lines, func(a, b LineCoverage) int { return a.Line - b.Line })
	return lines
}

// Covered is how many of the lines ran, of how many.
func (f *FileCoverage) Covered() (ran, all int) {
	for _, l := range f.Lines {
		if l.Count > 0 {
			ran++
		}
	}
	return ran, len(f.Lines)
}

// counter puts a call of the hidden function in front of each statement of a file, while it is rewritten.
type counter struct {
	lines []int
	calls []*ast.NumberExpr // its argument in each, which is known when the file is
}

// mark gives the call that goes in front of s, or nil for a label: goto looks at what is behind one.
func (c *counter) mark(s ast.Stmt) ast.Stmt {
	if _, ok := s.(*ast.LabelStmt); ok || c == nil {
		return nil
	}
	number := at(&ast.NumberExpr{}, s)
	c.lines = append(c.lines, s.Line())
	c.calls = append(c.calls, number)
	call := at(&ast.FuncCallExpr{Func: at(&ast.IdentExpr{Value: hiddenCount}, s), Args: []ast.Expr{number}}, s)
	return at(&ast.FuncCallStmt{Expr: call}, s)
}

// number makes the calls count from first on.
func (c *counter) number(first int) {
	for i, call := range c.calls {
		call.Value = strconv.Itoa(first + i)
	}
}
