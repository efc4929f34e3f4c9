package luatest

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestAssertionsThatHold(t *testing.T) {
	wantPassed(t, runTest(t, `function on_eom() end`, `t.case("it", function()
		t.equal(1, 1) t.equal("a", "a") t.equal({ 1, { a = {} } }, { 1, { a = {} } }) t.equal(nil, nil) t.equal(0/0 ~= 0/0, true)
		t.not_equal(1, "1") t.not_equal({ 1 }, { 1, 2 }) t.not_equal({ a = 1 }, { a = 2 }) t.not_equal({ 1 }, nil)
		t.match("550 5.7.1 no", "^550 5%.7") t.match(550, "^5") t.no_match("a", "b") t.no_match(nil, "b")
		t.contains("abc", "b") t.contains({ "a", { 1 } }, { 1 }) t.contains({ x = "y" }, "y")
		t.ok(0) t.ok("") t.is_true(true) t.is_false(false) t.is_nil(nil)
		t.match(t.error(function() error("boom") end), "filter_test.lua:7: boom$")
		t.error(function() error("boom") end, "bo+m") t.equal(t.error(function() error({ 1 }) end), { 1 })
		local a, b = {}, {} a[1], a[2], b[1], b[2] = a, a, b, b
		t.equal(a, b)
	end)`))
}

