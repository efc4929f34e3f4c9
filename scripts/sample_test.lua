-- sample_test.lua: what sample.lua does with its shipped settings. Run it with
--   luamilter test sample_test.lua

local t = require "test"

t.case("a subject that looks like spam is refused", function()
  local r = t.send { header = { "Subject: get it FREE" } }
  t.equal(r.verdict, "reject")
  t.match(r.reply, "the subject looks like spam$")
end)

t.case("a mailer for bulk mail is refused", function()
  t.equal(t.send { header = { "X-Mailer: Calypso" } }.verdict, "reject")
end)

t.case("other mail passes", function()
  t.equal(t.send { header = { "Subject: lunch", "X-Mailer: Mutt" } }.changes, {})
end)
