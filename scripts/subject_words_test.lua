-- subject_words_test.lua: what subject_words.lua does with its shipped settings. Run it with
--   luamilter test subject_words_test.lua

local t = require "test"

t.case("a word is found in an encoded subject", function()
  local r = t.send { ip = "192.0.2.1", header = { "Subject: =?utf-8?q?online_CASINO!?=" } }
  t.equal(r.verdict, "reject")
  t.equal(r.log[1].fields.found, "CASINO")
end)

t.case("a longer word is another one, and internal mail is not looked at", function()
  t.equal(t.send { ip = "192.0.2.1", header = { "Subject: casinos" } }.verdict, "accept")
  t.equal(t.send { ip = "127.0.0.1", header = { "Subject: casino" } }.verdict, "accept")
end)
