package luabind

import (
	lua "github.com/yuin/gopher-lua"

	"luamilter/protocol"
)

// owner tells whether builtin fields that a state has made values of are still the same.
type owner struct {
	of   any // the *Conn or *Message
	text string
}

// connOwner: HELO may come again; all else of a connection is there before the first callback.
func connOwner(s *Scope) owner { return owner{s.Conn, s.Conn.Helo} }

// msgOwner: the queue id comes late. Recipients are a table, which is made anew anyway.
func msgOwner(s *Scope) owner {
	if s.Message == nil {
		return owner{}
	}
	return owner{s.Message, s.Message.ID}
}

// connField is a builtin field of conn.
func connField(st *State, name string) (lua.LValue, bool) {
	c := st.scope.Conn
	switch name {
	case "hostname":
		return lua.LString(c.Hostname), true
	case "family":
		return lua.LString(c.Family.String()), true
	case "address":
		return orNil(c.Address), true
	case "port":
		if c.Family != protocol.FamilyInet && c.Family != protocol.FamilyInet6 {
			return lua.LNil, true
		}
		return lua.LNumber(c.Port), true
	case "helo":
		return orNil(c.Helo), true
	case "id":
		return lua.LString(c.ID), true
	}
	return nil, false
}

// msgField is a builtin field of msg.
func msgField(st *State, name string) (lua.LValue, bool) {
	m := st.scope.Message
	switch name {
	case "sender", "sender_params", "recipients", "id":
	default:
		return nil, false
	}
	if m == nil {
		return lua.LNil, true
	}
	switch name {
	case "sender":
		return lua.LString(m.Sender), true
	case "id":
		return orNil(m.ID), true
	case "sender_params":
		return paramTable(st.lua, m.SenderParams), true
	}
	return recipientTable(st.lua, m.Recipients), true
}

func recipientTable(L *lua.LState, recipients []Recipient) *lua.LTable {
	t := L.CreateTable(len(recipients), 0)
	for _, r := range recipients {
		t.Append(lua.LString(r.Address))
	}
	return t
}

func orNil(s string) lua.LValue {
	if s == "" {
		return lua.LNil
	}
	return lua.LString(s)
}
