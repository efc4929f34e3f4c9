package json

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// number reads a number of RFC 8259 section 6.
func (d *decoder) number() (lua.LValue, error) {
	start := d.pos
	d.skip("-")
	switch {
	case d.skip("0"):
	case d.digits() == 0:
		return nil, fmt.Errorf("a digit expected, got %s", d.here())
	}
	if d.skip(".") && d.digits() == 0 {
		return nil, fmt.Errorf("a digit expected, got %s", d.here())
	}
	if d.skip("e") || d.skip("E") {
		if !d.skip("-") {
			d.skip("+")
		}
		if d.digits() == 0 {
			return nil, fmt.Errorf("a digit expected, got %s", d.here())
		}
	}
	d.fuel.Charge(d.L, 1+(d.pos-start)/16)
	f, err := strconv.ParseFloat(d.text[start:d.pos], 64)
	if err != nil {
		d.pos = start
		return nil, errors.New("a number too large for Lua")
	}
	return lua.LNumber(f), nil
}

func (d *decoder) skip(word string) bool {
	found := strings.HasPrefix(d.text[d.pos:], word)
	if found {
		d.pos += len(word)
	}
	return found
}

func (d *decoder) digits() (n int) {
	for d.pos < len(d.text) && d.text[d.pos] >= '0' && d.text[d.pos] <= '9' {
		d.pos++
		n++
	}
	return n
}
