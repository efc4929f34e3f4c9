-- log_all.lua: reads everything an MTA tells of a message and logs it once, at its end. Changes
-- nothing.
--
-- It asks the MTA for no action, so that it can't change a message even by mistake; and since no
-- callback returns a verdict, the MTA waits for an answer only at the end of a message.
--
-- Settings: the macros to log, besides what conn and msg know.

local macros = { "daemon_name", "auth_authen", "tls_version", "cipher" }

local log = require "log"

negotiate { actions = {} }

function on_header(name, value)
  msg.headers = (msg.headers or 0) + 1
  if name:lower() == "subject" then
    msg.subject = value
  end
end

function on_body(chunk)
  msg.bytes = (msg.bytes or 0) + #chunk
end

function on_eom()
  local fields = {
    client = conn.hostname,
    address = conn.address or conn.family,
    helo = conn.helo or "",
    sender = msg.sender,
    recipients = table.concat(msg.recipients, " "),
    subject = msg.subject or "",
    headers = msg.headers or 0,
    body_bytes = msg.bytes or 0,
  }
  for _, name in ipairs(macros) do
    fields[name] = macro(name)
  end
  log.info("message seen", fields)
end

function on_abort()
  log.info("message aborted", { sender = msg.sender, recipients = #msg.recipients })
end