// failing are assertions that do not hold, with what is said.
var failing = map[string]struct{ test, want string }{
	"equal":             {`t.equal("accept", "reject")`, "got:  \"accept\"\nwant: \"reject\""},
	"equal of types":    {`t.equal(1, "1")`, "got:  1\nwant: \"1\""},
	"equal with nil":    {`t.equal(nil, {})`, "got:  nil\nwant: {}"},
	"equal of tables":   {`t.equal({ b = 1, a = { 2 } }, { 1, ["x y"] = true })`, "got:  { a = { 2 }, b = 1 }\nwant: { 1, [\"x y\"] = true }"},
	"equal with a note": {`t.equal(1, 2, "the count")`, "the count\ngot:  1\nwant: 2"},
	"equal of texts": {`t.equal("one\ntwo\nthree\nfour\n", "one\ntwo\n3\nfour\n")`, `--- want
+++ got
@@ -1,4 +1,4 @@
 one
 two
-3
+three
 four`},
	"equal of texts with control characters": {`t.equal("a\nb\27[1m\n", "a\nb\n")`, "-b\n+b\\x1b[1m"},
	"equal of texts that differ at the end":  {`t.equal("one\ntwo", "one\ntwo\n")`, "got:  \"one\\ntwo\"\nwant: \"one\\ntwo\\n\""},
	"equal of long lines": {`t.equal(("x"):rep(100) .. "a" .. ("y"):rep(100), ("x"):rep(100) .. "b" .. ("y"):rep(100))`,
		"they differ from byte 101 on\ngot:  ...\"" + strings.Repeat("x", 36) + "a" + strings.Repeat("y", 35) + "\"...\nwant: ...\"" +
			strings.Repeat("x", 36) + "b" + strings.Repeat("y", 35) + "\"..."},
	"equal of large tables": {`t.equal({ name = ("x"):rep(60), value = "one" }, { name = ("x"):rep(60), value = "two" })`, `--- want
+++ got
@@ -1,4 +1,4 @@
 {
   name = "` + strings.Repeat("x", 60) + `",
-  value = "two",
+  value = "one",
 }`},
	"equal of tables that look alike": {`local a, b = {}, {} for i = 1, 2000 do a[i], b[i] = i, i end b[2000] = 0 t.equal(a, b)`, "got and want look the same"},
	"not_equal":                       {`t.not_equal("a", "a")`, `got, and not wanted: "a"`},
	"match":                           {`t.match("451 later", "^550")`, "got:  \"451 later\"\nwant: text that matches \"^550\""},
	"match of nil":                    {`t.match(nil, "^550")`, "got:  nil\nwant: text that matches \"^550\""},
	"no_match":                        {`t.no_match("abc", "b")`, "want: text that does not match \"b\""},
	"contains":                        {`t.contains({ 1, 2 }, 3)`, "got:  { 1, 2 }\nwant: something with 3"},
	"ok":                              {`t.ok(false, "must be")`, "must be\ngot:  false\nwant: neither nil nor false"},
	"is_true":                         {`t.is_true(1)`, "got:  1\nwant: true"},
	"is_nil":                          {`t.is_nil("x")`, "got:  \"x\"\nwant: nil"},
	"error without one":               {`t.error(function() end)`, "got:  no error\nwant: an error"},
	"error of another kind":           {`t.error(function() error("x", 0) end, "boom")`, "got:  the error \"x\"\nwant: one that matches \"boom\""},
	"an assertion in error":           {`t.error(function() t.equal(1, 2) end)`, "got:  1\nwant: 2"},
	"an assertion in pcall":           {`pcall(function() t.equal(1, 2) end)`, "got:  1\nwant: 2"},
	"an assertion in a coroutine":     {`coroutine.wrap(function() t.equal(1, 2) end)()`, "got:  1\nwant: 2"},
	"fail":                            {`t.fail("so not")`, "so not"},
	"an error of the test":            {`local x = nil; x()`, "attempt to call"},
	"a function that is not there":    {`t.equals(1, 2)`, "the module test has no equals; did you mean equal?"},
	"a wrong option":                  {`t.send{ form = "x" }`, "send: there is no option form; there are ip, hostname,"},
	"a wrong type":                    {`t.send{ from = {} }`, "send: from: a string expected, got table"},
	"a wrong stage":                   {`t.send{ abort = "eom" }`, `send: abort: mail, rcpt, data, header, eoh or body expected, got "eom"`},
	"a wrong macro stage":             {`t.send{ macros = { x = {} } }`, `send: macros: "x" is no stage`},
	"a wrong offer":                   {`t.send{ offer = { without = "SMFIP_X" } }`, `send: offer: without: "SMFIP_X" is not known`},
	"two mails in one":                {`t.send{ text = "x", body = "y" }`, "send: mail, text, or header and body: only one of them"},
	"no such mail":                    {`t.send{ mail = "no.eml" }`, "send: mail: open no.eml: no such file"},
	"a wrong reply":                   {`t.send{ to = { { address = "a", rejected = "250 fine" } } }`, "rejected: true or a reply such as"},
	"a wrong time":                    {`t.clock("tomorrow")`, "bad argument #1 to 'clock'"},
	"a method without colon":          {`t.session().send{ from = "x" }`, "send: call it with a colon, as in s:send(...)"},
	"a header that is no text":        {`t.send{}.mail:header()`, "bad argument #2 to 'header' (name: string expected"},
	"a table in itself":               {`local a = { 1 } a.a = a t.equal(a, 1)`, "got:  { 1, a = {...} }\nwant: 1"},
	"a step back":                     {`t.advance(-1)`, "bad argument #1 to 'advance'"},
	"a case in a case":                {`t.case("x", function() end)`, "case: not in a case"},
	"no such module":                  {`require "nothing"`, `require: module "nothing" not found`},
}

func TestAssertionsThatDoNotHold(t *testing.T) {
	for name, c := range failing {
		t.Run(name, func(t *testing.T) {
			f := runTest(t, `function on_eom() end`, "\nt.case('it', function()\n"+c.test+"\nend)")
			if len(f.Cases) != 1 || len(f.Cases[0].Failures) != 1 {
				t.Fatalf("got %d cases, %s; want one failure of one", len(f.Cases), f.said())
			}
			got := f.Cases[0].Failures[0]
			if !strings.Contains(got.Text, c.want) {
				t.Errorf("got\n%s\nwant\n%s", got.Text, c.want)
			}
			if got.Place != "filter_test.lua:3" || got.Source != printable(c.test) {
				t.Errorf("got the place %s and the line %q", got.Place, got.Source)
			}
		})
	}
}

