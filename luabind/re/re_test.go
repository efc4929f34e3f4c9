package re_test

import (
	"strings"
	"testing"
	"time"
)

func TestMatchAndFind(t *testing.T) {
	expect(t, []struct{ name, lua, want string }{
		{"the whole match without groups", `re.match("abc123", "[0-9]+")`, `"123"`},
		{"the groups", `re.match("k=v", "(\\w)=(\\w)")`, `"k" "v"`},
		{"no match is nil", `re.match("abc", "[0-9]+")`, `nil`},
		{"a group that took no part is nil, an empty one is not", `re.match("b", "(a)?(x*)b")`, `nil ""`},
		{"find gives the place", `re.find("xaby", "a(b)")`, `2 3 "b"`},
		{"find nothing", `re.find("x", "y")`, `nil`},
		{"an empty match", `re.find("abc", "x*")`, `1 0`},
		{"from a place", `re.find("aXaX", "X", 3)`, `4 4`},
		{"from a place counted from the end", `re.match("a1b2", "[0-9]", -1)`, `"2"`},
		{"from far before the start", `re.match("a1b2", "[0-9]", -100)`, `"1"`},
		{"just behind the end", `re.find("abc", "$", 4)`, `4 3`},
		{"past the end", `re.find("abc", "$", 5)`, `nil`},
		{"^ matches where the search starts, as in string.find", `re.find("abab", "^ab", 3)`, `3 4`},
		{"case folded", `re.match("HÉLLO", "(?i)héllo")`, `"HÉLLO"`},
		{"named groups", `re.groups("k=v", "(?P<key>\\w)=(?<value>\\w)(x)?")`, `{0="k=v" 1="k" 2="v" key="k" value="v"}`},
		{"named groups of no match", `re.groups("", "(?P<key>\\w)")`, `nil`},
		{"NUL and line ends are bytes like others", `re.match("a\0b\r\n", "(?s)\\x00.*")`, `"\x00b\r\n"`},
		{"a byte that is not UTF-8 is one dot", `re.match("a\233\128b", "a(..)b")`, `"\xe9\x80"`},
		{"and is matched by U+FFFD", `re.find("a\233b", "\\x{FFFD}")`, `2 2`},
		{"and by no letter, whatever the case", `re.find("\233", "(?i)é|É|\\pL")`, `nil`},
		{"a number is a string", `re.match(451, "^4")`, `"4"`},
	})
}

func TestAllMatches(t *testing.T) {
	expect(t, []struct{ name, lua, want string }{
		{"texts", `re.find_all("a1b22", "[0-9]+")`, `{1="1" 2="22"}`},
		{"one group", `re.find_all("a=1,b=2", "(\\w)=")`, `{1="a" 2="b"}`},
		{"several groups", `re.find_all("a=1,b=", "(\\w)=(\\d)?")`, `{1={1="a" 2="1"} 2={1="b" 2=""}}`},
		{"a limit", `re.find_all("aaa", "a", 2)`, `{1="a" 2="a"}`},
		{"none", `re.find_all("", "a")`, `{}`},
		{"\\b sees what is before", `re.find_all("foobar bar", "\\bbar")`, `{1="bar"}`},
		{"^ is the start only", `re.find_all("aaa", "^a")`, `{1="a"}`},
		{"^ of each line", `re.find_all("a\na", "(?m)^a")`, `{1="a" 2="a"}`},
		{"an open \\Q with a look back", `re.find_all("a.b(xa.b(", "\\b\\Qa.b(")`, `{1="a.b("}`},
		{"empty matches go on by whole characters", `#re.find_all("éé", "")`, `3`},
	})
	got, err := run(t, time.Minute, `
		for k, v in re.gmatch("a=1, =2,b", "(\\w)?=(\\d)") do got(k, v) end
		for w in re.gmatch("ab", ".") do got(w) end
		local co = coroutine.wrap(re.gmatch("xy", "."))`)
	if want := `"a" "1"|"" "2"|"a"|"b"`; err == nil && strings.Join(got, "|") != want {
		t.Errorf("gmatch: got %s, want %s", strings.Join(got, "|"), want)
	}
	if err == nil || !strings.Contains(err.Error(), "Lua function expected") {
		t.Errorf("gmatch as a coroutine: got %v, want that it is no Lua function", err)
	}
}

