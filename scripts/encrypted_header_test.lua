-- encrypted_header_test.lua: what encrypted_header.lua does with a key. Run it with
--   luamilter test encrypted_header_test.lua

local t = require "test"

-- Bob's public key of RFC 7748, section 6.1.
t.settings { public_key = "3p7bfXt9wbTTW2HC7OQ1Nz+DQ8hbeGdNrfx+FG+IK08=" }

t.case("a mail gets the field, and only one", function()
  local r = t.send { header = { "X-Connection-Info: forged" } }
  t.equal(r.verdict, "accept")
  t.match(r.mail:header("X-Connection-Info"), "^[%w+/=%s]+$")
  t.no_match(r.mail:header("X-Connection-Info"), "forged")
  t.is_nil(r.mail:header("X-Connection-Info", 2))
end)
