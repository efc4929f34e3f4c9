package guard

import (
	"fmt"
	"os"
	"strings"
	"time"

	lua "github.com/yuin/gopher-lua"
)

// The functions of os that reach neither the file system nor the process.
var osFunctions = map[string]lua.LGFunction{
	"clock":    osClock,
	"date":     osDate,
	"difftime": osDifftime,
	"getenv":   osGetenv,
	"time":     osTime,
}

func osClock(L *lua.LState) int {
	L.Push(lua.LNumber(ClockOf(L).Elapsed().Seconds()))
	return 1
}

func osDifftime(L *lua.LState) int {
	a := args{L, "difftime"}
	L.Push(lua.LNumber(a.number(1) - a.number(2)))
	return 1
}

func osGetenv(L *lua.LState) int {
	value, ok := os.LookupEnv(args{L, "getenv"}.text(1))
	if !ok {
		L.Push(lua.LNil)
		return 1
	}
	return pushString(L, value)
}

func osTime(L *lua.LState) int {
	if L.Get(1) == lua.LNil {
		L.Push(lua.LNumber(ClockOf(L).Now().Unix()))
		return 1
	}
	t := args{L, "time"}.table(1)
	field := func(name string, def int) int {
		v, ok := toNumber(t.RawGetString(name))
		if !ok && def < 0 {
			L.RaiseError("field '%s' missing in date table", name)
		}
		if !ok {
			return def
		}
		return int(int32(toInt(v))) // as in C; time.Date takes time in proportion to no field then
	}
	sec, minute, hour := field("sec", 0), field("min", 0), field("hour", 12)
	day, month, year := field("day", -1), field("month", -1), field("year", -1)
	L.Push(lua.LNumber(time.Date(year, time.Month(month), day, hour, minute, sec, 0, ClockOf(L).Now().Location()).Unix()))
	return 1
}

func osDate(L *lua.LState) int {
	a := args{L, "date"}
	format := a.optText(1, "%c")
	t := ClockOf(L).Now()
	if L.Get(2) != lua.LNil {
		const far = 1 << 36 // some 2,000 years, well inside what both C and Go count in
		t = time.Unix(int64(min(max(a.number(2), -far), far)), 0).In(t.Location())
	}
	if strings.HasPrefix(format, "!") {
		t, format = t.UTC(), format[1:]
	}
	if strings.HasPrefix(format, "*t") {
		L.Push(dateTable(L, t))
		return 1
	}
	var out builder
	for {
		i := strings.IndexByte(format, '%')
		if i < 0 || i+1 == len(format) {
			out.add(L, format)
			return pushString(L, out.String())
		}
		out.add(L, format[:i])
		out.add(L, strftime(t, format[i+1]))
		format = format[i+2:]
	}
}

func dateTable(L *lua.LState, t time.Time) *lua.LTable {
	d := L.CreateTable(0, 9)
	for name, v := range map[string]int{
		"year": t.Year(), "month": int(t.Month()), "day": t.Day(), "hour": t.Hour(), "min": t.Minute(),
		"sec": t.Second(), "wday": int(t.Weekday()) + 1, "yday": t.YearDay(),
	} {
		d.RawSetString(name, lua.LNumber(v))
	}
	d.RawSetString("isdst", lua.LBool(t.IsDST()))
	return d
}

// layouts are the conversions of strftime in the C locale that Go's layouts can express.
var layouts = map[byte]string{
	'a': "Mon", 'A': "Monday", 'b': "Jan", 'B': "January", 'c': "Mon Jan _2 15:04:05 2006", 'd': "02",
	'D': "01/02/06", 'e': "_2", 'F': "2006-01-02", 'h': "Jan", 'H': "15", 'I': "03", 'm': "01", 'M': "04", 'p': "PM",
	'r': "03:04:05 PM", 'R': "15:04", 'S': "05", 'T': "15:04:05", 'x': "01/02/06", 'X': "15:04:05", 'y': "06",
	'Y': "2006", 'z': "-0700", 'Z': "MST",
}

func strftime(t time.Time, c byte) string {
	if layout, ok := layouts[c]; ok {
		return t.Format(layout)
	}
	isoYear, isoWeek := t.ISOWeek()
	weekday, yday := int(t.Weekday()), t.YearDay()-1
	switch c {
	case '%':
		return "%"
	case 'n':
		return "\n"
	case 't':
		return "\t"
	case 'C':
		return fmt.Sprintf("%02d", t.Year()/100)
	case 'G':
		return fmt.Sprint(isoYear)
	case 'g':
		return fmt.Sprintf("%02d", isoYear%100)
	case 'j':
		return fmt.Sprintf("%03d", yday+1)
	case 's':
		return fmt.Sprint(t.Unix())
	case 'u':
		return fmt.Sprint((weekday+6)%7 + 1)
	case 'U':
		return fmt.Sprintf("%02d", (yday+7-weekday)/7)
	case 'V':
		return fmt.Sprintf("%02d", isoWeek)
	case 'w':
		return fmt.Sprint(weekday)
	case 'W':
		return fmt.Sprintf("%02d", (yday+7-(weekday+6)%7)/7)
	}
	return "%" + string([]byte{c})
}
