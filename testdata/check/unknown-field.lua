local log = require "log"
local helper = require "lib.helper"

function string.trim(s)
  return (s:gsub("^%s+", ""):gsub("%s+$", ""))
end

function on_mail(sender)
  log.warning("odd sender", { sender = string.lowr(sender) })
  msg.note = string.trim(sender)
  print(milter.SMFIF_ADDHDR, msg.recipents, conn.adress, msg.note, msg.mine)
  return helper.anything(sender)
end
