package guard

import (
	"math"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// directive is one conversion of a format string: %[flags][width][.precision]verb.
type directive struct {
	minus, plus, blank, sharp, zero bool
	width, precision                int // precision -1: none given
	verb                            byte
}

func strFormat(L *lua.LState) int {
	a := args{L, "format"}
	format := a.text(1)
	var out builder
	arg := 1
	for {
		i := strings.IndexByte(format, '%')
		if i < 0 {
			out.add(L, format)
			return pushString(L, out.String())
		}
		out.add(L, format[:i])
		format = format[i+1:]
		if strings.HasPrefix(format, "%") {
			out.addByte(L, '%')
			format = format[1:]
			continue
		}
		var d directive
		format = d.parse(L, format)
		arg++
		if d.verb == 's' && d.precision < 0 && d.width < 100 {
			// The usual case, without a copy of a long string.
			text := a.text(arg)
			pad := max(d.width-len(text), 0)
			if !d.minus {
				out.add(L, strings.Repeat(" ", pad))
			}
			out.add(L, text)
			if d.minus {
				out.add(L, strings.Repeat(" ", pad))
			}
			continue
		}
		if d.verb == 'q' {
			quote(L, &out, a.text(arg))
			continue
		}
		out.add(L, d.format(a, arg))
	}
}

// parse reads a directive behind its '%' and gives what follows it.
func (d *directive) parse(L *lua.LState, s string) string {
	i := 0
	for i < len(s) && strings.IndexByte("-+ #0", s[i]) >= 0 {
		switch s[i] {
		case '-':
			d.minus = true
		case '+':
			d.plus = true
		case ' ':
			d.blank = true
		case '#':
			d.sharp = true
		case '0':
			d.zero = true
		}
		i++
	}
	if i > 5 {
		L.RaiseError("invalid format (repeated flags)")
	}
	number := func() (n int) {
		for k := 0; k < 2 && i < len(s) && s[i] >= '0' && s[i] <= '9'; k++ {
			n = n*10 + int(s[i]-'0')
			i++
		}
		return n
	}
	d.width, d.precision = number(), -1
	if i < len(s) && s[i] == '.' {
		i++
		d.precision = number()
	}
	if i < len(s) && s[i] >= '0' && s[i] <= '9' {
		L.RaiseError("invalid format (width or precision too long)")
	}
	if i == len(s) {
		L.RaiseError("invalid option '%s' to 'format'", "%")
	}
	d.verb = s[i]
	if strings.IndexByte("cdiouxXeEfgGqs", d.verb) < 0 {
		L.RaiseError("invalid option '%%%s' to 'format'", string([]byte{d.verb}))
	}
	return s[i+1:]
}

func (d *directive) format(a args, arg int) string {
	switch d.verb {
	case 'c':
		return d.pad("", string([]byte{byte(a.integer(arg))}), false)
	case 'd', 'i':
		return d.signed(cLong(a.number(arg)))
	case 'o', 'u', 'x', 'X':
		return d.unsigned(cUnsigned(a.number(arg)))
	case 's':
		text := a.text(arg)
		return d.pad("", text[:min(len(text), d.precision)], false)
	}
	return d.float(a.number(arg))
}

// cLong and cUnsigned convert as C does on amd64, where the language leaves it open.
func cLong(v float64) int64 {
	if v >= -(1<<63) && v < 1<<63 {
		return int64(v)
	}
	return math.MinInt64
}

func cUnsigned(v float64) uint64 {
	if v >= 1<<63 {
		return uint64(cLong(v-(1<<63))) ^ 1<<63
	}
	return uint64(cLong(v))
}

func (d *directive) sign(negative bool) string {
	switch {
	case negative:
		return "-"
	case d.plus:
		return "+"
	case d.blank:
		return " "
	}
	return ""
}

func (d *directive) signed(v int64) string {
	magnitude := uint64(v)
	if v < 0 {
		magnitude = -magnitude
	}
	return d.integer(d.sign(v < 0), strconv.FormatUint(magnitude, 10))
}

func (d *directive) unsigned(v uint64) string {
	base, prefix := 10, ""
	switch d.verb {
	case 'o':
		base = 8
	case 'x':
		base, prefix = 16, "0x"
	case 'X':
		base, prefix = 16, "0X"
	}
	digits := strconv.FormatUint(v, base)
	if d.verb == 'X' {
		digits = strings.ToUpper(digits)
	}
	switch {
	case !d.sharp || base == 16 && v == 0:
		prefix = ""
	case base == 8 && digits[0] != '0' && d.precision <= len(digits):
		prefix, digits = "", "0"+digits
	}
	if base == 8 && v == 0 && d.sharp && d.precision == 0 {
		return d.pad("", "0", false)
	}
	return d.integer(prefix, digits)
}

func (d *directive) integer(prefix, digits string) string {
	if d.precision == 0 && digits == "0" {
		digits = ""
	}
	if n := d.precision - len(digits); n > 0 {
		digits = strings.Repeat("0", n) + digits
	}
	return d.pad(prefix, digits, d.precision < 0)
}

func (d *directive) float(v float64) string {
	prefix := d.sign(math.Signbit(v))
	upper := d.verb == 'E' || d.verb == 'G'
	text, finite := "", true
	switch {
	case math.IsInf(v, 0):
		text, finite = "inf", false
	case math.IsNaN(v):
		text, finite = "nan", false
	default:
		text = d.digits(math.Abs(v))
	}
	if upper {
		text = strings.ToUpper(text)
	}
	return d.pad(prefix, text, finite)
}

func (d *directive) digits(v float64) string {
	precision := d.precision
	if precision < 0 {
		precision = 6
	}
	switch d.verb {
	case 'f':
		s := strconv.FormatFloat(v, 'f', precision, 64)
		if d.sharp && precision == 0 {
			s += "."
		}
		return s
	case 'e', 'E':
		return d.exponent(v, precision)
	}
	precision = max(precision, 1)
	if !d.sharp {
		return formatG(v, precision)
	}
	e := strconv.FormatFloat(v, 'e', precision-1, 64)
	exp, _ := strconv.Atoi(e[strings.IndexByte(e, 'e')+1:])
	if exp < -4 || exp >= precision {
		return d.exponent(v, precision-1)
	}
	s := strconv.FormatFloat(v, 'f', precision-1-exp, 64)
	if strings.IndexByte(s, '.') < 0 {
		s += "."
	}
	return s
}

func (d *directive) exponent(v float64, precision int) string {
	s := strconv.FormatFloat(v, 'e', precision, 64)
	if d.sharp && precision == 0 {
		s = s[:1] + "." + s[1:]
	}
	return s
}

// pad brings prefix and text to the width; zeros says that the 0 flag may fill between them.
func (d *directive) pad(prefix, text string, zeros bool) string {
	n := d.width - len(prefix) - len(text)
	switch {
	case n <= 0:
		return prefix + text
	case d.minus:
		return prefix + text + strings.Repeat(" ", n)
	case d.zero && zeros:
		return prefix + strings.Repeat("0", n) + text
	}
	return strings.Repeat(" ", n) + prefix + text
}

// quote writes a string so that Lua can read it back (%q).
func quote(L *lua.LState, out *builder, s string) {
	out.reserve(L, len(s)+2)
	out.addByte(L, '"')
	for i := range len(s) {
		switch c := s[i]; c {
		case '"', '\\', '\n':
			out.addByte(L, '\\')
			out.addByte(L, c)
		case '\r':
			out.add(L, `\r`)
		case 0:
			out.add(L, `\000`)
		default:
			out.addByte(L, c)
		}
	}
	out.addByte(L, '"')
}
