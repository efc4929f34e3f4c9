package re

import (
	"io"
	"unicode/utf8"

	lua "github.com/yuin/gopher-lua"

	"luamilter/luabind/guard"
)

// pieces gives a string to regexp rune by rune (io.RuneReader) and raises in L when the script is interrupted: the only
// way out of a long match.
type pieces struct {
	L    *lua.LState
	fuel *guard.Fuel
	rest string
	cost int // steps of one stride
	read int // runes since the last charge
}

func (r *pieces) ReadRune() (rune, int, error) {
	if r.rest == "" {
		return 0, 0, io.EOF
	}
	if r.read++; r.read == stride {
		r.read = 0
		r.fuel.Charge(r.L, r.cost)
	}
	c, width := utf8.DecodeRuneInString(r.rest)
	r.rest = r.rest[width:]
	return c, width, nil
}
