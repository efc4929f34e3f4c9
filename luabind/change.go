package luabind

import (
	"fmt"
	"sort"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"luamilter/protocol"
)

// changeFunctions are the global functions that change the message (the smfi_* calls of the end of message).
var changeFunctions = map[string]lua.LGFunction{
	"add_header":       addHeader,
	"insert_header":    insertHeader,
	"change_header":    changeHeader,
	"delete_header":    deleteHeader,
	"add_recipient":    addRecipient,
	"delete_recipient": deleteRecipient,
	"change_sender":    changeSender,
	"replace_body":     replaceBody,
	"quarantine":       quarantine,
	"progress":         progress,
}

// maxField bounds what goes to the MTA in one frame besides a body: libmilter's MILTER_CHUNK_SIZE less its own needs.
const maxField = 65000

// addHeader is add_header(name, value): smfi_addheader.
func addHeader(L *lua.LState) int {
	a := Args{L, "add_header"}
	return a.record(a.headerChange(protocol.ReplyAddHeader, 0, 1, 2))
}

// insertHeader is insert_header(index, name, value): smfi_insheader.
func insertHeader(L *lua.LState) int {
	a := Args{L, "insert_header"}
	return a.record(a.headerChange(protocol.ReplyInsertHeader, a.Integer(1, "index", 0), 2, 3))
}

// changeHeader is change_header(name, n, value): smfi_chgheader. An empty value deletes the field.
func changeHeader(L *lua.LState) int {
	a := Args{L, "change_header"}
	return a.record(a.headerChange(protocol.ReplyChangeHeader, a.Integer(2, "n", 1), 1, 3))
}

// deleteHeader is delete_header(name [, n]): smfi_chgheader with no value.
func deleteHeader(L *lua.LState) int {
	a := Args{L, "delete_header"}
	c := change{Change: protocol.Change{Code: protocol.ReplyChangeHeader, Name: a.headerName(1)}}
	if a.Absent(2) {
		c.everyField = true
		if st := stateOf(L); st.scope != nil && !st.script.counts {
			L.RaiseError("delete_header: call it by its name, or give n: the headers were not asked for")
		}
	} else {
		c.Index = uint32(a.Integer(2, "n", 1))
	}
	return a.record(c)
}

func (a Args) headerChange(code protocol.ReplyCode, index, name, value int) change {
	c := protocol.Change{Code: code, Index: uint32(index), Name: a.headerName(name), Value: a.headerValue(value)}
	if stateOf(a.L).script.request.leadingSpace {
		// The script sees values with the space after the colon, so it writes them so.
		rest, spaced := strings.CutPrefix(c.Value, " ")
		c.Value, c.NoSpace = rest, !spaced
	}
	return change{Change: c}
}

// headerName takes a field name (RFC 5322 section 2.2: printable US-ASCII without colon).
func (a Args) headerName(n int) string {
	name := a.String(n, "name")
	if name == "" {
		a.Fail(n, "name", "a header field needs a name")
	}
	for i := 0; i < len(name); i++ {
		if name[i] <= ' ' || name[i] > '~' || name[i] == ':' {
			a.Fail(n, "name", fmt.Sprintf("%q has %q, which no header name may have", shorten(name), name[i]))
		}
	}
	a.checkLength(n, "name", name)
	return name
}

// headerValue takes a field body: CRLF becomes LF, as the milter protocol wants folding; LF only before white space.
func (a Args) headerValue(n int) string {
	value := a.String(n, "value")
	if strings.Contains(value, "\r\n") {
		value = strings.ReplaceAll(value, "\r\n", "\n")
	}
	for i := 0; i < len(value); i++ {
		switch c := value[i]; {
		case c == 0 || c == '\r':
			a.Fail(n, "value", fmt.Sprintf("%q at byte %d may not stand in a header", c, i+1))
		case c == '\n' && (i+1 == len(value) || value[i+1] != ' ' && value[i+1] != '\t'):
			a.Fail(n, "value", fmt.Sprintf("a line feed at byte %d without a space or tab after it would begin a new header", i+1))
		}
	}
	a.checkLength(n, "value", value)
	return value
}

func (a Args) checkLength(n int, arg, s string) {
	if len(s) > maxField {
		a.Fail(n, arg, fmt.Sprintf("%d bytes; an MTA takes at most %d", len(s), maxField))
	}
}

// addRecipient is add_recipient(address [, params]): smfi_addrcpt, smfi_addrcpt_par.
func addRecipient(L *lua.LState) int {
	a := Args{L, "add_recipient"}
	c := protocol.Change{Code: protocol.ReplyAddRcpt, Value: a.address(1), Params: a.params(2)}
	if c.Value == "" {
		a.Fail(1, "address", "a recipient can't be empty")
	}
	if c.Params != "" {
		c.Code = protocol.ReplyAddRcptPar
	}
	return a.record(change{Change: c})
}

// deleteRecipient is delete_recipient(address): smfi_delrcpt, spelled as the MTA gave it.
func deleteRecipient(L *lua.LState) int {
	a := Args{L, "delete_recipient"}
	address := a.address(1)
	st := stateOf(a.L)
	given, ok := a.messageScope().Message.recipient(address)
	if !ok && st.callback == OnRcpt && Bare(st.event.Mailbox) == address {
		given, ok = Recipient{Address: address}, true // it becomes one when on_rcpt accepts it
	}
	if !ok {
		a.Fail(1, "address", fmt.Sprintf("<%s> is no recipient of this message", shorten(address)))
	}
	return a.record(change{Change: protocol.Change{Code: protocol.ReplyDelRcpt, Value: given.Address}})
}

