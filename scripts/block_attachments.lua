-- block_attachments.lua: refuses mails with forbidden files: executables, in zip, tar and gzip
-- files too, however deep.
--
-- The sender gets 552 with the text below; the log says which file it was. Names are looked for
-- everywhere a mail reader may take one from; a mail that is too much to be looked through, as one
-- with more than 1000 parts, is refused as well. Needs lib/attachments.lua.
--
-- Settings:
--   extensions        which files are forbidden; without dots, any case
--   broken_archives   whether an archive that can't be read counts as forbidden
--   text              what the sender is told
--
-- Example, in main.cf:
--   smtpd_milters = inet:127.0.0.1:7357
-- and: luamilter --script block_attachments.lua

local attachments = require "lib.attachments"
local log = require "log"

local extensions = attachments.windows
local broken_archives = true
local text = "Message blocked due to blacklisted attachment"

local check = attachments.checker { extensions = extensions, broken_archives = broken_archives }
assert(type(text) == "string" and text ~= "", "text: what the sender is told expected")

function on_message(m)
  local _, name, why = attachments.forbidden(m, check)()
  if name then
    log.info("message blocked", { file = attachments.shown(name), reason = attachments.shown(why) })
    return reject(552, "5.7.1", text)
  end
end
