package guard

import "github.com/yuin/gopher-lua/ast"

// function is one function of the source while it is walked; blocks are its open blocks, innermost last.
type function struct {
	parent *function
	depth  int // 0: the file itself
	blocks []map[string]bool
}

func (f *function) declare(names ...string) {
	block := f.blocks[len(f.blocks)-1]
	if block == nil {
		block = make(map[string]bool)
		f.blocks[len(f.blocks)-1] = block
	}
	for _, name := range names {
		block[name] = true
	}
}

func (f *function) holds(name string) bool {
	for _, block := range f.blocks {
		if block[name] {
			return true
		}
	}
	return false
}

func (f *function) open()  { f.blocks = append(f.blocks, nil) }
func (f *function) close() { f.blocks = f.blocks[:len(f.blocks)-1] }

// owner is the function that holds the local that a name means; nil for a global.
func (f *function) owner(name string) *function {
	for ; f != nil; f = f.parent {
		if f.holds(name) {
			return f
		}
	}
	return nil
}

func (rw *rewriter) global(id *ast.IdentExpr) bool { return rw.fn.owner(id.Value) == nil }

func (rw *rewriter) use(id *ast.IdentExpr, kind UseKind, args int) {
	rw.chunk.Uses = append(rw.chunk.Uses, Use{
		Name: id.Value, Line: id.Line(), Kind: kind, Args: args, Nested: rw.fn.depth+rw.depth > 0,
	})
}

// assigned notes the target of an assignment and gives what stands in its place.
func (rw *rewriter) assigned(target ast.Expr) ast.Expr {
	id, ok := target.(*ast.IdentExpr)
	if !ok {
		return rw.expr(target)
	}
	owner := rw.fn.owner(id.Value)
	switch {
	case owner == nil:
		rw.use(id, UseAssign, 0)
		return globalField(id)
	case owner.depth == 0 && owner != rw.fn:
		rw.chunk.Writes = append(rw.chunk.Writes, LocalWrite{Name: id.Value, Line: id.Line()})
	}
	return id
}

// fixedArgs is the number of arguments, or -1 where the last one gives a varying number of values.
func fixedArgs(args []ast.Expr) int {
	if len(args) > 0 && manyValues(args[len(args)-1]) {
		return -1
	}
	return len(args)
}

// manyValues says whether an expression in last place gives all its values.
func manyValues(e ast.Expr) bool {
	switch e := e.(type) {
	case *ast.FuncCallExpr:
		return !e.AdjustRet
	case *ast.Comma3Expr:
		return !e.AdjustRet
	}
	return false
}
