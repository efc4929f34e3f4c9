package luatest

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"luamilter/luabind"
	"luamilter/luabind/guard"
)

// setSettings is t.settings{name = value}: at the top of the file for all cases, in a case for this one.
func (r *runner) setSettings(L *lua.LState) int {
	a := luabind.Args{L: L, Name: "settings"}
	table := a.Table(1, "settings")
	if len(r.config.Scripts) != 1 {
		L.RaiseError("settings: there are %d scripts, and it would not be clear whose they are", len(r.config.Scripts))
	}
	config := &r.config
	if r.trial != nil {
		config = &r.trial.config
		if r.trial.host != nil {
			L.RaiseError("settings: the filter runs already; call it before the first mail of the case")
		}
	}
	settings := guard.Settings{}
	maps.Copy(settings, config.Settings)
	table.ForEach(func(k, v lua.LValue) {
		name, ok := k.(lua.LString)
		if !ok || !isName(string(name)) {
			a.Fail(1, "settings", "a table {name = value} expected")
		}
		expression, err := literal(v, 0)
		if err != nil {
			a.Fail(1, "settings", fmt.Sprintf("%s %s", name, err))
		}
		settings[string(name)] = expression
	})
	config.Settings = settings
	return 0
}

// literal is a value as a Lua expression.
func literal(v lua.LValue, level int) (string, error) {
	switch v := v.(type) {
	case lua.LString:
		return quoted(string(v)), nil
	case lua.LNumber:
		return "(" + v.String() + ")", nil
	case lua.LBool:
		return v.String(), nil
	case *lua.LTable:
		if level < mostLevels {
			return tableLiteral(v, level)
		}
		return "", fmt.Errorf("is nested too deeply")
	}
	return "", fmt.Errorf("can't be a %s, nor have one in it", v.Type())
}

func tableLiteral(t *lua.LTable, level int) (string, error) {
	var entries []string
	var problem error
	t.ForEach(func(k, v lua.LValue) {
		key, err := literal(k, mostLevels)
		value, valueErr := literal(v, level+1)
		if err == nil {
			err = valueErr
		}
		if err != nil {
			problem = err
		}
		entries = append(entries, "["+key+"]="+value)
	})
	slices.Sort(entries)
	return "{" + strings.Join(entries, ",") + "}", problem
}

// quoted is a string in Lua.
func quoted(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(s) {
		if c := s[i]; c >= ' ' && c <= '~' && c != '"' && c != '\\' {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, `\%03d`, c)
		}
	}
	b.WriteByte('"')
	return b.String()
}
