-- hello_test.lua: what hello.lua does with its shipped settings. Run it with
--   luamilter test hello_test.lua

local t = require "test"

t.case("every message gets the field", function()
  local r = t.send {}
  t.equal(r.verdict, "accept")
  t.match(r.mail:header("X-Filtered-By"), "^luamilter ")
end)
