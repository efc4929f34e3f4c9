package luabind

import (
	lua "github.com/yuin/gopher-lua"

	"luamilter/protocol"
)

// macro is macro(name): smfi_getsymval. nil where the MTA has not sent it.
func macro(L *lua.LState) int {
	a := Args{L, "macro"}
	name := a.String(1, "name")
	st := stateOf(L)
	if st.scope == nil {
		L.RaiseError("macro: only in a callback, not while the script loads")
	}
	value, ok := st.scope.Macros.Get(name)
	if !ok {
		L.Push(lua.LNil)
		return 1
	}
	L.Push(lua.LString(value))
	return 1
}

// constants are those of libmilter's mfapi.h and mfdef.h, with the sums of all that a version has.
func constants() map[string]uint32 {
	all := map[string]uint32{
		"SMFIF_ALLOPTS":      uint32(protocol.AllActions),
		"SMFIF_ALLOPTS_V2":   uint32(protocol.ActionsV2),
		"SMFIF_ALLOPTS_V6":   uint32(protocol.AllActions),
		"SMFIP_ALLPROTOS":    uint32(protocol.AllSteps),
		"SMFIP_ALLPROTOS_V2": uint32(protocol.StepsV2),
		"SMFIP_ALLPROTOS_V6": uint32(protocol.AllSteps),
	}
	for _, n := range protocol.ActionNames() {
		all[n.Name] = uint32(n.Bit)
	}
	for _, n := range protocol.StepNames() {
		all[n.Name] = uint32(n.Bit)
	}
	return all
}

// milterTable is the global milter: the constants and the host's version.
func milterTable(L *lua.LState, version string) *lua.LTable {
	t := L.NewTable()
	for name, bits := range constants() {
		t.RawSetString(name, lua.LNumber(bits))
	}
	t.RawSetString("version", lua.LString(version))
	return t
}
