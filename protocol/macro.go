package protocol

import (
	"errors"
	"fmt"
	"strings"
)

// maxMacros bounds the macros of one frame. MTAs send some 20.
const maxMacros = 1024

// keptMacros is the size of list that is kept for the next message.
const keptMacros = 64

// The scopes of macros, newest first for Get. Postfix also sends macros with HEADER, BODY and
// UNKNOWN, which hold for that one event.
const (
	scopeUnknown = iota
	scopeEOM
	scopeBody
	scopeEOH
	scopeHeader
	scopeData
	scopeRcpt
	scopeMail
	scopeHelo
	scopeConnect
	scopes
)

// scopeCodes gives the command of each scope.
var scopeCodes = [scopes]Code{
	scopeUnknown: CodeUnknown,
	scopeEOM:     CodeEOM,
	scopeBody:    CodeBody,
	scopeEOH:     CodeEOH,
	scopeHeader:  CodeHeader,
	scopeData:    CodeData,
	scopeRcpt:    CodeRcpt,
	scopeMail:    CodeMail,
	scopeHelo:    CodeHelo,
	scopeConnect: CodeConnect,
}

// scopeOf gives the scope of a command's macros, -1 for a command without.
func scopeOf(c Code) int {
	switch c {
	case CodeUnknown:
		return scopeUnknown
	case CodeEOM:
		return scopeEOM
	case CodeBody:
		return scopeBody
	case CodeEOH:
		return scopeEOH
	case CodeHeader:
		return scopeHeader
	case CodeData:
		return scopeData
	case CodeRcpt:
		return scopeRcpt
	case CodeMail:
		return scopeMail
	case CodeHelo:
		return scopeHelo
	case CodeConnect:
		return scopeConnect
	}
	return -1
}

// Macros holds what the MTA has sent with SMFIC_MACRO, scoped as libmilter does (smfi_getsymval):
// those of CONNECT and HELO last as long as the connection, those of RCPT for one recipient, those
// of HEADER, BODY and UNKNOWN for one event, the others until the message ends. The zero value is
// empty and ready for use. It is not safe for concurrent use.
type Macros struct {
	lists [scopes][]string // name, value, name, value, ... ; names as sent
}

// Get gives the value of a macro as the newest stage has it. The name comes with or without braces:
// "i", "{auth_authen}", "auth_authen". The bool is false where the MTA has not sent the macro.
func (m *Macros) Get(name string) (string, bool) {
	name = bareMacro(name)
	for i := range m.lists {
		list := m.lists[i]
		for j := 0; j+1 < len(list); j += 2 {
			if bareMacro(list[j]) == name {
				return list[j+1], true
			}
		}
	}
	return "", false
}

// All calls yield for each macro, oldest stage first, until it returns false. The stage is the name
// of the command ("connect", "mail"), the name of the macro as the MTA sent it.
func (m *Macros) All(yield func(stage, name, value string) bool) {
	for i := scopes - 1; i >= 0; i-- {
		list := m.lists[i]
		for j := 0; j+1 < len(list); j += 2 {
			if !yield(scopeCodes[i].String(), list[j], list[j+1]) {
				return
			}
		}
	}
}

// Set replaces the macros of a command by pairs of name and value. Commands that have no macros,
// and an odd last name, are ignored.
func (m *Macros) Set(code Code, pairs ...string) {
	if s := scopeOf(code); s >= 0 {
		m.lists[s] = append(m.lists[s][:0], pairs[:len(pairs)&^1]...)
	}
}

// receive takes the macros of the frame that precedes the command code. Frames of MAIL and HELO
// begin a new scope: what later stages had is gone.
func (m *Macros) receive(code Code, payload string) error {
	s := scopeOf(code)
	if s < 0 {
		return nil // macros of a command that has no callback
	}
	switch code {
	case CodeMail:
		m.endMessage()
	case CodeHelo, CodeConnect:
		m.endMessage()
		payload = strings.Clone(payload) // lives longer than the read buffer should
	case CodeBody, CodeEOM:
		payload = strings.Clone(payload) // Postfix sends some with each chunk, whose read buffer may be used again
	}
	list, err := appendMacros(m.lists[s][:0], payload)
	m.lists[s] = list
	return err
}

// endEvent drops what held for one event.
func (m *Macros) endEvent() {
	m.drop(scopeRcpt)
	m.drop(scopeHeader)
	m.drop(scopeBody)
	m.drop(scopeUnknown)
}

// endMessage drops what held for the message.
func (m *Macros) endMessage() {
	for s := range scopeHelo {
		m.drop(s)
	}
}

// reset drops everything.
func (m *Macros) reset() {
	for s := range scopes {
		m.drop(s)
	}
}

// drop empties a list, so that it keeps no read buffer alive.
func (m *Macros) drop(s int) {
	list := m.lists[s]
	if len(list) == 0 {
		return
	}
	if cap(list) > keptMacros {
		m.lists[s] = nil
		return
	}
	clear(list)
	m.lists[s] = list[:0]
}

// bareMacro removes the braces of a name.
func bareMacro(name string) string {
	if len(name) > 2 && name[0] == '{' && name[len(name)-1] == '}' {
		return name[1 : len(name)-1]
	}
	return name
}

// bracedMacro writes a name as sendmail.cf and the wire do: a single character plain, a longer name
// in braces.
func bracedMacro(name string) string {
	if len(name) <= 1 || name[0] == '{' {
		return name
	}
	return "{" + name + "}"
}

// appendMacros decodes pairs of name and value, each ended by NUL (the part of SMFIC_MACRO after the
// command byte).
func appendMacros(list []string, s string) ([]string, error) {
	for s != "" {
		if len(list) >= 2*maxMacros {
			return list[:0], fmt.Errorf("more than %d macros", maxMacros)
		}
		i := strings.IndexByte(s, 0)
		if i < 0 {
			return list[:0], errNoNUL
		}
		list = append(list, s[:i])
		s = s[i+1:]
	}
	if len(list)%2 != 0 {
		return list[:0], errOddMacros
	}
	return list, nil
}

var errOddMacros = errors.New("name without a value")
