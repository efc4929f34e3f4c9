-- sample.lua: the sample of pymilter: refuses what looks like bulk mail, and takes dangerous files
-- and scripts out of the rest.
--
-- Meant as something to read and change. Needs lib/attachments.lua.
--
-- Settings:
--   charsets         subjects that begin in one of these are refused; "big5" is "big5-hkscs" too
--   subject_words    refused anywhere in a subject, in exactly these letters
--   subject_any_case the same in large and small letters; written in small ones here
--   subject_starts   refused at the beginning of a subject; in small letters
--   mailers          X-Mailer fields that are refused; in small letters
--   mailer_words     refused anywhere in X-Mailer; in small letters
--   extensions       which files are replaced by a warning
--
-- Example: luamilter replay --script scripts/sample.lua mail.eml

local attachments = require "lib.attachments"
local header = require "header"
local log = require "log"

local charsets = { "big5", "iso-2022-jp" }
local subject_words = { "$$$", "XXX", "!!!", "FREE" }
local subject_any_case = { "viagra" }
local subject_starts = { "adv:", "adv." }
local mailers = { "direct email", "calypso", "mail bomber" }
local mailer_words = { "optin" }
local extensions = attachments.windows

local lists = {
  charsets = charsets, subject_words = subject_words, subject_any_case = subject_any_case,
  subject_starts = subject_starts, mailers = mailers, mailer_words = mailer_words,
}
for name, list in pairs(lists) do
  assert(type(list) == "table", name .. ": a list expected")
  for i, word in ipairs(list) do
    assert(type(word) == "string" and word ~= "", name .. ": entry " .. i .. ": a text expected")
  end
end
local check = attachments.checker { extensions = extensions, broken_archives = true }

-- holds says whether a text has one of the words in it.
local function holds(text, words)
  for _, word in ipairs(words) do
    if text:find(word, 1, true) then
      return true
    end
  end
  return false
end

-- begins says whether a text begins with one of the words.
local function begins(text, words)
  for _, word in ipairs(words) do
    if text:sub(1, #word) == word then
      return true
    end
  end
  return false
end

-- equals says whether a text is one of the words.
local function equals(text, words)
  for _, word in ipairs(words) do
    if text == word then
      return true
    end
  end
  return false
end

-- Each of these says what is wrong with the value of a field; nil if nothing is.
local fields = {}

fields["subject"] = function(value)
  local charset = value:lower():match("^%s*=%?([^?]*)")
  if charset and begins(charset, charsets) then
    return "the subject is in a charset that nobody reads here"
  end
  -- Decoded, since in base64 these letters mean nothing.
  local subject = header.decode(value)
  local lower = subject:lower():match("^%s*(.*)")
  if holds(subject, subject_words) or holds(lower, subject_any_case) then
    return "the subject looks like spam"
  end
  if begins(lower, subject_starts) then
    return "the subject says that it is advertising"
  end
end

fields["message-id"] = function(value)
  if #value:match("^%s*(.*)") < 4 then
    return "the Message-ID is too short"
  end
end

fields["x-mailer"] = function(value)
  local mailer = value:lower():match("^%s*(.*)")
  if equals(mailer, mailers) or holds(mailer, mailer_words) then
    return "no bulk mail"
  end
end

function on_mail(sender)
  if sender:lower():find("^mailer%-daemon@") then
    return discard() -- real bounces have no sender
  end
end

function on_header(name, value)
  local problem = fields[name:lower()] and fields[name:lower()](value)
  if problem then
    log.info("rejected", { field = name, reason = problem })
    return reject(550, "5.7.1", problem)
  end
end

function on_message(m)
  for part, name in attachments.forbidden(m, check) do
    local shown = attachments.shown(name)
    part:replace {
      filename = "WARNING.TXT",
      content = "An attachment was removed, since it could be a virus: " .. shown .. "\n",
    }
    log.info("attachment replaced", { file = shown })
  end
  m:remove_scripts()
end
