-- from_alignment_test.lua: what from_alignment.lua does with its shipped settings. Run it with
--   luamilter test from_alignment_test.lua

local t = require "test"

-- sent is a mail of a user who has logged in.
local function sent(from)
  return t.send {
    from = "joe@example.org", macros = { auth_authen = "joe" }, header = { "From: " .. from },
  }
end

t.case("another domain in From is refused", function()
  local r = sent("ceo@bank.example")
  t.equal(r.verdict, "reject")
  t.match(r.reply, "From domain bank%.example does not match")
end)

t.case("the same organisation passes", function()
  t.equal(sent("joe@news.example.org").verdict, "accept")
end)
