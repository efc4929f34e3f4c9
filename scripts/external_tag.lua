-- external_tag.lua: marks the Subject of mail from outside, so that a forged colleague is noticed.
--
-- Every Subject field gets the tag in front, since programs differ in which of several they show; a
-- mail without one gets the tag alone. A Subject that shows the tag near its beginning already (an
-- answer) stays. Users who have logged in and internal clients are not marked. The body is not
-- transferred. A DKIM signature over the Subject breaks: verify before, and sign after this filter.
--
-- Settings:
--   tag       the text, UTF-8.
--   internal  clients whose mail is not marked: addresses, ranges, host names as *.corp.example.
--
-- Example, with the tag "[EXT]": "Subject: invoice" becomes "Subject: [EXT] invoice".

local tag = "[EXT]"
local internal = { "127.0.0.0/8", "::1" }

local header = require "header"
local ipset = require "ipset"

assert(type(tag) == "string" and tag:find("^%S") and not tag:find("%c"),
  "tag must be a text that does not begin with white space, on one line")

assert(header.decode(header.encode(tag)) == tag, "tag is not UTF-8")

local own = ipset.new(internal)

local seen_within = 40 -- bytes in front of the tag in which answers have their Re: and AW:
local longest = 10000 -- bytes of a Subject that are kept; nobody shows more

-- shortened cuts text off between two characters.
local function shortened(text)
  if #text <= longest then
    return text
  end
  return (text:sub(1, longest):gsub("[\192-\247]?[\128-\191]*$", ""))
end

function on_mail()
  if macro("auth_authen") or own:contains(conn.address, conn.hostname) then
    return accept()
  end
end

function on_header(name, value)
  if name:lower() ~= "subject" then
    return
  end
  msg.subjects = (msg.subjects or 0) + 1
  local subject = header.decode(shortened(value))
  local at = subject:find(tag, 1, true)
  if at and at <= seen_within then
    return
  end
  local text = header.encode(tag .. " " .. subject:gsub("^%s+", ""))
  change_header(name, msg.subjects, header.fold(name, text))
end

function on_eoh()
  if not msg.subjects then
    add_header("Subject", header.encode(tag))
  end
end
