-- block_charsets_test.lua: what block_charsets.lua does with its shipped settings. Run it with
--   luamilter test block_charsets_test.lua

local t = require "test"

t.case("an encoded word in a blocked charset is refused", function()
  local r = t.send { ip = "192.0.2.1", header = { "Subject: =?big5?B?p0+mbw==?=" } }
  t.equal(r.verdict, "reject")
  t.match(r.reply, "character set big5$")
end)

t.case("UTF-8 passes, and so does what internal clients send", function()
  local r = t.send { ip = "192.0.2.1", header = { "Subject: =?utf-8?Q?caf=C3=A9?=" } }
  t.equal(r.verdict, "accept")
  r = t.send { ip = "127.0.0.1", header = { "Subject: =?big5?B?p0+mbw==?=" } }
  t.equal(r.verdict, "accept")
end)
