-- wiretap_test.lua: what wiretap.lua does with its shipped settings. Run it with
--   luamilter test wiretap_test.lua

local t = require "test"

t.case("what the user sends is copied", function()
  local r = t.send { from = "bigmouth@example.org", to = "a@example.com" }
  t.equal(r.mail.recipients, { "a@example.com", "audit@example.org" })
end)

t.case("what others send is not", function()
  t.equal(t.send { from = "quiet@example.org" }.changes, {})
end)
