package livefile

import (
	"log/slog"

	lua "github.com/yuin/gopher-lua"

	"luamilter/luabind"
	"luamilter/luabind/guard"
)

// bytesPerStep turns bytes of a file that were read, parsed and hashed into instructions.
const bytesPerStep = 4

// Report gives the report of Get for a script's call: a log line, and the work is charged.
func Report(L *lua.LState) func(Change) {
	return func(c Change) {
		if c.Err != nil {
			luabind.Log(L, slog.LevelWarn, "a file cannot be used, its old content stays", slog.String("error", c.Err.Error()))
		} else {
			luabind.Log(L, slog.LevelInfo, "a file has changed and is used now", slog.String("path", c.Path), slog.Int("bytes", c.Size))
		}
		guard.FuelOf(L).Charge(L, c.Size/bytesPerStep)
	}
}
