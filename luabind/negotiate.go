package luabind

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"luamilter/protocol"
)

// request is what negotiate{...} asks for at load time.
type request struct {
	rejectedRecipients bool
	leadingSpace       bool
	macros             map[protocol.Stage][]string
	actions            *protocol.Action // nil: those that the script's functions need
	steps              protocol.Step
}

// negotiate is negotiate{rejected_recipients=, leading_space=, macros=, actions=, steps=}.
func negotiate(L *lua.LState) int {
	st := stateOf(L)
	if !st.loading {
		L.RaiseError("negotiate: only while the script loads, not in a callback")
	}
	table := Args{L, "negotiate"}.Table(1, "options")
	table.ForEach(func(k, v lua.LValue) {
		if err := st.request.set(k.String(), v); err != nil {
			L.RaiseError("negotiate: %s: %s", k.String(), err)
		}
	})
	return 0
}

func (r *request) set(option string, v lua.LValue) (err error) {
	switch option {
	case "rejected_recipients":
		r.rejectedRecipients, err = boolean(v)
	case "leading_space":
		r.leadingSpace, err = boolean(v)
	case "macros":
		r.macros, err = macroLists(v)
	case "actions":
		var bits uint32
		bits, err = bitSum(v, "SMFIF_")
		actions := protocol.Action(bits)
		r.actions = &actions
	case "steps":
		var bits uint32
		bits, err = bitSum(v, "SMFIP_")
		r.steps = protocol.Step(bits)
	default:
		err = errors.New("no such option; there are rejected_recipients, leading_space, macros, actions and steps")
	}
	return err
}

func boolean(v lua.LValue) (bool, error) {
	if b, ok := v.(lua.LBool); ok {
		return bool(b), nil
	}
	return false, fmt.Errorf("true or false expected, got %s", v.Type())
}

// bitSum reads a number, a name, or a list of these: {"SMFIF_ADDHDRS", milter.SMFIF_CHGBODY}.
func bitSum(v lua.LValue, kind string) (uint32, error) {
	switch v := v.(type) {
	case lua.LNumber:
		if v < 0 || v > math.MaxUint32 || v != lua.LNumber(uint32(v)) {
			return 0, fmt.Errorf("%s is not a 32-bit number", v)
		}
		return uint32(v), nil
	case lua.LString:
		bits, ok := constants()[string(v)]
		if !ok || !strings.HasPrefix(string(v), kind) {
			return 0, fmt.Errorf("%q is not known; the names are those in the table milter that begin with %s", string(v), kind)
		}
		return bits, nil
	case *lua.LTable:
		var sum uint32
		for i := 1; i <= v.Len(); i++ {
			if _, nested := v.RawGetInt(i).(*lua.LTable); nested {
				return 0, errors.New("a list of names or numbers expected, got a list in a list")
			}
			bits, err := bitSum(v.RawGetInt(i), kind)
			if err != nil {
				return 0, err
			}
			sum |= bits
		}
		return sum, nil
	}
	return 0, fmt.Errorf("a list expected, got %s", v.Type())
}

func macroLists(v lua.LValue) (map[protocol.Stage][]string, error) {
	table, ok := v.(*lua.LTable)
	if !ok {
		return nil, fmt.Errorf("a table expected, got %s", v.Type())
	}
	lists := map[protocol.Stage][]string{}
	var err error
	table.ForEach(func(k, v lua.LValue) {
		stage := protocol.StageConnect
		for stage <= protocol.StageEOH && stage.String() != k.String() {
			stage++
		}
		if stage > protocol.StageEOH {
			err = fmt.Errorf("%q is no stage; there are connect, helo, mail, rcpt, data, eoh and eom", k.String())
			return
		}
		names, e := macroList(v)
		if e != nil {
			err = fmt.Errorf("%s: %w", k.String(), e)
			return
		}
		lists[stage] = names
	})
	return lists, err
}

func macroList(v lua.LValue) ([]string, error) {
	table, ok := v.(*lua.LTable)
	if !ok {
		return nil, fmt.Errorf("a list of macro names expected, got %s", v.Type())
	}
	var names []string
	for i := 1; i <= table.Len(); i++ {
		s, ok := table.RawGetInt(i).(lua.LString)
		name := strings.Trim(string(s), "{}")
		if !ok || name == "" || strings.ContainsAny(name, "{} \t\r\n\x00") {
			return nil, fmt.Errorf("%q is no macro name", table.RawGetInt(i).String())
		}
		if len(name) > 1 {
			name = "{" + name + "}"
		}
		names = appendMissing(names, []string{name})
	}
	if most := protocol.MaxStageMacros - hostMacros; len(names) > most {
		return nil, fmt.Errorf("%d names; an MTA takes at most %d besides those that the host needs", len(names), most)
	}
	return names, nil
}

func appendMissing(list, more []string) []string {
	for _, s := range more {
		if !slices.Contains(list, s) {
			list = append(list, s)
		}
	}
	return list
}
