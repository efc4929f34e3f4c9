-- defang_test.lua: what defang.lua does with its shipped settings. Run it with
--   luamilter test defang_test.lua

local t = require "test"

-- with_file is a mail with an attachment of some name.
local function with_file(name)
  return t.send {
    header = { "Content-Type: multipart/mixed; boundary=b", "MIME-Version: 1.0" },
    body = "--b\n\nhello\n--b\nContent-Disposition: attachment; filename=" .. name
      .. "\n\nharmless\n--b--\n",
  }
end

t.case("a program is replaced by a warning", function()
  local r = with_file("a.exe")
  t.equal(r.verdict, "accept")
  t.contains(r.mail.body, "WARNING.TXT")
  t.contains(r.mail.body, "hello\n")
  t.no_match(r.mail.body, "harmless")
end)

t.case("everything else stays", function()
  t.equal(with_file("a.png").changes, {})
end)
