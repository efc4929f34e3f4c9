-- from_alignment.lua: users who have logged in may only write From the domain of their MAIL FROM.
--
-- For the submission ports: a client without {auth_authen} is not checked, nor is the null sender
-- (bounces). A mail needs one From field with one address in it and no group, since programs differ
-- in which of several they show. The body is not transferred.
--
-- Settings:
--   strict     true: the same domain; false: domains of the same organisation, as for DMARC's
--              relaxed alignment, by the public suffix list (news.example.org, example.org).
--   also_from  domains that may stand in From whatever the MAIL FROM is, in lower case.
--
-- Example, in master.cf below submission:
--   -o smtpd_milters=inet:127.0.0.1:7357
-- A mail of joe@example.org with "From: ceo@bank.example" is refused at the end of its header:
--   550 5.7.1 From domain bank.example does not match MAIL FROM domain example.org

local strict = false
local also_from = {}

local address = require "address"

assert(type(strict) == "boolean", "strict must be true or false")
assert(type(also_from) == "table", "also_from must be a list of domains")

local allowed = {}
for _, domain in ipairs(also_from) do
  local ascii, problem = address.to_ascii(domain)
  allowed[ascii or error("also_from: " .. problem)] = true
end

-- canonical is a domain as DNS has it, or at least in lower case.
local function canonical(domain)
  domain = domain:gsub("%.$", "")
  return address.to_ascii(domain) or domain:lower()
end

-- printable is text of a stranger as it may stand in a reply.
local function printable(text)
  return (text:sub(1, 255):gsub("[^\33-\126]", "?"))
end

local function aligned(from, sender)
  from, sender = canonical(from), canonical(sender)
  return from == sender or allowed[from] or (not strict and address.same_org(from, sender))
end

function on_mail(sender)
  if sender == "" or not macro("auth_authen") then
    return accept()
  end
end

function on_header(name, value)
  if name:lower() ~= "from" then
    return
  end
  msg.fields = (msg.fields or 0) + 1
  msg.from = value
end

-- refusal says what is wrong with the From of this mail; nil if nothing is.
local function refusal()
  if msg.fields ~= 1 then
    return "a mail needs one From field, this one has " .. (msg.fields or "none")
  end
  if msg.from:find("=%?[^?]*%?[bBqQ]%?[^?<]*<") then
    return "From has a bracket in an encoded word" -- what is in it is an address to some programs
  end
  local list = address.list(msg.from)
  if #list ~= 1 then
    return "From needs one address, this one has " .. (#list > 0 and #list or "none")
  end
  if list[1].group then
    return "From must not have a group of addresses"
  end
  local domain = list[1].domain
  local sender = msg.sender:match("@([^@]*)$") or ""
  if domain == "" or sender == "" then
    return ("From <%s> and MAIL FROM <%s> need a domain each")
      :format(printable(list[1].address), printable(msg.sender))
  end
  if not aligned(domain, sender) then
    return ("From domain %s does not match MAIL FROM domain %s")
      :format(printable(domain), printable(sender))
  end
end

function on_eoh()
  local text = refusal()
  if text then
    return reject(550, "5.7.1", text)
  end
end
