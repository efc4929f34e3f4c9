package luatest

import "testing"

// sessions are filters with a test of t.session, the clock, or what fails.
var sessions = map[string]struct{ filter, test string }{
	"several mails in one session": {
		`function on_connect() conn.n = 0 end
		function on_mail(s) conn.n = conn.n + 1 msg.n = (msg.n or 0) + 1 print(conn.n, msg.n) end
		function on_eom() return reject() end function on_abort() print("abort") end function on_close() print("close", conn.n) end`,
		`local s = t.session{ ip = "192.0.2.7" }
		t.equal(s:send{}.log[1].text, "1\t1")
		local r = s:send{ abort = "data" }
		t.equal(r.log[1].text, "2\t1") t.equal(r.log[2].text, "abort")
		t.equal(s:send{ from = "x@example.com" }.log[1].text, "3\t1")
		t.equal(s:quit().log[1].text, "close\t3")
		t.error(function() s:send{} end, "the session has ended")`,
	},
	"two sessions side by side": {
		`function on_mail() conn.n = (conn.n or 0) + 1 print(conn.n) end`,
		`local a, b = t.session{}, t.session{}
		t.equal(a:send{}.log[1].text, "1") t.equal(a:send{}.log[1].text, "2") t.equal(b:send{}.log[1].text, "1")`,
	},
	"a session that is refused stays so": {
		`function on_helo(name) if name == "bad" then return reject("go away") end end`,
		`local s = t.session{ helo = "bad" }
		t.equal(s.result.verdict, "reject") t.equal(s.result.stage, "helo") t.equal(s.result.callbacks.on_helo.count, 1)
		t.equal(t.session{}.result.verdict, "continue")
		for _ = 1, 2 do
			local r = s:send{}
			t.equal(r.verdict, "reject") t.equal(r.stage, "helo") t.equal(r.reply, "550 5.7.1 go away")
		end`,
	},
	"HELO again, and an unknown command": {
		`function on_helo(name) if name == "bad" then return reject() end print(name) end
		function on_unknown(command) if command == "XNO" then return reject(500, "no") end print(command) end`,
		`local s = t.session{ helo = "one" }
		local r = s:helo("two")
		t.equal(r.log[1].text, "two") t.equal(r.verdict, "continue")
		t.equal(s:unknown("XHI you").log[1].text, "XHI you")
		r = s:unknown("XNO")
		t.equal(r.verdict, "reject") t.equal(r.stage, "unknown") t.equal(r.reply, "500 5.7.1 no")
		t.equal(s:helo("bad").verdict, "reject") t.equal(s:send{}.stage, "helo")`,
	},
	"macros of one mail in a session": {
		`function on_mail() print(macro("auth_authen"), macro("j")) end`,
		`local s = t.session{ macros = { auth_authen = "ann" } }
		t.equal(s:send{}.log[1].text, "ann\tlocalhost")
		t.equal(s:send{ macros = { mail = { auth_authen = "joe" } } }.log[1].text, "joe\tlocalhost")
		t.equal(s:send{}.log[1].text, "ann\tlocalhost")`,
	},
	"the clock that is set": {
		`local loaded = os.date("!%F")
		function on_mail() print(os.time(), os.date("%F %T"), loaded) end`,
		`t.clock("2026-01-02T03:04:05+01:00")
		t.equal(t.send{}.log[1].text, "1767319445\t2026-01-02 03:04:05\t2026-01-02")
		t.equal(os.time(), 1767319445)
		t.clock(86400)
		t.equal(t.send{}.log[1].text, "86400\t1970-01-02 00:00:00\t2026-01-02")
		t.advance(1.5)
		t.equal(os.time(), 86401)
		t.equal(#t.send{}.log, 1)`,
	},
	"timers run when the clock is moved": {
		`every(60, function() print("minute " .. os.date("!%M")) end)
		every(3600, function() error("boom") end)
		function on_mail() end`,
		`t.clock(0)
		t.equal(t.advance(59).log, {})
		local r = t.advance(61)
		t.equal(#r.log, 2) t.equal(r.log[1].text, "minute 01") t.equal(r.log[2].text, "minute 02")
		t.equal(r.callbacks.every.count, 2)
		r = t.advance(3600 - 120)
		t.match(r.failure.message, "filter.lua:2: boom") t.equal(#r.log, 58) t.equal(r.failure.callback, "every")`,
	},
	"what a filter keeps in a local is not there in its next callback": {
		`local subject
		function on_header(name, value) subject, msg.subject = value, value end
		function on_eom() print(subject, msg.subject) end`,
		`t.equal(t.send{ header = "Subject: x" }.log[1].text, "nil\tx")`,
	},
	"settings in place of those of the filter": {
		`local tag, list, on = "old", { "x" }, false
		local other = 1
		assert(type(tag) == "string", "tag must be a text")
		function on_eom() print(tag, list[1], list[2], list.a[1], on, other) end`,
		`t.settings{ tag = "a\"\\\n\0\255", list = { 1.5, "b", a = { -1 } } }
		t.settings{ on = true }
		t.equal(t.send{}.log[1].text, "a\"\\\n\0\255\t1.5\tb\t-1\ttrue\t1")
		t.error(function() t.settings{ tag = "x" } end, "the filter runs already")`,
	},
	"settings that the filter refuses": {
		`local tag = "x"
		assert(type(tag) == "string", "tag must be a text")
		function on_eom() end`,
		`t.settings{ tag = 5 }
		t.error(function() t.send{} end, "filter.lua:2: tag must be a text")
		t.settings{ tag = "y", none = 1 }
		t.error(function() t.send{} end, "filter.lua:1: there is no setting none: no local none = ... at the top")
		t.error(function() t.settings{ tag = print } end, "tag can't be a function")
		t.error(function() t.settings{ ["a b"] = 1 } end, "name = value")`,
	},
	"a filter that may fail": {
		`function on_mail(s) if s == "bad" then error({ message = "no" }) end end`,
		`local r = t.send{ from = "bad", may_fail = true }
		t.equal(r.verdict, "tempfail") t.equal(r.code, 451) t.equal(r.xcode, "4.3.0")
		r = t.send{ from = "bad" }
		t.equal(#r.failures, 1) t.equal(r.failure.callback, "on_mail") t.equal(r.failure.kind, "error")
		t.equal(r.failure.script, "filter.lua") t.equal(r.failure.message, "no") t.match(r.failure.traceback, "filter.lua:1")`,
	},
}

