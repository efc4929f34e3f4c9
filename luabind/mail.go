package luabind

import (
	lua "github.com/yuin/gopher-lua"

	"luamilter/protocol"
)

// Mail makes the Lua object that on_message is called with. After release it is of no more use to the script. permit is
// asked before an edit is kept, with the name of the global function that would change the same ("add_header",
// "change_header", "replace_body"); it raises in L what stands against it. The module mime has such objects; it imports
// this package, so the host brings the two together.
type Mail func(L *lua.LState, permit func(L *lua.LState, what string)) (value lua.LValue, release func())

// mailActions are those of the edits that on_message may make.
const mailActions = protocol.ActionAddHeaders | protocol.ActionChangeHeaders | protocol.ActionChangeBody

// pushMail pushes what on_message is called with.
func (st *State) pushMail() int {
	if st.scope.Mail == nil {
		return 0
	}
	value, release := st.scope.Mail(st.lua, permitEdit)
	st.release = release
	st.lua.Push(value)
	return 1
}

// permitEdit raises where the MTA would not take an edit of the message.
func permitEdit(L *lua.LState, what string) {
	a := Args{L, "message"}
	a.needs(a.messageScope(), changeActions[what])
}

func (st *State) releaseMail() {
	if st.release != nil {
		st.release()
		st.release = nil
	}
}

// ReplacedBody is the newest body that replace_body was called with, and how many changes were asked for up to it; 0
// says that it was not called.
func (m *Message) ReplacedBody() (body string, n int) {
	for n := len(m.changes); n > 0; n-- {
		if c := &m.changes[n-1]; c.Code == protocol.ReplyReplaceBody {
			return c.Value, n
		}
	}
	return "", 0
}

// Mark notes which changes have been asked for, Restore forgets those that were asked for since.
func (m *Message) Mark() int { return len(m.changes) }

// Restore is the opposite of Mark.
func (m *Message) Restore(mark int) { m.rollback(mark) }

// fieldEntry is what a kept header field is counted with besides its bytes: it is kept as it came, and for its edits.
const fieldEntry = 128

// KeepField counts a header field that is kept for on_message, KeepBody bytes of the body. They say false, and count
// nothing, where the message takes more than limit bytes with them.
func (m *Message) KeepField(name, value string, limit int64) bool {
	return m.keep(int64(fieldEntry+len(name)+len(value)), limit)
}

// KeepBody counts bytes of the body; see KeepField.
func (m *Message) KeepBody(n int, limit int64) bool { return m.keep(int64(n), limit) }

func (m *Message) keep(n, limit int64) bool {
	if limit > 0 && m.size+n > limit {
		return false
	}
	m.size += n
	m.mail += n
	return true
}

// ForgetMail takes back what KeepField and KeepBody have counted.
func (m *Message) ForgetMail() {
	m.size -= m.mail
	m.mail = 0
}
