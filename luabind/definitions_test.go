package luabind

import (
	"go/ast"
	"go/parser"
	"go/token"
	"slices"
	"strconv"
	"testing"

	"luamilter/luabind/definitions"
)

// caseNames are the strings in the switches of a function of builtin.go, each once.
func caseNames(t *testing.T, function string) (names []string) {
	file, err := parser.ParseFile(token.NewFileSet(), "builtin.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	ast.Inspect(file.Scope.Lookup(function).Decl.(*ast.FuncDecl), func(n ast.Node) bool {
		clause, ok := n.(*ast.CaseClause)
		if !ok {
			return true
		}
		for _, e := range clause.List {
			if literal, ok := e.(*ast.BasicLit); ok {
				name, _ := strconv.Unquote(literal.Value)
				names = append(names, name)
			}
		}
		return true
	})
	slices.Sort(names)
	return slices.Compact(names)
}

func TestTheDefinitionsHaveTheFieldsOfConnAndMsg(t *testing.T) {
	for class, function := range map[string]string{"luamilter.conn": "connField", "luamilter.msg": "msgField"} {
		var got []string
		for _, f := range definitions.Shipped().Class(class).Fields {
			if f.Name != "[string]" { // the script's own
				got = append(got, f.Name)
			}
		}
		slices.Sort(got)
		if want := caseNames(t, function); !slices.Equal(got, want) {
			t.Errorf("fields of %s: got %v in luamilter.d.lua, want %v", class, got, want)
		}
	}
}
