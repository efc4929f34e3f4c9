package guard

import (
	"bytes"
	"fmt"
	"math/rand"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	lua "github.com/yuin/gopher-lua"
)

// pucPrelude shows values so that two implementations can be compared: strings quoted byte by byte, numbers as
// tostring has them.
const pucPrelude = `local show; show = function(v) if type(v) == "string" then
return '"' .. string.gsub(v, "[^%w%p ]", function(c) return "\\" .. string.byte(c) end) .. '"' end
if type(v) == "table" or type(v) == "function" or type(v) == "thread" then return type(v) end return tostring(v) end
local function out(...) local t = {} for i = 1, select("#", ...) do t[i] = show((select(i, ...))) end
print(table.concat(t, " ")) end
local function case(f) out(pcall(f)) end
`

// runPUC runs a script with the reference implementation.
func runPUC(t *testing.T, source string) []string {
	t.Helper()
	bin, err := exec.LookPath("lua5.1")
	if err != nil {
		t.Fatal("the reference implementation is needed: install lua5.1 (Debian, Ubuntu: apt-get install lua5.1)")
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "case.lua"), []byte(source), 0o666); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(bin, "case.lua")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "TZ=UTC", "LC_ALL=C")
	text, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("lua5.1: %v\n%s", err, text)
	}
	return strings.Split(strings.TrimSuffix(string(text), "\n"), "\n")
}

// runGuard runs a script in a guarded state and gives what it printed.
func runGuard(t *testing.T, source string) []string {
	t.Helper()
	var lines []string
	fuel := NewFuel(nil)
	L := NewState(Options{Fuel: fuel, Print: func(_ *lua.LState, text string) { lines = append(lines, text) }})
	defer L.Close()
	chunk, err := Compile("case.lua", []byte(source))
	if err != nil {
		t.Fatal(err)
	}
	fuel.Begin(time.Minute, nil)
	if err := Run(L, chunk, 0); err != nil {
		t.Fatal(err)
	}
	return strings.Split(strings.Join(lines, "\n"), "\n")
}

// The VM of gopher-lua words its own errors differently. What counts is that there is an error, and where.
var wordings = []struct {
	pattern *regexp.Regexp
	common  string
}{
	{regexp.MustCompile(`attempt to (\w+) (?:local|global|field|upvalue|method) '[^']*' \(an? (\w+) value\)`), "attempt to $1 a $2 value"},
	{regexp.MustCompile(`attempt to index a non-table object\((\w+)\) with key '[^']*'`), "attempt to index a $1 value"},
	{regexp.MustCompile(`attempt to compare .*`), "attempt to compare"},
	{regexp.MustCompile(`attempt to call a (?:\w+ value|non-function object)`), "attempt to call"},
	{regexp.MustCompile(`cannot perform \w+ operation between \w+ and (\w+)`), "attempt to perform arithmetic on a $1 value"},
	{regexp.MustCompile(`for statement (\w+) must`), "'for' $1 must"},
	{regexp.MustCompile(`from outside a coroutine`), "across metamethod/C-call boundary"},
}

var place = regexp.MustCompile(`"case.lua:\d+: `)

// same compares two lines. An error that a library function raises when pcall calls it directly has neither a place
// nor the function's name in PUC; here it has both.
func same(got, want string) bool {
	got, want = common(got), common(want)
	if got != want && !place.MatchString(want) {
		got = place.ReplaceAllString(got, `"`)
		if strings.Contains(want, "to '?'") {
			got = functionName.ReplaceAllString(got, "to '?'")
		}
	}
	return got == want
}

var functionName = regexp.MustCompile(`to '\w+'`)

func common(line string) string {
	for _, w := range wordings {
		line = w.pattern.ReplaceAllString(line, w.common)
	}
	return line
}

// comparePUC runs a script, which begins behind pucPrelude, with both.
func comparePUC(t *testing.T, script string) {
	t.Helper()
	source := pucPrelude + script
	want, got := runPUC(t, source), runGuard(t, source)
	if len(got) != len(want) {
		t.Errorf("got %d lines, want %d", len(got), len(want))
	}
	sourceLines := strings.Split(source, "\n")
	shown := 0
	for i := range min(len(got), len(want)) {
		if same(got[i], want[i]) {
			continue
		}
		if shown++; shown > 15 {
			t.Fatal("and more")
		}
		cause := ""
		if n := bytes.Count([]byte(pucPrelude), []byte("\n")); len(want)+n <= len(sourceLines) {
			cause = sourceLines[i+n]
		}
		t.Errorf("line %d\n%s\n got %s\nwant %s", i+1, cause, got[i], want[i])
	}
}

// luaQuote writes a string that every Lua reads back byte by byte.
func luaQuote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(s) {
		if c := s[i]; c < 32 || c > 126 || c == '"' || c == '\\' {
			fmt.Fprintf(&b, "\\%03d", c)
		} else {
			b.WriteByte(c)
		}
	}
	return b.String() + `"`
}

type generator struct{ *rand.Rand }

func pick[T any](g generator, list ...T) T { return list[g.Intn(len(list))] }

