package miltertest

import (
	"math"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// functions is the table mt.
var functions = map[string]func(*call) int{
	"abort": abort, "bodyfile": bodyFile, "bodyrandom": bodyRandom, "bodystring": bodyString, "chdir": chdir,
	"connect": connect, "conninfo": connInfo, "data": data, "disconnect": disconnect, "echo": echo, "eoh": eoh, "eom": eom,
	"eom_check": eomCheck, "getcwd": getcwd, "getheader": getHeader, "getreply": getReply, "header": header, "helo": helo,
	"macro": macro, "mailfrom": mailFrom, "negotiate": negotiate, "rcptto": rcptTo, "set_timeout": setTimeout,
	"signal": signalFilter, "sleep": sleep, "startfilter": startFilter, "test_action": testAction,
	"test_option": testOption, "unknown": unknown,
}

// call is a call of a function of mt.
type call struct {
	*lua.LState
	run  *run
	name string
}

// fail raises an error of the function.
func (c *call) fail(format string, values ...any) {
	fail(c.LState, "mt."+c.name+"(): "+format, values...)
}

// takes demands that the number of arguments is from least to most; -1 is no limit.
func (c *call) takes(least, most int) {
	if n := c.GetTop(); n < least || most >= 0 && n > most {
		c.invalid()
	}
}

func (c *call) invalid() { c.fail("Invalid argument") }

// conn is the connection that is the first argument of most functions.
func (c *call) conn() *conn {
	if ud, ok := c.Get(1).(*lua.LUserData); ok {
		if conn, ok := ud.Value.(*conn); ok && conn.open {
			return conn
		}
	}
	c.invalid()
	return nil
}

// has says that there is an n-th argument that is not nil.
func (c *call) has(n int) bool { return c.Get(n) != lua.LNil }

// text is a string or a number. What the model hands on as a string of C ends at a NUL.
func (c *call) text(n int) string {
	text, _, _ := strings.Cut(c.bytes(n), "\x00")
	return text
}

// bytes is a string or a number.
func (c *call) bytes(n int) string {
	switch v := c.Get(n).(type) {
	case lua.LString:
		return string(v)
	case lua.LNumber:
		return v.String()
	}
	c.invalid()
	return ""
}

// number is a number, or a string that is one.
func (c *call) number(n int) float64 {
	switch v := c.Get(n).(type) {
	case lua.LNumber:
		return float64(v)
	case lua.LString:
		if f, ok := parseNumber(strings.TrimSpace(string(v))); ok {
			return f
		}
	}
	c.invalid()
	return 0
}

func parseNumber(s string) (float64, bool) {
	if digits, hex := strings.CutPrefix(strings.ToLower(s), "0x"); hex {
		n, err := strconv.ParseUint(digits, 16, 64)
		return float64(n), err == nil
	}
	f, err := strconv.ParseFloat(s, 64)
	return f, err == nil
}

// bits is a number that is a set of bits.
func (c *call) bits(n int) uint32 {
	f := c.number(n)
	if !(f >= 0 && f <= math.MaxUint32) {
		c.invalid()
	}
	return uint32(f)
}

// result is what most functions give: nil, or a text that says what went wrong.
func (c *call) result(err error) int {
	if err != nil {
		c.Push(lua.LString(err.Error()))
	} else {
		c.Push(lua.LNil)
	}
	return 1
}
