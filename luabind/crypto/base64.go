package crypto

import (
	"encoding/base64"
	"fmt"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"luamilter/luabind"
	"luamilter/luabind/guard"
)

// toBase64 is crypto.base64(s [, {url=, padding=, wrap=}]) (RFC 4648).
func toBase64(L *lua.LState) int {
	a := luabind.Args{L: L, Name: "crypto.base64"}
	s := text(a, 1, "s")
	if len(s) > maxString/2 { // lines of one letter each would double it
		a.Fail(1, "s", "too long: at most 32 MiB")
	}
	o := options{a: a, n: 2}
	o.read("url", "padding", "wrap")
	encoding, wrap := base64.StdEncoding, o.integer("wrap")
	if o.boolean("url", false) {
		encoding = base64.URLEncoding
	}
	if !o.boolean("padding", true) {
		encoding = encoding.WithPadding(base64.NoPadding)
	}
	size := encoding.EncodedLen(len(s))
	guard.FuelOf(L).Alloc(L, len(s)+2*size)
	encoded := encoding.EncodeToString([]byte(s))
	if wrap > 0 && size > 0 {
		lines := (size + wrap - 1) / wrap
		guard.FuelOf(L).Charge(L, lines)
		guard.FuelOf(L).Alloc(L, size+lines)
		encoded = wrapped(encoded, wrap)
	}
	L.Push(lua.LString(encoded))
	return 1
}

// wrapped puts LF between pieces of n bytes.
func wrapped(s string, n int) string {
	var out strings.Builder
	out.Grow(len(s) + len(s)/n)
	for len(s) > n {
		out.WriteString(s[:n])
		out.WriteByte('\n')
		s = s[n:]
	}
	out.WriteString(s)
	return out.String()
}

// fromBase64 is crypto.unbase64(s [, {url=}]): white space counts for nothing, padding may be left out.
func fromBase64(L *lua.LState) int {
	a := luabind.Args{L: L, Name: "crypto.unbase64"}
	s := text(a, 1, "s")
	o := options{a: a, n: 2}
	o.read("url")
	guard.FuelOf(L).Alloc(L, 3*len(s))
	guard.FuelOf(L).Charge(L, len(s)/bytesPerStep)
	s = strings.Map(func(r rune) rune {
		if r == ' ' || r == '\t' || r == '\r' || r == '\n' {
			return -1
		}
		return r
	}, s)
	encoding := base64.StdEncoding
	if o.boolean("url", false) {
		encoding = base64.URLEncoding
	}
	if !strings.HasSuffix(s, "=") {
		encoding = encoding.WithPadding(base64.NoPadding)
	}
	b, err := encoding.Strict().DecodeString(s)
	if err != nil {
		problem := "not base64: " + strings.TrimPrefix(err.Error(), "illegal base64 data ")
		return failed(L, problem+", white space not counted")
	}
	return pushBytes(L, b)
}

// options is an optional table of settings.
type options struct {
	a luabind.Args
	n int
	t *lua.LTable
}

// read checks that there are no others than the known ones.
func (o *options) read(known ...string) {
	if o.a.Absent(o.n) {
		return
	}
	o.t = o.a.Table(o.n, "options")
	o.t.ForEach(func(k, _ lua.LValue) {
		for _, name := range known {
			if k == lua.LString(name) {
				return
			}
		}
		o.a.Fail(o.n, "options", "there is no option "+k.String())
	})
}

func (o *options) get(name string) lua.LValue {
	if o.t == nil {
		return lua.LNil
	}
	return o.t.RawGetString(name)
}

func (o *options) boolean(name string, standard bool) bool {
	switch v := o.get(name).(type) {
	case *lua.LNilType:
		return standard
	case lua.LBool:
		return bool(v)
	default:
		o.a.Fail(o.n, "options", fmt.Sprintf("%s is a boolean, not a %s", name, v.Type()))
	}
	return standard
}

// integer is a whole number from 1 to 1000, or 0 where it is left out.
func (o *options) integer(name string) int {
	const most = 1000
	v := o.get(name)
	if v == lua.LNil {
		return 0
	}
	number, ok := v.(lua.LNumber)
	if !ok || number != lua.LNumber(int(number)) || number < 1 || number > most {
		o.a.Fail(o.n, "options", fmt.Sprintf("%s is a whole number from 1 to %d, not %s", name, most, v))
	}
	return int(number)
}
