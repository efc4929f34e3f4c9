package json

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	lua "github.com/yuin/gopher-lua"

	"luamilter/luabind"
	"luamilter/luabind/guard"
)

// What a decoded value takes in gopher-lua, measured.
const (
	tableBytes = 160
	itemBytes  = 32
	firstBytes = 600 // the maps of the first key
	entryBytes = 150
)

// maxItems is the most that an array may have: a Lua table does not count what is behind (lua.MaxArrayIndex, see guard).
const maxItems = 1<<22 - 1

// decoder reads one text. Its methods leave pos behind what they have read, or where an error is.
type decoder struct {
	L     *lua.LState
	fuel  *guard.Fuel
	text  string
	pos   int
	depth int // that is still allowed
	null  lua.LValue
	mark  bool         // empty arrays
	items []lua.LValue // of the arrays that are open, the outer ones first
}

// decode is json.decode(text [, options]): the value, or nil and a message.
func decode(L *lua.LState) int {
	a := luabind.Args{L: L, Name: "json.decode"}
	d := &decoder{L: L, fuel: guard.FuelOf(L), text: a.String(1, "text"), depth: defaultDepth, null: null, mark: true}
	d.options(a)
	if len(d.text) > maxText {
		return d.fail(fmt.Errorf("%d bytes are more than the 64 MiB allowed", len(d.text)))
	}
	d.text = strings.TrimPrefix(d.text, "\ufeff") // RFC 8259 section 8.1 lets a parser ignore it
	v, err := d.document()
	if err != nil {
		before := d.text[:d.pos]
		d.fuel.Charge(L, len(before)/64)
		line := 1 + strings.Count(before, "\n")
		column := len(before) - strings.LastIndexByte(before, '\n')
		return d.fail(fmt.Errorf("line %d, column %d: %w", line, column, err))
	}
	L.Push(v)
	return 1
}

func (d *decoder) options(a luabind.Args) {
	t := options(a, 2, "max_depth", "null", "mark")
	if t == nil {
		return
	}
	switch v := t.RawGetString("max_depth").(type) {
	case *lua.LNilType:
	case lua.LNumber:
		d.depth = int(v)
		if lua.LNumber(d.depth) != v || d.depth < 0 || d.depth > maxDepth {
			a.Fail(2, "options", fmt.Sprintf("max_depth is a whole number from 0 to %d, not %s", maxDepth, v))
		}
	default:
		a.Fail(2, "options", "max_depth is a number, not a "+v.Type().String())
	}
	switch v := t.RawGetString("null").(type) {
	case *lua.LNilType:
	case lua.LBool, lua.LNumber, lua.LString:
		d.null = v
	default:
		if v != null {
			a.Fail(2, "options", "null is a string, number or boolean, not a "+v.Type().String())
		}
	}
	switch v := t.RawGetString("mark").(type) {
	case *lua.LNilType:
	case lua.LBool:
		d.mark = bool(v)
	default:
		a.Fail(2, "options", "mark is a boolean, not a "+v.Type().String())
	}
}

func (d *decoder) fail(err error) int {
	d.L.Push(lua.LNil)
	d.L.Push(lua.LString(err.Error()))
	return 2
}

func (d *decoder) document() (lua.LValue, error) {
	v, err := d.value()
	if err != nil {
		return nil, err
	}
	if d.space() != 0 || d.pos < len(d.text) {
		return nil, fmt.Errorf("the end expected, got %s", d.here())
	}
	return v, nil
}

// space skips white space and gives the next byte, 0 at the end.
func (d *decoder) space() byte {
	from := d.pos
	for d.pos < len(d.text) {
		switch c := d.text[d.pos]; c {
		case ' ', '\t', '\n', '\r':
			d.pos++
		default:
			d.fuel.Charge(d.L, (d.pos-from)/16)
			return c
		}
	}
	d.fuel.Charge(d.L, (d.pos-from)/16)
	return 0
}

// here describes what is at pos.
func (d *decoder) here() string {
	if d.pos >= len(d.text) {
		return "the end of the text"
	}
	r, width := utf8.DecodeRuneInString(d.text[d.pos:])
	if r == utf8.RuneError && width == 1 {
		return fmt.Sprintf("byte 0x%02x", d.text[d.pos])
	}
	return strconv.QuoteRune(r)
}

func (d *decoder) value() (lua.LValue, error) {
	d.fuel.Charge(d.L, 2)
	c := d.space()
	switch {
	case c == '"':
		s, err := d.str()
		return lua.LString(s), err
	case c == '{' || c == '[':
		if d.depth == 0 {
			return nil, errors.New("nested too deep (max_depth)")
		}
		read := d.array
		if c == '{' {
			read = d.object
		}
		d.depth--
		v, err := read()
		d.depth++
		return v, err
	case c == '-' || c >= '0' && c <= '9':
		return d.number()
	}
	switch {
	case d.skip("true"):
		return lua.LTrue, nil
	case d.skip("false"):
		return lua.LFalse, nil
	case d.skip("null"):
		return d.null, nil
	}
	return nil, fmt.Errorf("a value expected, got %s", d.here())
}

func (d *decoder) array() (lua.LValue, error) {
	first := len(d.items)
	d.pos++
	if d.space() == ']' {
		d.pos++
		return d.emptyArray(), nil
	}
	for {
		v, err := d.value()
		if err != nil {
			return nil, err
		}
		if len(d.items)-first == maxItems {
			return nil, fmt.Errorf("an array of more than %d values", maxItems)
		}
		d.fuel.Alloc(d.L, itemBytes)
		d.items = append(d.items, v)
		switch d.space() {
		case ',':
			d.pos++
		case ']':
			d.pos++
			return d.closeArray(first), nil
		default:
			return nil, fmt.Errorf("',' or ']' expected, got %s", d.here())
		}
	}
}

func (d *decoder) emptyArray() *lua.LTable {
	d.fuel.Alloc(d.L, tableBytes)
	t := d.L.CreateTable(0, 0)
	if d.mark {
		d.fuel.Alloc(d.L, firstBytes)
		t.RawSet(markKey, markValue)
	}
	return t
}

func (d *decoder) closeArray(first int) *lua.LTable {
	values := d.items[first:]
	d.fuel.Alloc(d.L, tableBytes+itemBytes*len(values))
	t := d.L.CreateTable(len(values), 0)
	for i, v := range values {
		t.RawSetInt(i+1, v)
	}
	clear(values)
	d.items = d.items[:first]
	return t
}

func (d *decoder) object() (lua.LValue, error) {
	d.fuel.Alloc(d.L, tableBytes+firstBytes)
	t := d.L.CreateTable(0, 0)
	d.pos++
	if d.space() == '}' {
		d.pos++
		return t, nil
	}
	for {
		if d.space() != '"' {
			return nil, fmt.Errorf("a key in double quotes expected, got %s", d.here())
		}
		key, err := d.str()
		if err != nil {
			return nil, err
		}
		if d.space() != ':' {
			return nil, fmt.Errorf("':' expected, got %s", d.here())
		}
		d.pos++
		v, err := d.value()
		if err != nil {
			return nil, err
		}
		d.fuel.Alloc(d.L, entryBytes)
		t.RawSetString(key, v)
		switch d.space() {
		case ',':
			d.pos++
		case '}':
			d.pos++
			return t, nil
		default:
			return nil, fmt.Errorf("',' or '}' expected, got %s", d.here())
		}
	}
}
