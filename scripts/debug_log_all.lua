-- debug_log_all.lua: logs every callback with what it was called with. For finding out what an MTA
-- really sends.
--
-- It answers nothing and changes nothing, but sees every step, recipients that the MTA refuses
-- included.
--
-- Settings: longest, how many bytes of a value are logged.

local longest = 200

local log = require "log"

negotiate { actions = {}, rejected_recipients = true }

-- shown is a value as one short line.
local function shown(value)
  if type(value) == "table" then
    local list = {}
    for k, v in pairs(value) do
      table.insert(list, tostring(k) .. "=" .. tostring(v))
    end
    table.sort(list)
    return table.concat(list, " ")
  end
  local text = tostring(value)
  if #text > longest then
    return text:sub(1, longest) .. "... (" .. #text .. " bytes)"
  end
  return text
end

local function trace(callback, ...)
  local fields = {}
  for i = 1, select("#", ...) do
    fields["arg" .. i] = shown((select(i, ...)))
  end
  log.info(callback, fields)
end

function on_connect(...) trace("on_connect", ...) end
function on_helo(...) trace("on_helo", ...) end
function on_mail(...) trace("on_mail", ...) end

function on_rcpt(recipient, params)
  trace("on_rcpt", recipient, params)
  if macro("rcpt_mailer") == "error" then
    log.info("refused by the MTA", { recipient = recipient, reason = macro("rcpt_addr") or "" })
  end
end

function on_data() trace("on_data") end
function on_header(...) trace("on_header", ...) end
function on_eoh() trace("on_eoh") end
function on_body(chunk) trace("on_body", #chunk .. " bytes") end
function on_eom() trace("on_eom") end
function on_abort() trace("on_abort") end
function on_close() trace("on_close") end
function on_unknown(...) trace("on_unknown", ...) end
