package engine

import (
	"fmt"
	"strings"
	"unsafe"

	lua "github.com/yuin/gopher-lua"

	"luamilter/luabind"
	"luamilter/luabind/mime"
	"luamilter/protocol"
)

// mail is a whole message, collected once for all scripts that define on_message.
type mail struct {
	fields   []mime.Field
	body     spool
	err      error // why it is not whole
	whole    *mime.Message
	replaced int // how many changes up to the replace_body that whole knows of
}

// reads says whether the script will be called with the message.
func (sc *scriptState) reads() bool { return !sc.passes(luabind.OnMessage) }

// collect keeps what on_message will be called with, as long as a script waits for it.
func (s *session) collect(ev *protocol.Event) {
	m := s.msg.mail
	if m == nil || m.err != nil || ev.Code != protocol.CodeHeader && ev.Code != protocol.CodeBody {
		return
	}
	if !s.awaited() {
		s.msg.dropMail()
		return
	}
	limit := s.host.cfg.MaxMessageSize
	fits := true
	if ev.Code == protocol.CodeHeader {
		if fits = s.msg.KeepField(ev.Name, ev.Value, limit); fits {
			m.fields = append(m.fields, mime.Field{Name: ev.Name, Raw: rawValue(ev)})
		}
	} else if fits = s.msg.KeepBody(len(ev.Body), limit); fits {
		m.err = m.body.write(ev.Body)
	}
	if !fits {
		m.err = tooLarge(limit)
	}
	if m.err != nil {
		s.msg.emptyMail()
	}
}

// awaited says whether a script waits for the message.
func (s *session) awaited() bool {
	for i := range s.scripts {
		if s.scripts[i].reads() {
			return true
		}
	}
	return false
}

// rawValue is all that stands after the colon of a header field. An MTA that takes the space away does not say whether
// there was one; there nearly always is.
func rawValue(ev *protocol.Event) string {
	if ev.NoSpace {
		return ev.Value
	}
	return " " + ev.Value
}

func tooLarge(limit int64) error {
	return &luabind.Failure{Kind: luabind.KindOversize, Callback: luabind.OnMessage,
		Message: fmt.Sprintf("more than %d bytes of this message (--max-message-size)", limit)}
}

// dropMail forgets the mail: nobody will be called with it.
func (m *message) dropMail() {
	if m.mail != nil {
		m.emptyMail()
		m.mail = nil
	}
}

// emptyMail gives back what was collected. Why it is not whole stays.
func (m *message) emptyMail() {
	m.mail.body.free()
	m.ForgetMail()
	*m.mail = mail{err: m.mail.err}
}

// callMessage runs on_message of one script.
func (s *session) callMessage(sc *scriptState, ev *protocol.Event, limit luabind.Limit) (protocol.Verdict, error) {
	m := s.msg.mail
	if err := m.open(&s.msg.Message); err != nil {
		return protocol.Verdict{}, err
	}
	mark, asked := m.whole.Mark(), s.msg.Mark()
	sc.scope.Mail = func(L *lua.LState, permit func(L *lua.LState, what string)) (lua.LValue, func()) {
		return mime.Push(L, m.whole, permit)
	}
	v, err := s.callState(sc, luabind.OnMessage, ev, limit)
	sc.scope.Mail = nil
	if err == nil {
		err = s.checkSize(m.whole)
	}
	if err != nil {
		m.whole.Restore(mark)
		s.msg.Restore(asked)
		return protocol.Verdict{}, err
	}
	m.follow(&s.msg.Message) // replace_body is about all of the body, whatever was made of its parts
	return v, nil
}

// open makes the message that on_message is called with, or brings it up to what has been asked for since the last call.
func (m *mail) open(msg *luabind.Message) error {
	switch {
	case m.err != nil:
		return m.err
	case m.whole != nil:
		m.follow(msg)
		return nil
	}
	body, n := msg.ReplacedBody()
	data := bytesOf(body)
	if n == 0 {
		data, m.err = m.body.body()
	}
	if m.err != nil {
		m.body.free()
		return m.err
	}
	m.whole, m.replaced = mime.New(m.fields, data), n
	m.fields = nil
	return nil
}

// follow heeds a replace_body that was called since.
func (m *mail) follow(msg *luabind.Message) {
	if body, n := msg.ReplacedBody(); n != m.replaced {
		m.whole.Rebase(bytesOf(body))
		m.replaced = n
	}
}

// bytesOf are the bytes of a string, which nobody writes to.
func bytesOf(s string) []byte { return unsafe.Slice(unsafe.StringData(s), len(s)) }

// checkSize bounds what a script may make of a message.
func (s *session) checkSize(m *mime.Message) error {
	limit := s.host.cfg.MaxMessageSize
	if limit > 0 && m.Edited() && int64(m.Size()) > limit {
		return tooLarge(limit)
	}
	return nil
}

// addMailChanges puts what on_message has changed behind the other changes. The new body lies in the spool, which is
// freed when the MTA has it.
func (s *session) addMailChanges(v *protocol.Verdict) {
	m := s.msg.mail
	if m == nil || m.whole == nil || !m.whole.Edited() {
		return
	}
	m.follow(&s.msg.Message)
	changes := m.whole.Changes()
	v.Changes = withHeaderOps(v.Changes, changes.Header)
	if changes.Body == nil {
		return
	}
	v.Changes = append(v.Changes, protocol.Change{Code: protocol.ReplyReplaceBody, Pieces: changes.Body})
	s.sending, s.msg.mail = m, nil
	v.Done = s.sent
}

// sent frees what the last changes were in.
func (s *session) sent() {
	if s.sending != nil {
		s.sending.body.free()
		s.sending = nil
	}
}

// withHeaderOps puts ops behind the other changes, but those of a field in front of the insertions of fields of its name:
// the MTA counts an inserted field from then on, and ops count the fields that came.
func withHeaderOps(list []protocol.Change, ops []mime.HeaderOp) []protocol.Change {
	first := map[string]int{} // name: its first insertion
	for i := len(list) - 1; i >= 0; i-- {
		if list[i].Code == protocol.ReplyInsertHeader {
			first[strings.ToLower(list[i].Name)] = i
		}
	}
	before, behind := map[int][]protocol.Change{}, []protocol.Change(nil)
	for _, op := range ops {
		if i, ok := first[strings.ToLower(op.Name)]; ok && op.Kind != mime.HeaderAdd {
			before[i] = append(before[i], headerChange(op))
		} else {
			behind = append(behind, headerChange(op))
		}
	}
	if len(before) == 0 {
		return append(list, behind...)
	}
	out := make([]protocol.Change, 0, len(list)+len(ops))
	for i, c := range list {
		out = append(append(out, before[i]...), c)
	}
	return append(out, behind...)
}

func headerChange(op mime.HeaderOp) protocol.Change {
	c := protocol.Change{Code: protocol.ReplyChangeHeader, Index: uint32(op.Index), Name: op.Name}
	value, spaced := strings.CutPrefix(op.Value, " ")
	switch {
	case op.Kind == mime.HeaderAdd:
		c.Code, c.Index, c.Value, c.NoSpace = protocol.ReplyAddHeader, 0, value, !spaced
	case op.Kind == mime.HeaderDelete:
	case value == "":
		c.Value, c.NoSpace = " ", true // without a value it would be deleted
	default:
		c.Value, c.NoSpace = value, !spaced
	}
	return c
}
