-- zombie_test.lua: what zombie.lua does with its shipped settings. Run it with
--   luamilter test zombie_test.lua

local t = require "test"

t.case("an internal machine that sends as anybody is refused", function()
  local r = t.send { ip = "192.168.0.66", from = "x@bank.example" }
  t.equal(r.verdict, "reject")
  t.equal(r.stage, "mail")
  t.equal(r.log[1].level, "warn")
end)

t.case("as one of ours it may send, and outside anybody may", function()
  t.equal(t.send { ip = "192.168.0.66", from = "x@example.org" }.verdict, "accept")
  t.equal(t.send { ip = "192.0.2.1", from = "x@bank.example" }.verdict, "accept")
end)
