-- log_all_test.lua: what log_all.lua does with its shipped settings. Run it with
--   luamilter test log_all_test.lua

local t = require "test"

t.case("a message is logged once, and not changed", function()
  local r = t.send { from = "a@example.com", to = "b@example.org", header = { "Subject: hello" } }
  t.equal(r.changes, {})
  t.equal(#r.log, 1)
  t.equal(r.log[1].text, "message seen")
  t.equal(r.log[1].fields.subject, "hello")
  t.equal(r.log[1].fields.recipients, "b@example.org")
end)

t.case("a client that gives up is logged", function()
  t.equal(t.send { abort = "rcpt" }.log[1].text, "message aborted")
end)