func TestSplit(t *testing.T) {
	expect(t, []struct{ name, lua, want string }{
		{"by a pattern", `re.split("a, b ,c", "\\s*,\\s*")`, `{1="a" 2="b" 3="c"}`},
		{"empty pieces stay", `re.split(",a,,", ",")`, `{1="" 2="a" 3="" 4=""}`},
		{"at most n", `re.split("a,b,c", ",", 2)`, `{1="a" 2="b,c"}`},
		{"into one", `re.split("a,b", ",", 1)`, `{1="a,b"}`},
		{"an empty string", `re.split("", ",")`, `{1=""}`},
		{"by nothing", `re.split("abc", "")`, `{1="a" 2="b" 3="c"}`},
		{"empty matches in between", `re.split("a1b", "[0-9]*")`, `{1="a" 2="b"}`},
	})
}

func TestGsub(t *testing.T) {
	expect(t, []struct{ name, lua, want string }{
		{"a text", `re.gsub("abab", "a", "x")`, `"xbxb" 2`},
		{"at most n", `re.gsub("aaa", "a", "x", 2)`, `"xxa" 2`},
		{"none", `re.gsub("aaa", "b", "x")`, `"aaa" 0`},
		{"groups and percent", `re.gsub("k=v", "(\\w)=(?P<val>\\w)", "%2=%1 %0 100%% %{val}")`, `"v=k k=v 100% v" 1`},
		{"%1 without groups is the match", `re.gsub("ab", "b", "<%1>")`, `"a<b>" 1`},
		{"a group that took no part is empty", `re.gsub("b", "(a)?b", "[%1]")`, `"[]" 1`},
		{"a table", `re.gsub("a b c", "\\w", { a = "1", b = 2, c = false })`, `"1 2 c" 3`},
		{"a table for a group that took no part", `re.gsub("b", "(a)?b", { a = "1" })`, `"b" 1`},
		{"a function", `re.gsub("a=1", "(\\w)=(\\d)(x)?", function(k, v, x) return v .. k .. tostring(x) end)`, `"1anil" 1`},
		{"a function that leaves it", `re.gsub("ab", "\\w", function(c) if c == "a" then return "A" end end)`, `"Ab" 2`},
		{"empty matches", `re.gsub("abc", "x*", "-")`, `"-a-b-c-" 4`},
		{"^ once", `re.gsub("aaa", "^a", "")`, `"aa" 1`},
		{"word borders", `re.gsub("cat concat cat", "\\bcat\\b", "dog")`, `"dog concat dog" 2`},
		{"within another", `re.gsub("a.b", "\\w", function(c) return (re.gsub(c, "b", "x")) end)`, `"a.x" 2`},
		{"bytes stay as they are", `re.gsub("\233a\255", "a", "b")`, `"\xe9b\xff" 1`},
	})
}

func TestCompiledAndEscape(t *testing.T) {
	expect(t, []struct{ name, lua, want string }{
		{"methods", `re.compile("(b)"):find("abc", 1)`, `2 2 "b"`},
		{"match", `re.compile("b"):match("abc")`, `"b"`},
		{"find_all", `re.compile("."):find_all("abc", 2)`, `{1="a" 2="b"}`},
		{"gsub", `re.compile("b"):gsub("abc", "x")`, `"axc" 1`},
		{"split", `re.compile(","):split("a,b")`, `{1="a" 2="b"}`},
		{"groups", `re.compile("(?P<x>b)"):groups("b").x`, `"b"`},
		{"gmatch", `re.compile("b"):gmatch("ab")()`, `"b"`},
		{"in place of a pattern", `re.match("abc", re.compile("c"))`, `"c"`},
		{"its text", `tostring(re.compile("a+"))`, `"pattern a+"`},
		{"its metatable is closed", `getmetatable(re.compile("a"))`, `false`},
		{"escape", `re.escape("a.b*(c)")`, `"a\\.b\\*\\(c\\)"`},
		{"what was escaped matches itself", `re.match("x1+1=2 \\Ey", re.escape("1+1=2 \\E"))`, `"1+1=2 \\E"`},
		{"also what is not UTF-8", `re.match("a\233.", re.escape("\233."))`, `"\xe9."`},
	})
}

