package guard

import (
	"math"
	"strconv"
	"strings"

	lua "github.com/yuin/gopher-lua"
)

// formatNumber writes a number as Lua 5.1 does ("%.14g").
func formatNumber(v float64) string {
	if i := int64(v); float64(i) == v && i > -1e14 && i < 1e14 && (i != 0 || !math.Signbit(v)) {
		return strconv.FormatInt(i, 10)
	}
	return formatG(v, 14)
}

func formatG(v float64, precision int) string {
	switch {
	case math.IsInf(v, 1):
		return "inf"
	case math.IsInf(v, -1):
		return "-inf"
	case math.IsNaN(v) && math.Signbit(v):
		return "-nan" // what 0/0 gives on amd64, and glibc writes
	case math.IsNaN(v):
		return "nan"
	}
	s := strconv.FormatFloat(v, 'e', precision-1, 64)
	mantissa, exponent, _ := strings.Cut(s, "e")
	exp, _ := strconv.Atoi(exponent)
	if exp >= -4 && exp < precision {
		return trimZeros(strconv.FormatFloat(v, 'f', precision-1-exp, 64))
	}
	return trimZeros(mantissa) + "e" + exponent
}

func trimZeros(s string) string {
	if strings.IndexByte(s, '.') < 0 {
		return s
	}
	return strings.TrimRight(strings.TrimRight(s, "0"), ".")
}

const space = " \t\n\v\f\r"

// parseNumber reads a number as Lua 5.1 does with the C library's strtod: surrounding space, decimal and hexadecimal
// numerals, inf and nan. Lua sees the text up to the first NUL.
func parseNumber(s string) (float64, bool) {
	if i := strings.IndexByte(s, 0); i >= 0 {
		s = s[:i]
	}
	s = strings.Trim(s, space)
	digits := s
	if digits != "" && (digits[0] == '+' || digits[0] == '-') {
		digits = digits[1:]
	}
	sign := 1.0
	if s != digits && s[0] == '-' {
		sign = -1
	}
	if digits == "" || strings.IndexByte(digits, '_') >= 0 || strings.ContainsAny(digits[:1], "+-") {
		return 0, false
	}
	switch lower := strings.ToLower(digits[:min(len(digits), 9)]); {
	case lower == "inf" || lower == "infinity":
		return math.Inf(int(sign)), len(digits) <= 8
	case lower == "nan":
		return math.Copysign(math.NaN(), sign), len(digits) == 3
	case strings.HasPrefix(lower, "0x"):
		v, ok := parseHex(digits[2:])
		return sign * v, ok
	}
	if c := digits[0]; c != '.' && (c < '0' || c > '9') {
		return 0, false
	}
	v, err := strconv.ParseFloat(digits, 64)
	if err != nil && !math.IsInf(v, 0) {
		return 0, false
	}
	return sign * v, true
}

func parseHex(s string) (float64, bool) {
	if !strings.ContainsAny(s, "pP") {
		s += "p0"
	}
	v, err := strconv.ParseFloat("0x"+s, 64)
	return v, err == nil || math.IsInf(v, 0)
}

// parseBase reads an integer as C's strtoul does: a negative one wraps around, one too large gives the largest.
func parseBase(s string, base int) (float64, bool) {
	if i := strings.IndexByte(s, 0); i >= 0 {
		s = s[:i]
	}
	s = strings.Trim(s, space)
	negative := strings.HasPrefix(s, "-")
	if negative || strings.HasPrefix(s, "+") {
		s = s[1:]
	}
	if base == 16 && len(s) > 2 && (s[:2] == "0x" || s[:2] == "0X") {
		s = s[2:]
	}
	if s == "" || strings.ContainsAny(s[:1], "+-") {
		return 0, false
	}
	v, err := strconv.ParseUint(s, base, 64)
	if err != nil && v != math.MaxUint64 {
		return 0, false
	}
	if negative && err == nil {
		v = -v
	}
	return float64(v), true
}

// toInt is C's conversion of a number for an index or a count; what does not fit becomes the nearest.
func toInt(v float64) int {
	switch {
	case math.IsNaN(v):
		return 0
	case v >= math.MaxInt64:
		return math.MaxInt64
	case v <= math.MinInt64:
		return math.MinInt64
	}
	return int(v)
}

// toNumber is Lua's conversion where a number is wanted.
func toNumber(v lua.LValue) (float64, bool) {
	switch v := v.(type) {
	case lua.LNumber:
		return float64(v), true
	case lua.LString:
		return parseNumber(string(v))
	}
	return 0, false
}

// toText is Lua's conversion where a string is wanted.
func toText(v lua.LValue) (string, bool) {
	switch v := v.(type) {
	case lua.LString:
		return string(v), true
	case lua.LNumber:
		return formatNumber(float64(v)), true
	}
	return "", false
}
