-- lib/attachments.lua: finds files with forbidden names in a message, in archives too.
--
-- Used by block_attachments.lua, defang.lua and sample.lua: copy it along with them, to lib/ beside
-- them.
--
--   local attachments = require "lib.attachments"
--   local check = attachments.checker { extensions = attachments.windows, broken_archives = true }
--   function on_message(m)
--     for part, name, why in attachments.forbidden(m, check) do ... end
--   end

local archive = require "archive"

local attachments = {}

-- windows lists what Windows runs when someone opens it, as pymilter has it.
attachments.windows = {
  "ade", "adp", "asd", "asx", "asp", "bas", "bat", "chm", "cmd", "com", "cpl", "crt", "dll", "exe",
  "hlp", "hta", "inf", "ins", "isp", "js", "jse", "lnk", "mdb", "mde", "msc", "msi", "msp", "mst",
  "ocx", "pcd", "pif", "reg", "scr", "sct", "shs", "url", "vb", "vbe", "vbs", "wsc", "wsf", "wsh",
}

-- A name up to what Windows drops at its end, or mail readers do since no file may have it.
local upto_kept = "^(.*[^%s%c.\"'<>|?*:])"

local longest_shown = 200

-- Mail readers show more than luamilter takes apart. What is left out says so in one of these.
local unread = { "is not read$", "is not taken apart$", "^a boundary that is too long$" }
-- As many names as a part gives of itself.
local most_names = 100

-- shown is a name that is safe in a log line and in a text: short, no control characters.
function attachments.shown(name)
  name = name:gsub("%c", "?")
  if #name > longest_shown then
    name = name:sub(1, longest_shown):gsub("[\192-\255][\128-\191]*$", "") .. "..."
  end
  return name
end

-- extension is that of a name, in lower case, as Windows would see it; nil if there is none.
local function extension(name)
  local kept = name:match(upto_kept)
  return kept and kept:match("^.*%.([^.]*)$")
end

-- hidden says what of a part nobody has seen, so that a file may be in there; nil if all was.
local function hidden(part)
  if #part.names >= most_names then
    return "more than " .. most_names .. " file names"
  end
  local first, n = part:raw_header("Content-Type", 1), 2
  while n < 10 and part:raw_header("Content-Type", n) == first do
    n = n + 1
  end
  if part:raw_header("Content-Type", n) then
    return "it has Content-Type fields that differ" -- some mail readers heed the last
  end
  for _, defect in ipairs(part.defects) do
    for _, pattern in ipairs(unread) do
      if defect:find(pattern) then
        return defect
      end
    end
  end
end

-- checker gives a function that says of a part which name in it is forbidden, and why; nil if none
-- is. A part that can't be seen to its end is forbidden. Options: extensions, a list without dots;
-- broken_archives, whether an archive that is broken counts as forbidden. Wrong options raise.
function attachments.checker(options)
  if type(options.extensions) ~= "table" then
    error("extensions: a list expected", 2)
  end
  if type(options.broken_archives) ~= "boolean" then
    error("broken_archives: true or false expected", 2)
  end
  local listed = {}
  for i, ext in ipairs(options.extensions) do
    if type(ext) ~= "string" or not ext:match("^%w+$") then
      error("extensions: entry " .. i .. " (" .. tostring(ext) .. ") is not like \"exe\"", 2)
    end
    listed[ext:lower()] = true
  end

  local function bad(name)
    name = name:lower()
    -- Some programs read a name up to a NUL.
    for _, reading in ipairs { name, name:match("^[^%z]*") } do
      local ext = extension(reading)
      if ext and listed[ext] then
        return true
      end
    end
    return false
  end

  local function in_archive(part)
    local members, defects = archive.names(part.content, part.filename or "")
    for _, member in ipairs(members) do
      if bad(member.name) then
        return member.name, "a forbidden file in an archive"
      end
    end
    if not options.broken_archives then
      return nil
    end
    for _, defect in ipairs(defects) do
      -- RAR and the like are not broken, just unknown here: list their extensions to forbid them.
      if not defect:find("is not looked into$") then
        return part.filename or "(no name)", "a broken archive: " .. defect
      end
    end
  end

  return function(part)
    local names = part.names
    for _, name in ipairs(names) do
      if bad(name) then
        return name, "a forbidden file"
      end
    end
    local problem = hidden(part)
    if problem then
      return part.filename or "(no name)", "it can't be looked into: " .. problem
    end
    if #names == 0 and part.type:find("^text/") then
      return nil -- no mail reader opens it as an archive
    end
    return in_archive(part)
  end
end

-- forbidden is an iterator over the parts of a message that a checker objects to: part, name, why.
-- Parts may be replaced or removed on the way.
function attachments.forbidden(m, check)
  -- First the messages inside the message that have a file name themselves, then the leaves.
  local next_part, leaves = m:attachments(), false
  return function()
    while true do
      local part = next_part()
      if part and (leaves or part.type:find("^message/")) then
        local name, why = check(part)
        if name then
          return part, name, why
        end
      elseif not part and leaves then
        return nil
      elseif not part then
        next_part, leaves = m:parts(), true
      end
    end
  end
end

return attachments
