// Package log is the module that a script gets from require "log".
package log

import (
	"log/slog"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"luamilter/luabind"
	"luamilter/luabind/guard"
)

// Open makes the module: a function for each level, called as log.info(text [, fields]).
func Open(L *lua.LState) int {
	module := L.NewTable()
	for name, level := range map[string]slog.Level{
		"debug": slog.LevelDebug,
		"info":  slog.LevelInfo,
		"warn":  slog.LevelWarn,
		"error": slog.LevelError,
	} {
		module.RawSetString(name, L.NewFunction(func(L *lua.LState) int { return write(L, level) }))
	}
	L.Push(module)
	return 1
}

func write(L *lua.LState, level slog.Level) int {
	text := L.CheckString(1)
	var fields []slog.Attr
	table := L.OptTable(2, L.NewTable())
	if guard.Reserved(L, table) {
		L.ArgError(2, "conn and msg have fields, and can't be walked")
	}
	table.ForEach(func(k, v lua.LValue) {
		fields = append(fields, slog.String(k.String(), v.String()))
	})
	slices.SortFunc(fields, func(a, b slog.Attr) int { return strings.Compare(a.Key, b.Key) })
	luabind.Log(L, level, text, fields...)
	return 0
}
