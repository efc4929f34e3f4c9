package guard

import (
	"io"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// read handles the formats that stand from argument first on ("*l" if there is none); reading stops at the first that
// fails, with nil for it.
func (f *file) read(L *lua.LState, name string, first int) int {
	top := L.GetTop()
	if top < first {
		L.Push(f.line(L))
		return 1
	}
	for i := first; i <= top; i++ {
		v := f.readFormat(L, args{L, name}, i)
		L.Push(v)
		if v == lua.LNil {
			break
		}
	}
	return L.GetTop() - top
}

func (f *file) readFormat(L *lua.LState, a args, i int) lua.LValue {
	if n, ok := L.Get(i).(lua.LNumber); ok {
		return f.bytes(L, min(max(toInt(float64(n)), 0), maxString))
	}
	switch format := a.text(i); {
	case strings.HasPrefix(format, "*n"):
		return f.number(L)
	case strings.HasPrefix(format, "*l"):
		return f.line(L)
	case strings.HasPrefix(format, "*a"):
		var out builder
		f.fill(L, &out, maxString+1) // one more than allowed is an error
		return lua.LString(out.String())
	}
	a.fail(i, "invalid format")
	return lua.LNil
}

// fill reads up to n bytes, in pieces that are announced, so that n may be more than the file has.
func (f *file) fill(L *lua.LState, out *builder, n int) {
	for n > 0 {
		piece := min(n, max(4096, len(out.buf)))
		out.reserve(L, piece)
		room := out.buf[len(out.buf) : len(out.buf)+piece]
		got, err := io.ReadFull(f.r, room)
		out.buf = out.buf[:len(out.buf)+got]
		FuelOf(L).Charge(L, 16+got/bytesPerStep)
		if err != nil {
			return
		}
		n -= piece
	}
}

func (f *file) bytes(L *lua.LState, n int) lua.LValue {
	if n == 0 {
		if _, err := f.r.Peek(1); err != nil {
			return lua.LNil
		}
		return lua.LString("")
	}
	var out builder
	f.fill(L, &out, n)
	if len(out.buf) == 0 {
		return lua.LNil
	}
	return lua.LString(out.String())
}

func (f *file) line(L *lua.LState) lua.LValue {
	var out builder
	for {
		piece, err := f.r.ReadSlice('\n')
		FuelOf(L).Charge(L, 1+len(piece)/bytesPerStep)
		whole := err == nil
		if whole {
			piece = piece[:len(piece)-1]
		}
		out.add(L, string(piece))
		switch {
		case whole:
			return lua.LString(out.String())
		case len(piece) == 0 && len(out.buf) == 0:
			return lua.LNil
		case len(piece) == 0:
			return lua.LString(out.String())
		}
	}
}

// number reads the longest run of bytes that a numeral is made of.
func (f *file) number(L *lua.LState) lua.LValue {
	const longest = 200
	var text []byte
	for len(text) < longest {
		c, err := f.r.ReadByte()
		if err != nil {
			break
		}
		FuelOf(L).Charge(L, 1)
		if strings.IndexByte(space, c) >= 0 && len(text) == 0 {
			continue
		}
		if strings.IndexByte("0123456789+-.eExXabcdfABCDF", c) < 0 {
			if f.r.UnreadByte() != nil {
				return lua.LNil
			}
			break
		}
		text = append(text, c)
	}
	if v, ok := parseNumber(string(text)); ok {
		return lua.LNumber(v)
	}
	return lua.LNil
}
