-- verify_custom_test.lua: what verify_custom.lua does with its shipped settings. Run it with
--   luamilter test verify_custom_test.lua

local t = require "test"

t.case("a mail that is not signed is told from one that is", function()
  local r = t.send { header = { "X-Custom-Signature-Result: pass" } }
  t.equal(r.verdict, "accept")
  t.equal(r.mail:header("X-Custom-Signature-Result"), "none")
  t.is_nil(r.mail:header("X-Custom-Signature-Result", 2))
end)

t.case("a broken signature", function()
  local r = t.send { header = { "From: a@example.com", "X-Custom-Signature: v=1" } }
  t.match(r.mail:header("X-Custom-Signature-Result"), "^fail ")
end)
