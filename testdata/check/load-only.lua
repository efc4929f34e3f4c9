local log = require "log"

local function setup()
  negotiate { rejected_recipients = true }
end

setup()

function on_connect()
  local json = require "json"
  require("log").info(json.encode { 1 })
  negotiate { leading_space = true }
  every(60, print)
  log.info("connected")
end
