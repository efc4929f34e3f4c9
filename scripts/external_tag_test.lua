-- external_tag_test.lua: what external_tag.lua does with its shipped settings. Run it with
--   luamilter test external_tag_test.lua

local t = require "test"

t.case("mail from outside is marked", function()
  local r = t.send { ip = "192.0.2.1", header = { "Subject: invoice" } }
  t.equal(r.mail:header("Subject"), "[EXT] invoice")
end)

t.case("an answer that shows the tag, and internal mail, stay", function()
  t.equal(t.send { ip = "192.0.2.1", header = { "Subject: Re: [EXT] invoice" } }.changes, {})
  t.equal(t.send { ip = "127.0.0.1", header = { "Subject: invoice" } }.changes, {})
end)
