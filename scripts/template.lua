-- template.lua: pymilter's template, something to start a filter of your own from: each callback
-- that most filters need, with a little in it.
--
-- It logs what comes, refuses clients whose HELO name has no dot, lists the attachments, and can
-- send a copy of each mail to somebody.
--
-- Settings:
--   spy   who gets a copy of each mail, as another recipient that nobody else sees; "" for nobody
--
-- Example: luamilter replay --script scripts/template.lua mail.eml

local log = require "log"

local spy = ""

assert(type(spy) == "string" and (spy == "" or spy:find("^[^%s<>]+@[^%s<>@]+$")),
  "spy: an address expected, or \"\"")

function on_connect(hostname, family, address)
  log.info("connect", { client = hostname, family = family, address = address or "" })
end

function on_helo(name)
  log.info("helo", { name = name })
  if not name:find(".", 1, true) then
    return reject(550, "5.7.1", "HELO with the full name of your host", "it has a dot")
  end
end

function on_mail(sender, params)
  -- Fields of msg last until the end of the message, those of conn until the connection closes.
  msg.headers = 0
  log.info("mail", { sender = sender, size = params.SIZE or "", user = macro("auth_authen") or "" })
end

function on_rcpt(recipient)
  log.info("rcpt", { recipient = recipient })
end

function on_header()
  msg.headers = msg.headers + 1
end

function on_message(m)
  for part in m:attachments() do
    log.info("attachment", { name = part.filename, type = part.type, bytes = #part.content })
  end
  log.info("message", { subject = m.subject or "", headers = msg.headers, bytes = m.size })
  if spy ~= "" then
    add_recipient(spy)
  end
end

function on_abort()
  log.info("abort", { sender = msg.sender })
end

function on_close()
  log.info("close", { client = conn.hostname })
end
