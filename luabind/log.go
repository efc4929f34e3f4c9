package luabind

import (
	"context"
	"log/slog"

	lua "github.com/yuin/gopher-lua"
)

// print is where guarded Lua's print goes: a log line that names the script and, in a callback, the message.
func (st *State) print(L *lua.LState, text string) { Log(L, slog.LevelInfo, text) }

// Log writes a line of a script, with what is known of connection and message.
func Log(L *lua.LState, level slog.Level, text string, fields ...slog.Attr) {
	st := stateOf(L)
	attrs := []slog.Attr{slog.String("script", st.script.path)}
	log := st.script.env.Log
	if st.scope != nil {
		log = st.scope.Log
		attrs = append(attrs, slog.String("callback", st.callback.String()))
		if m := st.scope.Message; m != nil && m.ID != "" {
			attrs = append(attrs, slog.String("id", m.ID))
		}
		if st.scope.Notes != nil {
			st.scope.Notes.Logged(st.script.path, st.callback, level, text, fields)
		}
	}
	log.LogAttrs(context.Background(), level, text, append(attrs, fields...)...)
}
