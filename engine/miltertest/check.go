package miltertest

import (
	"strings"

	lua "github.com/yuin/gopher-lua"

	"luamilter/protocol"
)

// check is one kind of mt.eom_check.
type check struct {
	code        protocol.ReplyCode
	least, most int // arguments behind the kind
	matches     func(c *call, ch change) bool
}

// checks are the kinds. The arguments are exact: there are no patterns.
var checks = map[int]check{
	headerAdded:     {protocol.ReplyAddHeader, 0, 2, func(c *call, ch change) bool { return c.isHeader(ch, true) }},
	headerInserted:  {protocol.ReplyInsertHeader, 0, 3, func(c *call, ch change) bool { return c.isHeader(ch, true) }},
	headerChanged:   {protocol.ReplyChangeHeader, 0, 3, func(c *call, ch change) bool { return c.isHeader(ch, true) }},
	headerDeleted:   {protocol.ReplyChangeHeader, 0, 2, isDeletion},
	rcptAdded:       {protocol.ReplyAddRcpt, 1, 1, isText},
	rcptDeleted:     {protocol.ReplyDelRcpt, 1, 1, isText},
	bodyChanged:     {protocol.ReplyReplaceBody, 0, 1, func(c *call, ch change) bool { return c.arguments() == 0 || c.bytes(3) == ch.data }},
	quarantined:     {protocol.ReplyQuarantine, 0, 1, func(c *call, ch change) bool { return c.arguments() == 0 || isText(c, ch) }},
	smtpReplyWanted: {protocol.ReplyReplyCode, 0, 3, isReply},
}

// eomCheck is mt.eom_check(conn, kind, ...): whether the filter has asked for such a change.
func eomCheck(c *call) int {
	c.takes(2, 5)
	conn := c.conn()
	kind, ok := checks[int(c.number(2))]
	if !ok || c.arguments() < kind.least || c.arguments() > kind.most {
		c.invalid()
	}
	for n := range c.arguments() {
		c.bytes(3 + n) // a string or a number
	}
	found, body := false, ""
	for _, ch := range conn.changes {
		if ch.code == kind.code {
			found = found || kind.matches(c, ch)
			body += ch.data
		}
	}
	if kind.code == protocol.ReplyReplaceBody && body != "" { // a long one comes in pieces
		found = found || c.bytes(3) == body
	}
	c.Push(lua.LBool(found))
	return 1
}

// arguments is how many there are behind the kind.
func (c *call) arguments() int { return c.GetTop() - 2 }

// isHeader compares as much of name, value and index as there are arguments.
func (c *call) isHeader(ch change, withValue bool) bool {
	index, name, value := ch.header()
	next := 3
	if c.GetTop() >= next && c.text(next) != name {
		return false
	}
	next++
	if withValue {
		if c.GetTop() >= next && c.text(next) != value {
			return false
		}
		next++
	}
	return c.GetTop() < next || c.number(next) == float64(index)
}

// isDeletion: a header field is deleted by giving it an empty value.
func isDeletion(c *call, ch change) bool {
	_, _, value := ch.header()
	return value == "" && c.isHeader(ch, false)
}

func isText(c *call, ch change) bool { return c.text(3) == ch.text() }

// isReply compares code, enhanced code and text. The model takes only all three, and then as one string.
func isReply(c *call, ch change) bool {
	reply := ch.text()
	var wanted []string
	for n := range c.arguments() {
		wanted = append(wanted, c.text(3+n))
	}
	prefix := strings.Join(wanted, " ")
	if len(wanted) == 3 || reply == prefix {
		return reply == prefix
	}
	rest, ok := strings.CutPrefix(reply, prefix)
	return ok && (len(wanted) == 0 || rest[0] == ' ' || rest[0] == '-' && len(wanted) == 1)
}
