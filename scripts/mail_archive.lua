-- mail_archive.lua: appends each message that the filters accept to an mbox file.
--
-- The message is written as it came, without the changes of other filters. List this script last:
-- what one before it refuses is not archived. The MTA may still refuse what was archived.
--
-- Settings:
--   path           the file. %Y, %m, %d and so on are filled in as by date(1), in UTC: for a file
--                  each month "/var/spool/luamilter/archive-%Y-%m.mbox". Made with mode 0600.
--   recipients_in  a field at the top of the copy with the recipients of the envelope, those of Bcc
--                  included; nil for none. Fields of that name that came with the mail stay below.
--   sync           wait until the message is on the disk.
--   on_error       when it can't be written: "continue", or "tempfail" (the sender tries again). It
--                  is logged with path and uid, once a minute by each Lua state (see --states).
--   quiet          seconds for which the same Lua state logs no further error.
--
-- Example: luamilter --script subject_words.lua --script mail_archive.lua

local path = "/var/spool/luamilter/archive.mbox"
local recipients_in = "X-Envelope-To"
local sync = false
local on_error = "continue"
local quiet = 60

local archive = require "archive"
local log = require "log"

assert(type(path) == "string" and path ~= "", "path must be the name of a file")
assert(on_error == "continue" or on_error == "tempfail", "on_error must be continue or tempfail")
assert(type(sync) == "boolean", "sync must be true or false")
assert(type(quiet) == "number", "quiet must be a number of seconds")
assert(recipients_in == nil or recipients_in:find("^[%w-]+$"), "recipients_in is no field name")

-- What this Lua state has logged: a field, since what is remembered here is of no message.
local errors = { next_at = 0, left_out = 0 }

local function log_error(problem)
  local now = os.time()
  if now < errors.next_at then
    errors.left_out = errors.left_out + 1
    return
  end
  log.error("archive: " .. problem, { left_out = errors.left_out })
  errors.next_at, errors.left_out = now + quiet, 0
end

-- envelope is the field with the recipients, one on each line.
local function envelope()
  if not recipients_in then
    return ""
  end
  local list = {}
  for i, recipient in ipairs(msg.recipients) do
    list[i] = recipient:gsub("%c", "?")
  end
  return recipients_in .. ": " .. table.concat(list, ",\r\n ") .. "\r\n"
end

function on_message(m)
  local ok, problem = archive.mbox(os.date("!" .. path), envelope() .. m.raw, {
    sender = msg.sender, sync = sync,
  })
  if ok then
    return
  end
  log_error(problem)
  if on_error == "tempfail" then
    return tempfail(451, "4.3.0", "the mail archive can't be written - try again later")
  end
end
