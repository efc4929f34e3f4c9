package luatest

import "testing"

// sends are filters with a test of what t.send gives.
var sends = map[string]struct{ filter, test string }{
	"a mail that passes": {
		`function on_eom() end`,
		`local r = t.send{}
		t.equal(r.verdict, "accept") t.equal(r.stage, "eom") t.is_nil(r.reply) t.is_nil(r.code) t.is_nil(r.quarantine)
		t.equal(r.changes, {}) t.equal(r.refused, {}) t.equal(r.failures, {}) t.is_nil(r.failure) t.equal(r.log, {})
		t.equal(r.mail.text, "From: sender@example.com\nTo: recipient@example.org\nSubject: test\n\ntest\n")
		t.equal(r.mail.body, "test\n") t.equal(r.mail.sender, "sender@example.com")
		t.equal(r.mail.recipients, {"recipient@example.org"})
		t.equal(r.callbacks.on_eom.count, 1) t.ok(r.callbacks.on_eom.seconds >= 0)`,
	},
	"a mail that is rejected": {
		`function on_mail(sender) if sender == "a@spam.example" then return reject(550, "5.7.1", "not here", "100%") end end`,
		`local r = t.send{ from = "<a@spam.example>" }
		t.equal(r.verdict, "reject") t.equal(r.stage, "mail") t.equal(r.code, 550) t.equal(r.xcode, "5.7.1")
		t.equal(r.reply, "550-5.7.1 not here\n550 5.7.1 100%") t.is_nil(r.mail)
		t.equal(t.send{ from = "" }.verdict, "accept")`,
	},
	"a connection that is refused": {
		`function on_connect(name, family, address, port)
			if name == "bad.example" then return tempfail() end
			if family == "unix" then return accept() end
			print(family, address, port)
		end
		function on_helo(name) print(name) end
		function on_eom() add_header("X-A", "b") end`,
		`local r = t.send{ hostname = "bad.example" }
		t.equal(r.verdict, "tempfail") t.equal(r.stage, "connect") t.match(r.reply, "^451 4%.7%.1 ")
		r = t.send{ family = "unix", ip = "/run/x" }
		t.equal(r.verdict, "accept") t.equal(r.stage, "connect") t.equal(r.changes, {})
		r = t.send{ ip = "2001:db8::1", port = 25, helo = "mx.example" }
		t.equal(r.log[1].text, "inet6\t2001:db8::1\t25") t.equal(r.log[2].text, "mx.example") t.equal(#r.log, 2)
		r = t.send{ family = "unknown", ip = "", helo = false }
		t.equal(#r.log, 1)`,
	},
	"recipients": {
		`function on_rcpt(address, params)
			if address:match("^no") then return reject("no such user") end
			if address:match("^later") then return tempfail() end
			print(address, params.NOTIFY, params.X)
		end
		function on_eom() add_header("X-To", table.concat(msg.recipients, " ")) end`,
		`local r = t.send{ to = { "no@example.org", { address = "yes@example.org", params = { NOTIFY = "NEVER", X = true } }, "<later@example.org>" } }
		t.equal(r.verdict, "accept") t.equal(#r.refused, 2)
		t.equal(r.refused[1], { address = "no@example.org", verdict = "reject", reply = "550 5.7.1 no such user", code = 550, xcode = "5.7.1" })
		t.equal(r.refused["later@example.org"].verdict, "tempfail") t.equal(r.mail.recipients, {"yes@example.org"})
		t.equal(r.log[1].text, "yes@example.org\tNEVER\ttrue") t.equal(r.mail:header("X-To"), "yes@example.org")
		r = t.send{ to = "no@example.org" }
		t.equal(r.verdict, "reject") t.equal(r.stage, "rcpt") t.is_nil(r.mail)`,
	},
	"recipients that the MTA refuses": {
		`negotiate{ rejected_recipients = true }
		function on_rcpt(address) print(address, macro("rcpt_mailer"), macro("rcpt_addr")) end
		function on_eom() print(#msg.recipients) end`,
		`local r = t.send{ to = { { address = "gone@example.org", rejected = "550 5.1.1 who is that" }, "here@example.org" } }
		t.equal(r.log[1].text, "gone@example.org\terror\twho is that") t.equal(r.log[3].text, "1")
		t.equal(r.mail.recipients, {"here@example.org"}) t.equal(r.refused, {})
		r = t.send{ to = { address = "gone@example.org", rejected = true } }
		t.equal(r.reply, "550 5.1.1 User unknown") t.equal(r.stage, "rcpt")`,
	},
	"changes": {
		`function on_eom()
			add_header("X-A", "a") insert_header(0, "X-Top", "t") change_header("Subject", 1, "new") delete_header("To", 1)
			add_recipient("c@example.org", "NOTIFY=NEVER") add_recipient("d@example.org") delete_recipient("recipient@example.org")
			change_sender("s@example.org") replace_body(("x"):rep(70000)) quarantine("looks odd")
		end`,
		`local r = t.send{}
		local body = ("x"):rep(70000)
		t.equal(r.changes, {
			{ kind = "add_header", name = "X-A", value = "a" },
			{ kind = "insert_header", name = "X-Top", value = "t", index = 0 },
			{ kind = "change_header", name = "Subject", value = "new", index = 1 },
			{ kind = "delete_header", name = "To", index = 1 },
			{ kind = "add_recipient", address = "c@example.org", params = "NOTIFY=NEVER" },
			{ kind = "add_recipient", address = "d@example.org" },
			{ kind = "delete_recipient", address = "recipient@example.org" },
			{ kind = "change_sender", address = "s@example.org" },
			{ kind = "quarantine", reason = "looks odd" },
			{ kind = "replace_body", body = body },
		})
		t.equal(r.quarantine, "looks odd") t.equal(r.mail.sender, "s@example.org")
		t.equal(r.mail.recipients, {"c@example.org", "d@example.org"})
		t.equal(r.mail.text, "X-Top: t\nFrom: sender@example.com\nSubject: new\nX-A: a\n\n" .. body .. "\n")
		t.is_nil(r.mail:header("To")) t.equal(r.mail:header("subject"), "new") t.is_nil(r.mail:header("subject", 2))`,
	},
	"mails": {
		`function on_header(name, value) print(name .. "=" .. value) end
		function on_body(chunk) print(chunk) end`,
		`local function texts(r) local list = {} for i, l in ipairs(r.log) do list[i] = l.text end return list end
		t.equal(texts(t.send{ text = "A: 1\nB: 2\n 3\n\nbody\n" }), {"A=1", "B=2\n 3", "body\r\n"})
		t.equal(texts(t.send{ header = "A: 1", body = "" }), {"A=1"})
		t.equal(texts(t.send{ header = {"B: 1", "A: 2"}, body = "" }), {"B=1", "A=2"})
		t.equal(texts(t.send{ header = { B = 1, A = "2" }, body = "" }), {"A=2", "B=1"})
		t.equal(texts(t.send{ mail = "mails/one.eml" }), {"From=x@example.com", "To=y@example.com, z@example.com", "hello\r\n"})
		local r = t.send{ mail = "mails/one.eml" }
		t.equal(r.mail.sender, "x@example.com") t.equal(r.mail.recipients, {"y@example.com", "z@example.com"})
		r = t.send{ mail = "mails/one.eml", from = "a@example.com", to = "b@example.com" }
		t.equal(r.mail.sender, "a@example.com") t.equal(r.mail.recipients, {"b@example.com"})`,
	},
	"macros and parameters": {
		`function on_mail(_, params) print(macro("auth_authen"), params.SIZE, params.SMTPUTF8) end
		function on_eom() print(macro("auth_authen"), macro("i"), macro("{x}"), msg.id) end`,
		`local r = t.send{ macros = { auth_authen = "joe", eom = { x = "y" } }, params = { SIZE = 5, SMTPUTF8 = true }, id = "4QX" }
		t.equal(r.log[1].text, "joe\t5\ttrue") t.equal(r.log[2].text, "joe\t4QX\ty\t4QX")
		r = t.send{ macros = { mail = { ["{auth_authen}"] = "ann" } }, params = "SIZE=7" }
		t.match(r.log[1].text, "^ann\t7\tnil$")`,
	},
	"an MTA that offers less": {
		`function on_eom() replace_body("x") end`,
		`t.equal(t.send{ offer = { version = 6 } }.verdict, "accept")
		for _, offer in ipairs{ { without = "SMFIF_CHGBODY" }, { actions = { "SMFIF_ADDHDRS" } } } do
			local r = t.send{ offer = offer }
			t.equal(r.verdict, "tempfail") t.match(r.failure.message, "did not offer SMFIF_CHGBODY")
		end
		t.equal(t.send{ offer = { version = 2 } }.mail.body, "x\n")
		t.equal(t.send{ offer = { steps = {} } }.mail.body, "x\n")`,
	},
	"a client that gives up": {
		`function on_mail() print("mail") end function on_rcpt() print("rcpt") end function on_data() print("data") end
		function on_eom() print("eom") end function on_abort() print("abort") end function on_close() print("close") end`,
		`local r = t.send{ abort = "rcpt" }
		t.equal(r.verdict, "aborted") t.equal(r.stage, "rcpt") t.is_nil(r.mail)
		t.equal({ r.log[1].text, r.log[2].text, r.log[3].text, r.log[4].text }, { "mail", "rcpt", "abort", "close" })
		t.equal(t.send{ abort = "body" }.stage, "body")`,
	},
	"log lines": {
		`local log = require "log"
		print("not of a mail")
		function on_mail(sender) log.warn("odd", { sender = sender, n = 1 }) print("x", 1) end
		function on_eom() log.info("end", { id = "mine" }) end
		function on_data() log.info("data") end`,
		`local r = t.send{}
		t.equal(r.log, {
			{ level = "warn", text = "odd", callback = "on_mail", fields = { sender = "sender@example.com", n = "1" } },
			{ level = "info", text = "x\t1", callback = "on_mail", fields = {} },
			{ level = "info", text = "data", callback = "on_data", fields = {} },
			{ level = "info", text = "end", callback = "on_eom", fields = { id = "mine" } },
		})`,
	},
	"a mail for on_message": {
		`function on_message(m) m:set_header("Subject", "[x] " .. m.subject) end`,
		`t.equal(t.send{}.mail:header("Subject"), "[x] test")`,
	},
	"discard, shutdown and skip": {
		`function on_mail(sender) if sender == "d" then return discard() elseif sender == "s" then return shutdown() end end
		function on_body() return skip() end`,
		`t.equal(t.send{ from = "d" }.verdict, "discard") t.is_nil(t.send{ from = "d" }.mail)
		local r = t.send{ from = "s" }
		t.equal(r.verdict, "shutdown") t.match(r.reply, "^421 4%.7%.0 ")
		t.equal(t.send{}.verdict, "accept")`,
	},
}

func TestSend(t *testing.T) {
	for name, c := range sends {
		t.Run(name, func(t *testing.T) {
			wantPassed(t, runTest(t, c.filter, `t.case("it", function() `+c.test+` end)`,
				"mails/one.eml", "From: x@example.com\r\nTo: y@example.com, z@example.com\r\n\r\nhello\r\n"))
		})
	}
}