func TestAFailureInAHelperNamesItsCallers(t *testing.T) {
	f := runTest(t, `function on_eom() end`, `local helper = require "helper"
		t.case("it", function()
			helper.check(1)
		end)`, "helper.lua", "local t = require 'test'\nreturn { check = function(x)\n t.equal(x, 2)\nend }")
	if got, want := f.said(), "helper.lua:3: got:  1\nwant: 2\ncalled from filter_test.lua:3\n"; got != want {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestAFilterThatFailsFailsTheCase(t *testing.T) {
	f := runTest(t, `function on_mail() error("\27[1mboom") end function on_close() x = 1 end`, `t.case("it", function() t.send{} end)`)
	for _, want := range []string{"the filter failed in on_mail: filter.lua:1: \\x1b[1mboom", "stack traceback",
		"the filter failed in on_close: filter.lua:1: assignment to global 'x'", "the last mail: tempfail: 451 4.3.0 "} {
		if got := f.said(); !strings.Contains(got, want) {
			t.Errorf("got %s, want %q in it", got, want)
		}
	}
	if got := len(f.Cases[0].Failures); got != 2 {
		t.Errorf("got %d failures, want 2", got)
	}
}

func TestWhatIsWrongWithAFile(t *testing.T) {
	for name, c := range map[string]struct{ filter, test, want string }{
		"syntax of the test":      {`function on_eom() end`, "\n t.case(", "filter_test.lua:2: syntax error"},
		"an error at the top":     {`function on_eom() end`, "\n error('no')", "filter_test.lua:2: no"},
		"a table raised":          {`function on_eom() end`, "error({ code = 1 })", "an error was raised: { code = 1 }"},
		"no case":                 {`function on_eom() end`, "", "filter_test.lua: no case: call t.case(name, fn)"},
		"two cases of a name":     {`function on_eom() end`, "for _ = 1, 2 do t.case('x', print) end", `filter_test.lua:1: case: "x" is the name of two cases; the other is at line 1`},
		"an assertion at the top": {`function on_eom() end`, "\n t.equal(1, 2)", "filter_test.lua:2: assertion: only in a case"},
		"a mail at the top":       {`function on_eom() end`, "\n t.send{}", "filter_test.lua:2: send: only in a case"},
		"a filter with an error":  {"\nfunction on_eom(", "t.case('x', print)", "filter.lua:2: syntax error"},
		"a filter without a use":  {"local x", "t.case('x', print)", "filter.lua: defines no callback"},
	} {
		t.Run(name, func(t *testing.T) {
			f := runTest(t, c.filter, c.test)
			if !strings.HasPrefix(f.Problem, c.want) || f.Failed() != 1 || len(f.Cases) != 0 {
				t.Errorf("got %q, want %q", f.Problem, c.want)
			}
		})
	}
}

func TestTheNameOfATestFile(t *testing.T) {
	for path, want := range map[string]string{
		"a_test.lua": "a.lua", "x/a_test.lua": "x/a.lua", "a.lua": "", "_test.lua": "", "x/_test.lua": "", "a_test.lua.bak": "",
	} {
		if got, err := Tested(path); got != want || (err == nil) != (want != "") {
			t.Errorf("%s: got %q, %v, want %q", path, got, err, want)
		}
	}
}

func TestACaseThatRunsTooLong(t *testing.T) {
	wantPassed(t, runTest(t, `function on_eom() end`, `t.case("a", function() if os.getenv("ENDLESS") then while true do end end end)`))
	t.Setenv("ENDLESS", "1")
	s := newSuite()
	s.Limit = 50 * time.Millisecond
	f := s.Run(t.Context(), "filter_test.lua")
	if got := f.said(); !strings.Contains(got, "the case ran longer than 50ms (--case-timeout)") {
		t.Errorf("got %q", got)
	}
}

func TestACaseEndsWithTheRun(t *testing.T) {
	const endless = "while true do pcall(function() while true do end end) end"
	for name, test := range map[string]string{
		"in a case":    `t.case("x", function() ` + endless + ` end)`,
		"at the top":   endless,
		"after a case": `t.after(function() ` + endless + ` end) t.case("x", function() t.send{} end)`,
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "filter_test.lua")
			for file, text := range map[string]string{path: `local t = require "test" ` + test, strings.TrimSuffix(path, "_test.lua") + ".lua": "function on_eom() end"} {
				if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			suite := newSuite()
			suite.Limit, suite.Config.MessageTimeout = time.Hour, time.Hour
			suite.Run(ctx, path) // it would be an hour
		})
	}
}
