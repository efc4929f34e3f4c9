package guard

import (
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// maxLoad bounds the source that a script compiles at run time (bytes): the parser is not interrupted.
const maxLoad = 64 << 10

// stepsPerByte is what compiling a byte costs in VM instructions (0.06 ms per KB).
const stepsPerByte = 6

func baseLoadString(L *lua.LState) int {
	a := args{L, "loadstring"}
	src := a.text(1)
	return load(L, src, a.optText(2, src))
}

func baseLoad(L *lua.LState) int {
	a := args{L, "load"}
	reader := a.function(1)
	name := a.optText(2, "=(load)")
	var src strings.Builder
	for src.Len() <= maxLoad {
		L.Push(reader)
		L.Call(0, 1)
		piece := L.Get(-1)
		L.Pop(1)
		text, ok := toText(piece)
		if !ok && piece != lua.LNil {
			return loadFails(L, "reader function must return a string")
		}
		if text == "" {
			break
		}
		src.WriteString(text)
	}
	return load(L, src.String(), name)
}

func load(L *lua.LState, src, name string) int {
	if len(src) > maxLoad {
		return loadFails(L, "source too large (at most 64 KiB)")
	}
	f := FuelOf(L)
	f.Charge(L, len(src)*stepsPerByte)
	chunk, err := Compiler{depth: 1}.compile(chunkName(name), []byte(src))
	if err != nil {
		return loadFails(L, err.Error())
	}
	L.Push(L.NewFunctionFromProto(chunk.Proto))
	return 1
}

func loadFails(L *lua.LState, message string) int {
	L.Push(lua.LNil)
	L.Push(lua.LString(message))
	return 2
}

// chunkName is how a chunk's name stands in messages (luaO_chunkid): =name and @name as they are, source text as
// [string "first line..."].
func chunkName(name string) string {
	const longest = 60 // LUA_IDSIZE
	if strings.HasPrefix(name, "=") || strings.HasPrefix(name, "@") {
		return name[1:min(len(name), longest)]
	}
	line, _, cut := strings.Cut(name, "\n")
	if room := longest - len(`[string "..."]`) - 1; cut || len(line) > room {
		line = line[:min(len(line), room)] + "..."
	}
	return `[string "` + line + `"]`
}