func TestWrongArguments(t *testing.T) {
	tests := []struct{ name, lua, want string }{
		{"no pattern", `re.match("x")`, "filter.lua:1: bad argument #2 to 're.match' (pattern: string expected, got no value)"},
		{"a table as subject", `re.find({}, "x")`, "bad argument #1 to 're.find' (s: string expected, got table)"},
		{"a pattern that does not compile", `re.match("x", "a(b")`, `filter.lua:1: bad argument #2 to 're.match' (pattern: "a(b": missing closing ): a(b)`},
		{"what RE2 leaves out", `re.compile("(?=a)")`, `"(?=a)": invalid or unsupported Perl syntax: (?=`},
		{"a pattern that is not UTF-8", `re.compile("\233")`, `not UTF-8; \x{FFFD} stands for any byte that is not`},
		{"a foreign object", `re.match("x", io.stdout)`, "string expected, got userdata"},
		{"a method on something else", `re.compile("a").match("x", "y")`, "bad argument #1 to 'match' (pattern: compiled pattern expected, got string)"},
		{"a limit below zero", `re.find_all("a", "a", -1)`, "a whole number from 0 on expected, got -1"},
		{"a split into nothing", `re.split("a", "a", 0)`, "a whole number from 1 on expected, got 0"},
		{"a place that is no number", `re.find("a", "a", "1")`, "init: number expected, got string"},
		{"a replacement of a wrong type", `re.gsub("a", "a", true)`, "bad argument #3 to 're.gsub' (repl: string, table or function expected, got boolean)"},
		{"no replacement", `re.gsub("a", "a")`, "string, table or function expected, got no value"},
		{"a group that is not there", `re.gsub("a", "(a)", "%2")`, "%2: the pattern has 1 groups"},
		{"a name that is not there", `re.gsub("a", "(a)", "%{b}")`, "%{b}: the pattern has no group of that name"},
		{"a single percent sign", `re.gsub("a", "a", "100%")`, "ends in a single %"},
		{"percent before a letter", `re.gsub("a", "a", "%d")`, "a digit, {name} or % follows a percent sign"},
		{"a function that gives a table", `re.gsub("a", "a", function() return {} end)`, "it gave a table to put in"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := run(t, time.Minute, tt.lua); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("%s: got %v, want %q", tt.lua, err, tt.want)
			}
		})
	}
}

func TestManyHyphensAreNoRanges(t *testing.T) {
	expect(t, []struct{ name, lua, want string }{
		{"before classes", `re.match("x-1", "(?:" .. ("a-\\d|"):rep(500) .. "x-\\d)")`, `"x-1"`},
	})
}

func TestPatternsThatAreTooLarge(t *testing.T) {
	tests := []struct{ name, lua, want string }{
		{"a long one", `("a"):rep(20000)`, "20000 bytes are more than the 16384 allowed"},
		{"many copies", `("a{1000}"):rep(100)`, "too large: about 1"},
		{"many groups", `("(a)"):rep(300)`, "300 groups are more than the 250 allowed"},
		{"groups and copies", `("(a)"):rep(200) .. "a{1000}a{1000}a{1000}"`, "too large"},
		{"ranges that fold slowly", `"(?i)[" .. ("B-\\x{1e942}"):rep(100) .. "]"`, "100 ranges that end outside ASCII"},
		{"large classes", `("\\pL"):rep(1001)`, "classes such as \\pL"},
		{"deep ones", `("("):rep(2000) .. (")"):rep(2000)`, "expression nests too deeply"},
		{"repeats in repeats", `"(?:a{1000}){1000}"`, "invalid repeat count"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if _, err := run(t, time.Minute, `re.compile(`+tt.lua+`)`); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v, want %q", err, tt.want)
			}
		})
	}
}

func TestLongMatchesAreInterrupted(t *testing.T) {
	// Each of them takes minutes or hours.
	tests := []struct{ name, lua string }{
		{"a large program on a large input", `re.match(("a"):rep(16 * 2^20), ("(?:a{0,1000})"):rep(4) .. "b")`},
		{"many groups", `re.match(("a"):rep(16 * 2^20), ("(a?)"):rep(200) .. "z")`},
		{"each match looks at all of the rest", `re.find_all(("x"):rep(2^20), "x[^y]*y|x")`},
		{"the same with a border", `re.gsub(("x "):rep(2^20), "\\bx[^y]*y|\\bx", "")`},
		{"as a loop", `for _ in re.gmatch(("x"):rep(2^20), "x[^y]*y|x") do end`},
		{"as a split", `re.split(("x"):rep(2^20), "x[^y]*y|x")`},
		{"patterns without end", `local i = 0; while true do i = i + 1; re.compile("(?i)" .. i .. ("\\pL"):rep(900)) end`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := run(t, 100*time.Millisecond, tt.lua)
			if err == nil || !strings.Contains(err.Error(), "time limit") {
				t.Errorf("got %v, want that it ran past its time limit", err)
			}
		})
	}
}

func TestResultsAreBounded(t *testing.T) {
	_, err := run(t, time.Minute, `re.gsub(("a"):rep(2^16), "a", ("b"):rep(2^12))`)
	if err == nil || !strings.Contains(err.Error(), "filter.lua:1: re.gsub: resulting string too large (at most 64 MiB)") {
		t.Errorf("got %v, want that the string is too large", err)
	}
}
