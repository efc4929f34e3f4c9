-- defang.lua: takes dangerous files and scripts out of mails.
--
-- An attachment with a forbidden name, and an archive with such a name in it, is replaced by a text
-- that says so; scripts in HTML are replaced by a comment. Everything else stays byte for byte. A
-- mail that is signed (S/MIME, PGP) is changed as well, and its signature is broken then. Needs
-- lib/attachments.lua.
--
-- Settings:
--   extensions        which files are forbidden; without dots, any case
--   broken_archives   whether an archive that can't be read counts as forbidden
--   remove_scripts    whether scripts are taken out of HTML
--   warning_name      the file name of the text that stands in place of a file
--   warning           that text; {name} is the name of the file, {reason} what is wrong with it
--
-- Example: luamilter replay --script scripts/defang.lua mail.eml

local attachments = require "lib.attachments"
local log = require "log"

local extensions = attachments.windows
local broken_archives = true
local remove_scripts = true
local warning_name = "WARNING.TXT"
local warning = "This mail had an attachment that was removed.\n\nFile: {name}\nReason: {reason}\n"

local check = attachments.checker { extensions = extensions, broken_archives = broken_archives }
assert(type(remove_scripts) == "boolean", "remove_scripts: true or false expected")
assert(type(warning_name) == "string" and warning_name ~= "", "warning_name: a name expected")
assert(type(warning) == "string" and warning ~= "", "warning: a text expected")

function on_message(m)
  for part, name, why in attachments.forbidden(m, check) do
    local values = { name = attachments.shown(name), reason = attachments.shown(why) }
    part:replace { filename = warning_name, content = (warning:gsub("{(%l+)}", values)) }
    log.info("attachment replaced", { file = values.name, reason = values.reason })
  end
  if remove_scripts then
    local count = m:remove_scripts()
    if count > 0 then
      log.info("scripts removed", { count = count })
    end
  end
end