func (g generator) join(most int, list ...string) string {
	var b strings.Builder
	for range g.Intn(most + 1) {
		b.WriteString(pick(g, list...))
	}
	return b.String()
}

func (g generator) subject() string {
	return g.join(14, "a", "b", "c", "1", "_", " ", "(", ")", "x", ".", "A", "\xe4", "\n", "ab", "a,b", "[", "]")
}

func (g generator) pattern() string {
	return g.join(6, "a", "b", ".", "%a", "%d", "%s", "%w", "[ab]", "[^a]", "[a-c]", "(", ")", "()", "*", "+", "-",
		"?", "%1", "%2", "%b()", "%f[%w]", "%f[^%w]", "$", "^", "x", "[%w_]", "%p", "%%", "]", "[", "[]]", "[^]]", "%S", "%A", "%",
		"(a)", "(.-)", "(%w+)", "[a-]", "[%a-z]", "%z", "\xe4", "%u", "%L", "%x", "%c", "%b", "%f")
}

func (g generator) number() string {
	return pick(g, "0", "1", "-1", "2", "3", "-2", "10", "1.5", "-0.5", "1e15", "123456789", "1e100", "-1e300", "1/0", "-1/0",
		"0.1", "1e-5", "123456.789", "2^53", "1e14", "99999999999999", "-3.75", "1e16", "5e-324", "65", "255",
		fmt.Sprint(g.NormFloat64()), fmt.Sprint(g.Int63()), fmt.Sprint(g.Intn(1000)))
}

func (g generator) index() string {
	return pick(g, "0", "1", "-1", "2", "-2", "3", "5", "-7", "100", "-100", "1.7", "nil", "'2'")
}

func (g generator) numeral() string {
	return g.join(5, "1", "0", "9", ".", "e", "E", "+", "-", "x", "0x", " ", "f", "A", "p", "inf", "nan", "\t", "5", "_")
}

func (g generator) anyValue() string {
	return pick(g, "nil", "true", "false", "{}", "print", "'12'", "'x'", "'0x10'", g.number(), luaQuote(g.subject()))
}

func testRandom(t *testing.T, n int, line func(g generator) string) {
	t.Helper()
	g := generator{rand.New(rand.NewSource(1))}
	var b strings.Builder
	for range n {
		fmt.Fprintf(&b, "case(function() return %s end)\n", line(g))
	}
	comparePUC(t, b.String())
}

