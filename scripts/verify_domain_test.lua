-- verify_domain_test.lua: what verify_domain.lua does with its shipped settings. Run it with
--   luamilter test verify_domain_test.lua

local t = require "test"

-- domains.txt beside the filter has example.org.
t.case("a From of another domain is refused", function()
  local r = t.send { header = { "From: a@evil-example.org" } }
  t.equal(r.verdict, "reject")
  t.match(r.reply, "^554 5%.7%.0 ")
end)

t.case("one of ours passes, and one below it", function()
  t.equal(t.send { header = { "From: a@example.org" } }.verdict, "accept")
  t.equal(t.send { header = { "From: a@mail.example.org" } }.verdict, "accept")
end)
