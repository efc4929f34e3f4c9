package json

import (
	"fmt"

	lua "github.com/yuin/gopher-lua"

	"luamilter/luabind/guard"
)

// tableKind is what JSON makes of a table.
type tableKind int

const (
	kindEmpty tableKind = iota // neither marked nor with any entry: an object
	kindArray
	kindObject
)

// classify says what a table is, or what is wrong with it.
func classify(L *lua.LState, t *lua.LTable) (kind tableKind, problem string, ok bool) {
	if guard.Reserved(L, t) {
		return kindEmpty, "conn and msg have fields, and can't be walked", false
	}
	fuel := guard.FuelOf(L)
	items, names, isMarked := 0, 0, false
	t.ForEach(func(k, v lua.LValue) {
		fuel.Charge(L, 1)
		switch k := k.(type) {
		case lua.LString:
			names++
		case lua.LNumber:
			items++
			if k < 1 || k != lua.LNumber(int(k)) {
				problem = "the key " + k.String() + " is neither a string nor a place in a list"
			}
		default:
			if k == markKey && v == markValue {
				isMarked = true
			} else {
				problem = fmt.Sprintf("a key is a %s, neither a string nor a place in a list", k.Type())
			}
		}
	})
	switch {
	case problem != "":
	case names > 0 && (items > 0 || isMarked):
		problem = fmt.Sprintf("%d places of a list and %d names in one table", items, names)
	case names > 0:
		return kindObject, "", true
	case items == 0 && !isMarked:
		return kindEmpty, "", true
	case t.Len() != items:
		problem = fmt.Sprintf("a list of %d values with holes; json.null fills them", items)
	default:
		return kindArray, "", true
	}
	return kindEmpty, problem, false
}