// changeSender is change_sender(address [, params]): smfi_chgfrom.
func changeSender(L *lua.LState) int {
	a := Args{L, "change_sender"}
	return a.record(change{Change: protocol.Change{Code: protocol.ReplyChangeFrom, Value: a.address(1), Params: a.params(2)}})
}

// replaceBody is replace_body(data): smfi_replacebody.
func replaceBody(L *lua.LState) int {
	a := Args{L, "replace_body"}
	return a.record(change{Change: protocol.Change{Code: protocol.ReplyReplaceBody, Value: a.String(1, "data")}})
}

// quarantine is quarantine(reason): smfi_quarantine.
func quarantine(L *lua.LState) int {
	a := Args{L, "quarantine"}
	reason := a.String(1, "reason")
	if reason == "" {
		a.Fail(1, "reason", "must say why")
	}
	if i := strings.IndexAny(reason, "\r\n\x00"); i >= 0 {
		a.Fail(1, "reason", fmt.Sprintf("%q at byte %d may not stand in a reason", reason[i], i+1))
	}
	a.checkLength(1, "reason", reason)
	return a.record(change{Change: protocol.Change{Code: protocol.ReplyQuarantine, Value: reason}})
}

// progress is progress(): smfi_progress, which an MTA takes at the end of a message only.
func progress(L *lua.LState) int {
	if st := stateOf(L); st.event != nil {
		if err := st.event.Progress(); err != nil {
			L.RaiseError("progress: %s", err)
		}
	}
	return 0
}

// address takes a mailbox with or without <>.
func (a Args) address(n int) string {
	address := Bare(a.String(n, "address"))
	quoted := false
	for i := 0; i < len(address); i++ {
		c := address[i]
		switch {
		case c == '\\' && quoted:
			i++
			if i < len(address) && (address[i] < ' ' || address[i] == 0x7f) {
				a.badByte(n, "address", address, i)
			}
		case c == '"':
			quoted = !quoted
		case c < ' ' || c == 0x7f || !quoted && (c == ' ' || c == '<' || c == '>'):
			a.badByte(n, "address", address, i)
		}
	}
	a.checkLength(n, "address", address)
	return address
}

func (a Args) badByte(n int, arg, s string, i int) {
	a.Fail(n, arg, fmt.Sprintf("%q has %q at byte %d, which may not stand there", shorten(s), s[i], i+1))
}

// params takes ESMTP parameters as a string, or as a table such as on_rcpt gets.
func (a Args) params(n int) string {
	if a.Absent(n) {
		return ""
	}
	var text string
	if table, ok := a.L.Get(n).(*lua.LTable); ok {
		a.CheckWalk(n, "params", table)
		var list []string
		table.ForEach(func(k, v lua.LValue) {
			switch v := v.(type) {
			case lua.LString, lua.LNumber:
				list = append(list, k.String()+"="+v.String())
			case lua.LBool:
				if v {
					list = append(list, k.String())
				}
			default:
				a.Fail(n, "params", fmt.Sprintf("%s is a %s; a string or true expected", k.String(), v.Type()))
			}
		})
		sort.Strings(list)
		text = strings.Join(list, " ")
	} else {
		text = a.String(n, "params")
	}
	for i := 0; i < len(text); i++ {
		if text[i] < ' ' || text[i] == 0x7f {
			a.badByte(n, "params", text, i)
		}
	}
	a.checkLength(n, "params", text)
	return text
}

// messageScope is the scope of a callback that belongs to a message.
func (a Args) messageScope() *Scope {
	st := stateOf(a.L)
	switch {
	case st.scope == nil:
		a.L.RaiseError("%s: only in a callback, not while the script loads", a.Name)
	case !st.callback.inMessage():
		a.L.RaiseError("%s: %s", a.Name, st.callback.AtChange())
	case st.scope.Message == nil:
		a.L.RaiseError("%s: there is no message", a.Name)
	}
	return st.scope
}

// needs raises where an action was not negotiated.
func (a Args) needs(scope *Scope, actions protocol.Action) {
	if missing := actions &^ scope.Options.Actions; missing != 0 {
		a.L.RaiseError("%s: the MTA did not offer %s, or negotiate{actions=...} left it out", a.Name, missing)
	}
}

// record keeps a change for the end of the message, if the MTA takes its kind.
func (a Args) record(c change) int {
	scope := a.messageScope()
	a.needs(scope, c.Action())
	if c.Code != protocol.ReplyReplaceBody && len(c.Name)+len(c.Value)+len(c.Params) > maxField {
		a.L.RaiseError("%s: %d bytes in all; an MTA takes at most %d", a.Name, len(c.Name)+len(c.Value)+len(c.Params), maxField)
	}
	m := scope.Message
	if m.size+c.size() > scope.limit() {
		a.L.RaiseError("%s: %s", a.Name, stateOf(a.L).tooLarge())
	}
	m.size += c.size()
	m.changes = append(m.changes, c)
	return 0
}

// shorten keeps a stranger's text in an error message short.
func shorten(s string) string {
	const most = 80
	if len(s) > most {
		return s[:most] + "..."
	}
	return s
}
