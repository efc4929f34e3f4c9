-- reject_spam.lua: refuses senders, HELO names and subjects that are listed here.
--
-- Settings: sender_domains (the domain and all below it), helo_names (exact, lower case),
-- subject_words (plain text, any case). A refused mail gets 550 5.7.1 with the reason. Users who
-- have logged in are not checked.
--
-- Example: a mail from anyone@mx.spam.example is refused at MAIL FROM.

local sender_domains = { "spam.example", "bulk.example" }
local helo_names = { ["localhost"] = true, ["localhost.localdomain"] = true }
local subject_words = { "viagra", "you have won", "100% free" }

local function domain_of(address)
  return (address:match("@([^@]*)$") or ""):lower()
end

-- is_below says whether a domain is the listed one or ends in it, label by label.
local function is_below(domain, listed)
  return domain == listed or domain:sub(-#listed - 1) == "." .. listed
end

function on_mail(sender)
  if macro("auth_authen") then
    return accept()
  end
  local own = conn.address == "127.0.0.1" or conn.address == "::1"
  if conn.helo and not own and helo_names[conn.helo:lower()] then
    return reject(550, "5.7.1", "HELO name " .. conn.helo .. " is not yours")
  end
  local domain = domain_of(sender)
  for _, listed in ipairs(sender_domains) do
    if is_below(domain, listed) then
      return reject(550, "5.7.1", "mail from " .. listed .. " is not accepted here")
    end
  end
end

function on_header(name, value)
  if name:lower() ~= "subject" then
    return
  end
  local subject = value:lower()
  for _, word in ipairs(subject_words) do
    if subject:find(word, 1, true) then
      return reject(550, "5.7.1", "the subject of your mail looks like spam")
    end
  end
end
