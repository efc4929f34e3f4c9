package guard

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/yuin/gopher-lua/ast"
	"github.com/yuin/gopher-lua/parse"
)

// Settings are other values for locals at the top of a file: Lua expressions by name.
type Settings map[string]string

// apply puts the expressions in the place of those behind the first `local NAME =` at the top level of the file.
func (s Settings) apply(file string, stmts []ast.Stmt) *Error {
	for _, name := range slices.Sorted(maps.Keys(s)) {
		if err := s.set(file, stmts, name); err != nil {
			return err
		}
	}
	return nil
}

func (s Settings) set(file string, stmts []ast.Stmt, name string) *Error {
	for _, stmt := range stmts {
		local, ok := stmt.(*ast.LocalAssignStmt)
		if !ok {
			continue
		}
		i := slices.Index(local.Names, name)
		if i < 0 {
			continue
		}
		if len(local.Names) != len(local.Exprs) {
			return &Error{File: file, Line: local.Line(), Message: fmt.Sprintf("%s is no setting: it must be set as local %[1]s = ...", name)}
		}
		value, err := parse.Parse(strings.NewReader("return "+s[name]), name)
		if err != nil || len(value) != 1 {
			return &Error{File: file, Line: local.Line(), Message: fmt.Sprintf("the setting %s is no Lua: %.200s", name, s[name])}
		}
		result, ok := value[0].(*ast.ReturnStmt)
		if !ok || len(result.Exprs) != 1 {
			return &Error{File: file, Line: local.Line(), Message: fmt.Sprintf("the setting %s is not one value: %.200s", name, s[name])}
		}
		local.Exprs[i] = at(result.Exprs[0], local.Exprs[i])
		return nil
	}
	return &Error{File: file, Line: 1, Message: fmt.Sprintf("there is no setting %s: no local %[1]s = ... at the top", name)}
}
