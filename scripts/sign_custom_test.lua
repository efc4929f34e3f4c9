-- sign_custom_test.lua: what sign_custom.lua does with its shipped settings. Run it with
--   luamilter test sign_custom_test.lua

local t = require "test"

t.case("outgoing mail is signed", function()
  local r = t.send { macros = { auth_authen = "joe" } }
  t.equal(r.verdict, "accept")
  t.match(r.mail:header("X-Custom-Signature"), "^v=1; a=[%w-]+; k=2026; t=%d+;")
end)

t.case("other mail is not", function()
  t.equal(t.send { ip = "192.0.2.1" }.changes, {})
end)