func TestRandomCallsAgreeWithPUC(t *testing.T) {
	q := luaQuote
	tests := map[string]func(g generator) string{
		"string.find": func(g generator) string {
			return fmt.Sprintf("string.find(%s, %s, %s, %s)", q(g.subject()), q(g.pattern()), g.index(), pick(g, "nil", "true"))
		},
		"string.match": func(g generator) string {
			return fmt.Sprintf("string.match(%s, %s, %s)", q(g.subject()), q(g.pattern()), g.index())
		},
		"string.gmatch": func(g generator) string {
			return fmt.Sprintf("(function() local r = {} for a, b in string.gmatch(%s, %s) do r[#r+1] = show(a) .. show(b) end return table.concat(r, ',') end)()",
				q(g.subject()), q(g.pattern()))
		},
		"string.gsub": func(g generator) string {
			repl := pick(g, `"<%0>"`, `"%1"`, `"%2x"`, `"%%"`, `"%"`, `"%a"`, `"-"`, "{a='A', ab=false, x=1}",
				"function(a, b) return b end", "function(a) return a .. '!' end", "function() end", "function() return {} end", "12", "nil")
			return fmt.Sprintf("string.gsub(%s, %s, %s, %s)", q(g.subject()), q(g.pattern()), repl, pick(g, "nil", "nil", "1", "2", "0", "-1"))
		},
		"string.format": func(g generator) string {
			verb := pick(g, "d", "i", "u", "c", "x", "X", "o", "e", "E", "f", "g", "G", "q", "s", "y", "", "%")
			spec := "%" + g.join(2, "-", "+", " ", "#", "0") + pick(g, "", "", "5", "20", "99", "100", "1") +
				pick(g, "", "", ".", ".3", ".0", ".10", ".99", ".100") + verb
			value := g.number()
			if verb == "s" || verb == "q" {
				value = pick(g, q(g.subject()), g.number(), "nil", "true", `("x"):rep(120)`)
			} else if verb == "c" {
				value = pick(g, "65", "97.9", "200", "'66'", "321")
			} else if g.Intn(8) == 0 {
				value = g.anyValue()
			}
			return fmt.Sprintf("string.format(%s, %s)", q(g.join(2, "a", "%%")+spec+g.join(1, "z")), value)
		},
		"string.rep": func(g generator) string {
			return fmt.Sprintf("string.rep(%s, %s)", q(g.subject()), pick(g, "0", "1", "3", "-1", "2.9", "'2'", "nil", "{}"))
		},
		"string.sub": func(g generator) string {
			return fmt.Sprintf("string.sub(%s, %s, %s)", q(g.subject()), g.index(), g.index())
		},
		"string.byte": func(g generator) string {
			return fmt.Sprintf("string.byte(%s, %s, %s)", q(g.subject()), g.index(), g.index())
		},
		"string.char": func(g generator) string {
			return fmt.Sprintf("string.char(%s, %s)", pick(g, "0", "65", "255", "256", "-1", "'70'", "1.9", "nil"), pick(g, "10", "200", "'x'"))
		},
		"one string": func(g generator) string {
			return fmt.Sprintf("string.%s(%s)", pick(g, "len", "upper", "lower", "reverse"), pick(g, q(g.subject()), g.anyValue()))
		},
		"tostring": func(g generator) string { return fmt.Sprintf("tostring(%s)", g.number()) },
		"tonumber": func(g generator) string {
			return fmt.Sprintf("tonumber(%s, %s)", pick(g, q(g.numeral()), g.number()), pick(g, "nil", "nil", "10"))
		},
		"tonumber with a base": func(g generator) string {
			return fmt.Sprintf("tonumber(%s, %s)", q(g.join(4, "1", "7", "f", "F", "z", "0x", "-", " ", "+", "0")), pick(g, "2", "8", "16", "36", "37", "1", "7"))
		},
		"concat": func(g generator) string {
			return fmt.Sprintf("(%s) .. (%s) .. (%s)", g.anyValue(), g.number(), q(g.subject()))
		},
		"table.concat": func(g generator) string {
			return fmt.Sprintf("table.concat({%s}, %s, %s, %s)", g.join(4, "1,", "'a',", "2.5,", "'',"), pick(g, "nil", "','", "7"), pick(g, "nil", "1", "0", "2", "-1"), pick(g, "nil", "1", "2", "5", "0"))
		},
		"table.insert and remove": func(g generator) string {
			ops := g.join(4, "table.insert(t, 1);", "table.insert(t, 1, 'a');", "if #t > 0 then table.insert(t, 2, 'b') end;", "table.insert(t, #t+1, 'c');",
				"r[#r+1]=table.remove(t) or 'none';", "r[#r+1]=table.remove(t, 1) or 'none';", "r[#r+1]=table.remove(t, 9) or 'none';", "if #t > 0 then table.insert(t, #t, 'd') end;")
			return "(function() local t, r = {5, 6, 7}, {} " + ops + " return #t, table.concat(t, ','), table.concat(r, ',') end)()"
		},
		"table.sort": func(g generator) string {
			var list strings.Builder
			for range g.Intn(40) {
				fmt.Fprintf(&list, "{k=%d, n=%d},", g.Intn(8), g.Intn(1000))
			}
			less := pick(g, "function(a, b) return a.k < b.k end", "function(a, b) return a.k > b.k end", "function(a, b) return true end",
				"function(a, b) return a.k <= b.k end", "nil")
			return "(function() local t = {" + list.String() + "} table.sort(t, " + less + ") local r = {} for i, v in ipairs(t) do r[i] = v.k .. ':' .. v.n end return table.concat(r, ' ') end)()"
		},
		"select and unpack": func(g generator) string {
			return fmt.Sprintf("select(%s, unpack({1, 2, nil, 4}, %s, %s))", pick(g, "1", "'#'", "-1", "0", "2", "9", "-9"), pick(g, "nil", "1", "2", "0", "-1"), pick(g, "nil", "4", "2", "0", "3"))
		},
		"math": func(g generator) string {
			return fmt.Sprintf("math.%s(%s, %s)", pick(g, "abs", "ceil", "floor", "max", "min", "fmod", "modf", "frexp", "deg", "sqrt"), g.number(), pick(g, "3", "-2.5", "7"))
		},
		"os.date": func(g generator) string {
			return fmt.Sprintf("os.date('!%%%s', %d)", pick(g, "a", "A", "b", "B", "c", "d", "H", "I", "j", "m", "M", "p", "S", "U", "w", "W", "x", "X", "y", "Y", "%",
				"D", "e", "F", "h", "n", "r", "R", "t", "T", "u", "V", "G", "g", "C"), g.Int63n(4e9))
		},
		"os.time": func(g generator) string {
			return fmt.Sprintf("os.date('!%%c', os.time{year=%d, month=%d, day=%d, hour=%d, min=%d, sec=%d})", 1975+g.Intn(60), g.Intn(30)-3, g.Intn(70)-9, g.Intn(40), g.Intn(99), g.Intn(99))
		},
		"arguments of the wrong type": func(g generator) string {
			f := pick(g, "string.rep", "string.sub", "string.find", "string.gsub", "string.byte", "string.format", "table.concat", "table.insert",
				"table.remove", "table.sort", "setmetatable", "ipairs", "pairs", "rawget", "rawset", "tonumber", "unpack", "select", "math.floor",
				"coroutine.create", "string.gmatch", "math.max", "table.maxn", "string.char", "rawequal", "type", "error", "assert")
			list := []string{g.anyValue(), g.anyValue(), g.anyValue()}[:g.Intn(4)]
			return fmt.Sprintf("%s(%s)", f, strings.Join(list, ", "))
		},
	}
	t.Setenv("TZ", "UTC")
	for name, line := range tests {
		t.Run(name, func(t *testing.T) { testRandom(t, 600, line) })
	}
}
