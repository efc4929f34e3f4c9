local address = require "address"
local log = require "log"
local parse = address.parse

function on_mail(sender, params)
  log.info()
  log.info("mail", { sender = sender }, params)
  log.info("mail", unpack(params))
  print(parse(), address.parse(sender))
  return accept("sender is known")
end
