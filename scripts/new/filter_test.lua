-- filter_test.lua: what filter.lua does. Run it with
--   luamilter test filter_test.lua
-- t.send plays a mail server that gives the filter one mail, and says what came of it.

local t = require "test"

t.case("mail from a blocked domain is refused", function()
  local r = t.send { from = "somebody@spam.example" }
  t.equal(r.verdict, "reject")
  t.equal(r.stage, "mail")
  t.match(r.reply, "^550 5%.7%.1 ")
end)

t.case("other mail gets the field", function()
  local r = t.send { from = "ann@example.com", header = { "Subject: hello" } }
  t.equal(r.verdict, "accept")
  t.equal(r.mail:header("X-Filtered-By"), "luamilter")
  t.equal(r.log[1].fields.subject, "hello")
end)
