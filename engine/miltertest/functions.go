package miltertest

import (
	"errors"
	"io/fs"
	"math"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"

	"luamilter/protocol"
)

// longest bounds the waits of a script, so that they can be counted in.
const longest = 1000 * time.Hour

// seconds is an argument that is a time.
func (c *call) seconds(n int) time.Duration {
	f := c.number(n)
	if !(f >= 0) {
		c.invalid()
	}
	return time.Duration(min(f, longest.Seconds()) * float64(time.Second))
}

func echo(c *call) int {
	c.takes(1, 1)
	c.run.print(c.text(1))
	return 0
}

func chdir(c *call) int {
	c.takes(1, 1)
	if err := os.Chdir(c.text(1)); err != nil {
		var path *fs.PathError
		if errors.As(err, &path) {
			err = path.Err
		}
		c.fail("%s: %s", c.text(1), err)
	}
	return 0
}

func getcwd(c *call) int {
	c.takes(0, 0)
	dir, err := os.Getwd()
	if err != nil {
		c.fail("%s", err)
	}
	c.Push(lua.LString(dir))
	return 1
}

func setTimeout(c *call) int {
	c.takes(1, 1)
	c.run.timeout = max(c.seconds(1), time.Nanosecond) // none would be for ever
	return 0
}

func sleep(c *call) int {
	c.takes(1, 1)
	c.run.sleep(c.seconds(1))
	return c.result(nil)
}

// speedFactor is a variable with which all tests of a suite wait longer between their tries to connect.
const speedFactor = "MILTERTEST_RETRY_SPEED_FACTOR"

// connect is mt.connect(address[, count, interval]). It raises an error where the manual has it return nil.
func connect(c *call) int {
	tries, interval := 1, time.Duration(0)
	if c.GetTop() != 1 {
		c.takes(3, 3)
		tries, interval = int(min(max(c.number(2), 1), math.MaxInt32)), c.seconds(3)
		if factor, err := strconv.ParseUint(os.Getenv(speedFactor), 10, 16); err == nil {
			interval = min(interval*time.Duration(factor), longest)
		}
	}
	nc, err := c.run.dial(c.text(1), tries, interval)
	if errors.Is(err, errAddress) {
		c.invalid()
	}
	if err != nil {
		c.fail("%s", err)
	}
	ud := c.NewUserData()
	ud.Value = c.run.newConn(nc)
	c.Push(ud)
	return 1
}

// disconnect is mt.disconnect(conn[, polite]).
func disconnect(c *call) int {
	c.takes(1, 2)
	conn := c.conn()
	if c.GetTop() == 2 && c.Get(2).Type() != lua.LTBool {
		c.invalid()
	}
	if c.GetTop() == 1 || c.ToBool(2) {
		_ = conn.send(protocol.CodeQuit, "") // a filter that has gone already is no error
	}
	conn.close()
	return c.result(nil)
}

// negotiate is mt.negotiate(conn, version, steps, actions): the manual has the last two the other way round.
func negotiate(c *call) int {
	c.takes(4, 4)
	conn := c.conn()
	offer := protocol.Offer{Version: protocol.Version, Actions: protocol.AllActions, Steps: protocol.AllSteps}
	if c.has(2) {
		offer.Version = c.bits(2)
	}
	if c.has(3) {
		offer.Steps = protocol.Step(c.bits(3))
	}
	if c.has(4) {
		offer.Actions = protocol.Action(c.bits(4))
	}
	err := conn.offer(offer)
	if err == nil {
		conn.reply = protocol.ReplyCode(protocol.CodeOptNeg)
	}
	return c.result(err)
}

func testAction(c *call) int {
	c.takes(2, 2)
	conn := c.conn()
	action := protocol.Action(c.bits(2))
	c.bring(conn, negotiated)
	c.Push(lua.LBool(conn.actions&action != 0))
	return 1
}

