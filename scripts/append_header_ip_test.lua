-- append_header_ip_test.lua: what append_header_ip.lua does with its shipped settings. Run it with
--   luamilter test append_header_ip_test.lua

local t = require "test"

t.case("the address of the client is recorded", function()
  local r = t.send { ip = "192.0.2.7" }
  t.equal(r.mail:header("X-MilterExample-Connect-IP"), "192.0.2.7")
end)

t.case("a field that came with the mail goes", function()
  local r = t.send { ip = "192.0.2.7", header = { "X-MilterExample-Connect-IP: 10.0.0.1" } }
  t.equal(r.mail:header("X-MilterExample-Connect-IP"), "192.0.2.7")
  t.is_nil(r.mail:header("X-MilterExample-Connect-IP", 2))
end)
