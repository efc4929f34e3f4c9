-- mail_archive_test.lua: what mail_archive.lua does with its shipped settings. Run it with
--   luamilter test mail_archive_test.lua

local t = require "test"

-- The test mail goes into the file that path names, as any other: set it to one for tests first.
t.case("a message passes unchanged, whatever becomes of the copy", function()
  local r = t.send { body = "a test\n" }
  t.equal(r.verdict, "accept")
  t.equal(r.changes, {})
  t.equal(r.callbacks.on_message.count, 1)
end)

t.case("what a client gives up is not looked at", function()
  t.is_nil(t.send { abort = "body" }.callbacks.on_message)
end)