func TestSessions(t *testing.T) {
	for name, c := range sessions {
		t.Run(name, func(t *testing.T) {
			wantPassed(t, runTest(t, c.filter, `t.case("it", function() `+c.test+` end)`))
		})
	}
}

func TestSettingsOfAFileAndOfACase(t *testing.T) {
	wantPassed(t, runTest(t, `
		local name = nil
		local key = assert(name, "set a name")
		function on_eom() print(key) end`,
		`t.settings{ name = "all" }
		t.case("of the file", function() t.equal(t.send{}.log[1].text, "all") end)
		t.case("of the case", function() t.settings{ name = "one" } t.equal(t.send{}.log[1].text, "one") end)
		t.case("of the file again", function() t.equal(t.send{}.log[1].text, "all") end)`))
}

func TestEachCaseBeginsAnew(t *testing.T) {
	f := runTest(t, `function on_mail() conn.n = (conn.n or 0) + 1 print(conn.n, os.time() < 1000) end`,
		`local order = {}
		local kept
		t.before(function() order[#order + 1] = "before" end)
		t.after(function() order[#order + 1] = "after" end)
		t.case("one", function() t.clock(0) t.equal(t.send{}.log[1].text, "1\ttrue") kept = t.session{} end)
		t.case("two", function()
			t.equal(t.send{}.log[1].text, "1\tfalse")
			t.error(function() kept:send{} end, "the session has ended")
			t.equal(order, { "before", "after", "before" })
		end)`)
	wantPassed(t, f)
}
