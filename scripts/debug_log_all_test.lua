-- debug_log_all_test.lua: what debug_log_all.lua does with its shipped settings. Run it with
--   luamilter test debug_log_all_test.lua

local t = require "test"

t.case("each step is logged", function()
  local seen = {}
  for _, line in ipairs(t.send {}.log) do
    seen[line.text] = true
  end
  for _, callback in ipairs { "on_connect", "on_mail", "on_rcpt", "on_header", "on_eom" } do
    t.ok(seen[callback], callback)
  end
end)
