local unused = 1
local _unused = 2
local log, json = require "log", require "json"

local function never() end

function on_mail(sender, params)
  local domain, user
  domain = sender:match("@(.*)$")
  for i, recipient in ipairs(msg.recipients) do
    log.info("recipient")
  end
  local sender = sender:lower()
  return sender == "" and accept() or nil
end
