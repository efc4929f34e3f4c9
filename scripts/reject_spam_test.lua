-- reject_spam_test.lua: what reject_spam.lua does with its shipped settings. Run it with
--   luamilter test reject_spam_test.lua

local t = require "test"

t.case("spammers are rejected at MAIL", function()
  local r = t.send { ip = "192.0.2.1", from = "a@mx.spam.example" }
  t.equal(r.verdict, "reject")
  t.equal(r.stage, "mail")
  t.match(r.reply, "^550 5%.7%.1 mail from spam%.example")
end)

t.case("a subject is refused, in any case", function()
  local r = t.send { ip = "192.0.2.1", header = { "Subject: You have WON" } }
  t.equal(r.verdict, "reject")
  t.equal(r.stage, "header")
end)

t.case("others pass, and so do users who have logged in", function()
  t.equal(t.send { ip = "192.0.2.1" }.verdict, "accept")
  t.equal(t.send { from = "a@spam.example", macros = { auth_authen = "joe" } }.verdict, "accept")
end)
