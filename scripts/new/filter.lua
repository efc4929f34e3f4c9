-- filter.lua: say here in a sentence what this filter is for.
--
-- What may be called: luamilter docs, and luamilter docs reject for one function.
--   luamilter check filter.lua        looks for mistakes, no mail needed
--   luamilter test filter_test.lua    runs the tests beside it
--   luamilter --script filter.lua     runs it
--
-- Settings:
--   blocked   domains whose mail is refused, in small letters
--   field     a header field that each mail gets

local log = require "log"

local blocked = { ["spam.example"] = true }
local field = "X-Filtered-By"

-- A setting that makes no sense is an error when the filter loads, with file and line.
assert(type(blocked) == "table", "blocked: a table expected")
assert(type(field) == "string" and field:find("^[%w-]+$"), "field: a field name expected")

-- luamilter calls globals like this one; define those that you need. What one returns is the
-- verdict: reject, tempfail, accept, discard. Nothing means: go on.
function on_mail(sender)
  local domain = sender:match("@([^@]*)$")
  if domain and blocked[domain:lower()] then
    return reject(550, "5.7.1", "mail from " .. domain .. " is not accepted here")
  end
end

-- Called for each header field. What a later callback has to know belongs in msg (until the end of
-- the message) or conn (until the connection closes), not in a variable of the file.
function on_header(name, value)
  if name:lower() == "subject" then
    msg.subject = value
  end
end

-- The message is complete. Changes may be made from on_mail on; they are sent here.
function on_eom()
  add_header(field, "luamilter")
  log.info("passed", { subject = msg.subject or "" })
end