func testOption(c *call) int {
	c.takes(2, 2)
	conn := c.conn()
	option := protocol.Step(c.bits(2))
	c.bring(conn, negotiated)
	c.Push(lua.LBool(conn.got&option != 0))
	return 1
}

func getReply(c *call) int {
	c.takes(1, 1)
	c.Push(lua.LNumber(c.conn().reply))
	return 1
}

// connInfo is mt.conninfo(conn, host, ip); either may be nil.
func connInfo(c *call) int {
	c.takes(3, 3)
	conn, host, ip := c.conn(), clientHost, ""
	if c.has(2) {
		host = c.text(2)
	}
	if c.has(3) {
		ip = c.text(3)
	}
	c.ready(conn, stepTo(connected), negotiated)
	if !c.has(3) {
		var err error
		if ip, err = lookUp(c.run.ctx, host); err != nil {
			c.fail("%s", err)
		}
	}
	payload := host + "\x00U"
	if !strings.EqualFold(ip, "unspec") {
		address, err := netip.ParseAddr(ip)
		if err != nil || address.Zone() != "" {
			c.fail("invalid IP address '%s'", ip)
		}
		family := "6"
		if address.Is4() {
			family = "4"
		}
		payload = host + "\x00" + family + clientPort + ip + "\x00"
	}
	return c.result(c.step(conn, connected, payload))
}

func helo(c *call) int {
	c.takes(2, 2)
	return c.result(c.step(c.conn(), greeted, c.text(2)+"\x00"))
}

func unknown(c *call) int {
	c.takes(2, 2)
	conn, command := c.conn(), c.text(2)
	c.ready(conn, &unknownCommand, connected)
	return c.result(conn.exchange(&unknownCommand, command+"\x00"))
}

// macro is mt.macro(conn, type, name, value, ...). The names are sent as they are; a last one without a value is not.
func macro(c *call) int {
	c.takes(4, -1)
	conn, stage := c.conn(), c.bits(2)
	if stage > math.MaxUint8 {
		c.invalid()
	}
	payload := string([]byte{byte(stage)}) + c.strings(3, c.GetTop()-c.GetTop()%2)
	c.bring(conn, negotiated)
	return c.result(conn.send(protocol.CodeMacro, payload))
}

// strings are the arguments from n to last, each ended by a NUL.
func (c *call) strings(n, last int) string {
	var b strings.Builder
	for ; n <= last; n++ {
		b.WriteString(c.text(n))
		b.WriteByte(0)
	}
	return b.String()
}

// mailFrom is mt.mailfrom(conn, sender, parameter...). The changes of the message before are forgotten.
func mailFrom(c *call) int {
	c.takes(2, -1)
	conn := c.conn()
	err := c.step(conn, sent, c.strings(2, c.GetTop()))
	if err == nil {
		conn.changes = nil
	}
	return c.result(err)
}

func rcptTo(c *call) int {
	c.takes(2, -1)
	return c.result(c.step(c.conn(), rcpted, c.strings(2, c.GetTop())))
}

func data(c *call) int {
	c.takes(1, 1)
	return c.result(c.step(c.conn(), inData, ""))
}

// header is mt.header(conn, name, value). As the model, it puts no space before the value if it only now comes to
// negotiate that there is to be one.
func header(c *call) int {
	c.takes(3, 3)
	conn, name, value := c.conn(), c.text(2), c.text(3)
	if conn.got&protocol.StepLeadingSpace != 0 {
		value = " " + value
	}
	return c.result(c.step(conn, inHeader, name+"\x00"+value+"\x00"))
}

func eoh(c *call) int {
	c.takes(1, 1)
	return c.result(c.step(c.conn(), atEOH, ""))
}

// abort is mt.abort(conn). What follows it is as behind HELO, whatever came before.
func abort(c *call) int {
	c.takes(1, 1)
	conn := c.conn()
	err := conn.send(protocol.CodeAbort, "")
	if err == nil {
		conn.at = greeted
	}
	return c.result(err)
}
