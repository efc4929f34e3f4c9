-- footer_test.lua: what footer.lua does with its shipped settings. Run it with
--   luamilter test footer_test.lua

local t = require "test"

t.case("outgoing mail gets the footer", function()
  local r = t.send { macros = { auth_authen = "joe" }, body = "hello\n" }
  t.match(r.mail.body, "^hello\n.*Example Ltd")
  t.equal(r.mail:header("X-Footer-Added"), "yes")
end)

t.case("other mail, and mail that has it, gets none", function()
  t.equal(t.send { ip = "192.0.2.1" }.changes, {})
  local again = t.send { macros = { auth_authen = "joe" }, header = { "X-Footer-Added: yes" } }
  t.equal(again.changes, {})
end)
