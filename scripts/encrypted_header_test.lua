-- encrypted_header_test.lua: what encrypted_header.lua does with its shipped settings. Run it with
--   luamilter test encrypted_header_test.lua

local t = require "test"

t.case("a mail gets the field, and only one", function()
  local r = t.send { header = { "X-Connection-Info: forged" } }
  t.equal(r.verdict, "accept")
  t.match(r.mail:header("X-Connection-Info"), "^[%w+/=%s]+$")
  t.no_match(r.mail:header("X-Connection-Info"), "forged")
  t.is_nil(r.mail:header("X-Connection-Info", 2))
end)
