package miltertest

import (
	"encoding/binary"
	"fmt"
	"strings"

	lua "github.com/yuin/gopher-lua"

	"luamilter/protocol"
)

// change is a frame that a filter sends at the end of a message before its verdict, or a verdict with a text.
type change struct {
	code protocol.ReplyCode
	data string
}

type changes []change

// eom is mt.eom(conn): all that is answered, up to the verdict, is kept for mt.eom_check and mt.getheader.
func eom(c *call) int {
	c.takes(1, 1)
	conn := c.conn()
	c.bring(conn, inBody)
	return c.result(conn.endOfMessage())
}

func (c *conn) endOfMessage() error {
	if err := c.send(protocol.CodeEOM, ""); err != nil {
		return err
	}
	for size := 0; ; {
		code, data, err := c.receive()
		if err != nil {
			return err
		}
		verdict := false
		switch code {
		case protocol.ReplyContinue, protocol.ReplyAccept, protocol.ReplyReject, protocol.ReplyTempfail, protocol.ReplyDiscard:
			verdict = true
		default:
			if size += protocol.ChangeCost(len(data)); size > protocol.MaxChanges {
				return fmt.Errorf("the filter asks for changes of more than %d bytes", protocol.MaxChanges)
			}
			c.changes = append(c.changes, change{code, data})
			verdict = code == protocol.ReplyReplyCode
		}
		if verdict {
			c.reply, c.at = code, ended
			return nil
		}
	}
}

// header reads a header field that is added (no index), inserted or changed.
func (ch change) header() (index uint32, name, value string) {
	data := ch.data
	if ch.code != protocol.ReplyAddHeader && len(data) >= 4 {
		index, data = binary.BigEndian.Uint32([]byte(data)), data[4:]
	}
	name, value, _ = strings.Cut(data, "\x00")
	value, _, _ = strings.Cut(value, "\x00")
	return index, name, value
}

// text reads what has one string: an address, a reason, a reply.
func (ch change) text() string {
	text, _, _ := strings.Cut(ch.data, "\x00")
	return text
}

// getHeader is mt.getheader(conn, name, n): the value of an added or inserted header field; 0 is the newest of that name.
func getHeader(c *call) int {
	c.takes(3, 3)
	conn, wanted, n := c.conn(), c.text(2), int(c.number(3))
	for i := len(conn.changes) - 1; i >= 0; i-- {
		ch := conn.changes[i]
		if ch.code != protocol.ReplyAddHeader && ch.code != protocol.ReplyInsertHeader {
			continue
		}
		if _, name, value := ch.header(); name == wanted {
			if n == 0 {
				c.Push(lua.LString(value))
				return 1
			}
			n--
		}
	}
	return c.result(nil)
}
