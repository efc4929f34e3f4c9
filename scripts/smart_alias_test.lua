-- smart_alias_test.lua: what smart_alias.lua does with its shipped settings. Run it with
--   luamilter test smart_alias_test.lua

local t = require "test"

t.case("an alias for this sender replaces the recipient", function()
  local r = t.send { from = "sue@partner.example", to = "Info@example.org" }
  t.equal(r.mail.recipients, { "partners@example.org" })
end)

t.case("for another sender it does not", function()
  t.equal(t.send { from = "sue@other.example", to = "info@example.org" }.changes, {})
end)
