-- template_test.lua: what template.lua does with its shipped settings. Run it with
--   luamilter test template_test.lua

local t = require "test"

t.case("a HELO name without a dot is refused", function()
  local r = t.send { helo = "pc" }
  t.equal(r.verdict, "reject")
  t.equal(r.stage, "helo")
end)

t.case("a message is logged and passes", function()
  local r = t.send { helo = "mx.example.com", header = { "Subject: hello" } }
  t.equal(r.verdict, "accept")
  t.equal(r.changes, {})
end)
