-- subject_words.lua: refuses mail from outside by what stands in its Subject.
--
-- The Subject is decoded (RFC 2047) first; characters that nobody sees are left out, and any white
-- space counts as one space. Users who have logged in and internal clients are not checked. The
-- refusal comes at the end of the header, so the body is not transferred.
--
-- Settings, all UTF-8:
--   words     whole words or phrases, in upper or lower case: "casino" is not found in "casinos".
--   parts     found anywhere, also inside of words, in upper or lower case.
--   exact     found anywhere, exactly as written.
--   reply     the text of the 550 5.7.1.
--   internal  clients that are not checked: addresses, ranges, host names as *.corp.example.
--
-- Example: "Subject: =?utf-8?q?online_CASINO!?=" is refused.

local words = { "casino", "you have won", "acai berry" }
local parts = { "v1agra", "hydrocodone", "xanax" }
local exact = { "$$$", "XXX", "!!!" }
local reply = "the subject of your mail looks like spam"
local internal = { "127.0.0.0/8", "::1" }

local header = require "header"
local ipset = require "ipset"
local log = require "log"
local re = require "re"

-- one_of is a pattern for any text of a list; nil for an empty list.
local function one_of(name, list)
  local escaped = {}
  for i, text in ipairs(list) do
    assert(type(text) == "string" and text:find("%S"), name .. "[" .. i .. "] is no text")
    escaped[i] = re.escape(text)
  end
  return #escaped > 0 and "(" .. table.concat(escaped, "|") .. ")" or nil
end

local patterns = {}

-- look_for adds a pattern; before and after stand around the texts.
local function look_for(name, list, before, after)
  local texts = one_of(name, list)
  if texts then
    table.insert(patterns, re.compile(before .. texts .. after))
  end
end

look_for("words", words, [[(?i)(?:^|[^\pL\pN])]], [[(?:[^\pL\pN]|$)]])
look_for("parts", parts, "(?i)", "")
look_for("exact", exact, "", "")
assert(#patterns > 0, "words, parts and exact are all empty")

local own = ipset.new(internal)

-- Soft hyphen, zero-width and direction marks (U+200B to U+200F, U+202A to U+202E, U+2060), BOM.
local invisible = re.compile([[[\x{AD}\x{200B}-\x{200F}\x{202A}-\x{202E}\x{2060}\x{FEFF}]+]])
local white = re.compile([[[\s\x{A0}]+]])

-- found gives what of the lists stands in a Subject.
local function found(value)
  local subject = white:gsub(invisible:gsub(header.decode(value), ""), " ")
  for _, pattern in ipairs(patterns) do
    local text = pattern:match(subject)
    if text then
      return text
    end
  end
end

function on_mail()
  if macro("auth_authen") or own:contains(conn.address, conn.hostname) then
    return accept()
  end
end

function on_header(name, value)
  if name:lower() == "subject" then
    msg.found = msg.found or found(value)
  end
end

function on_eoh()
  if msg.found then
    log.info("subject refused", { found = msg.found })
    return reject(550, "5.7.1", reply)
  end
end
