-- change_body_test.lua: what change_body.lua does with its shipped settings. Run it with
--   luamilter test change_body_test.lua

local t = require "test"

t.case("a word is replaced", function()
  local r = t.send { body = "see internal.example\n" }
  t.equal(r.mail.body, "see example.org\n")
  t.equal(r.mail:header("X-Body-Changed"), "1")
end)

t.case("a mail without one of the words stays as it is", function()
  t.equal(t.send { body = "nothing here\n" }.changes, {})
end)
