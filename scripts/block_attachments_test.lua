-- block_attachments_test.lua: what block_attachments.lua does with its shipped settings.
-- Run it with: luamilter test block_attachments_test.lua

local t = require "test"

-- with_file is a mail with an attachment of some name.
local function with_file(name)
  return t.send {
    header = { "Content-Type: multipart/mixed; boundary=b", "MIME-Version: 1.0" },
    body = "--b\n\nhello\n--b\nContent-Disposition: attachment; filename=" .. name
      .. "\n\nharmless\n--b--\n",
  }
end

t.case("a program is refused", function()
  local r = with_file("invoice.exe")
  t.equal(r.verdict, "reject")
  t.match(r.reply, "^552 5%.7%.1 ")
end)

t.case("a picture passes", function()
  local r = with_file("holiday.png")
  t.equal(r.verdict, "accept")
  t.equal(r.changes, {})
end)
