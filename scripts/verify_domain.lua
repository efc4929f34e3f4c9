-- verify_domain.lua: compares the domain in From with a list of domains that are ours.
--
-- For outgoing mail From must be in the list; with opposite, for mail from outside, it must not be.
-- An entry covers the domains below it as well, label by label: example.org does not stand for
-- evil-example.org. If a mail has a Sender field, that is checked in place of From, as mailing
-- lists need it. Addresses without a domain and <> are not checked; of several addresses each is.
-- The body is not transferred.
--
-- Settings:
--   domains           a file beside the script, one domain per line (xn-- form); it is read again
--                     when it changes. nil: no list, for sender_alignment alone.
--   by_address        the file has addresses, and those are compared.
--   opposite          refuse what is in the list, instead of what is not.
--   sender_alignment  the domain (by_address: the address) must also be that of MAIL FROM; the null
--                     sender (bounces) is not compared.
--   action            "reject" (554 5.7.0), "quarantine" or "accept" (only logged).
--   fix               instead of that, put MAIL FROM into From, and what was there into Reply-To if
--                     there is none; a Sender field that was refused goes.
--   test              only log what would be done.
--
-- Example, in master.cf below submission:
--   -o smtpd_milters=inet:127.0.0.1:7357

local domains = "domains.txt"
local by_address = false
local opposite = false
local sender_alignment = false
local action = "reject"
local fix = false
local test = false

local address = require "address"
local header = require "header"
local log = require "log"
local map = require "map"

for name, value in pairs{
  by_address = by_address, opposite = opposite, sender_alignment = sender_alignment,
  fix = fix, test = test,
} do
  assert(type(value) == "boolean", name .. " must be true or false")
end
assert(domains or sender_alignment, "nothing to verify: set domains or sender_alignment")
assert(not (fix and opposite), "fix and opposite exclude each other")
assert(action == "reject" or action == "quarantine" or action == "accept",
  "action must be reject, quarantine or accept")

local list = domains and map.open(domains)

local longest_domain = 253 -- RFC 1035 section 2.3.4, without the dot at the end
local most_replies = 20 -- addresses of From that go into Reply-To

-- canonical is a domain as DNS has it, or at least in lower case.
local function canonical(domain)
  domain = domain:gsub("%.+$", "")
  return address.to_ascii(domain) or domain:lower()
end

-- printable is text of a stranger as it may stand in a reply.
local function printable(text)
  return (text:sub(1, 255):gsub("[^\33-\126]", "?"))
end

-- listed looks for an address: itself, or its domain and those above.
local function listed(a)
  if by_address then
    return list:get(a.address) ~= nil
  end
  local domain = canonical(a.domain)
  if #domain > longest_domain then
    return opposite -- there is none: refused either way
  end
  while domain do
    if list:get(domain) then
      return true
    end
    domain = domain:match("^[^.]*%.(.+)$")
  end
  return false
end

local function aligned(a, sender)
  if by_address then
    return a.address:lower() == sender.address:lower()
  end
  return canonical(a.domain) == canonical(sender.domain)
end

-- refusal is the reply about an address.
local function refusal(a)
  return ("Reject Queue-ID: %s - RFC5322 from address: <%s>")
    :format(printable(msg.id or "unknown"), printable(a.address))
end

-- problem says why an address is refused, in the words of the reply; nil if it is not. sender is
-- nil for a MAIL FROM that is no single address.
local function problem(a, sender)
  if list and listed(a) == opposite then
    return refusal(a)
  end
  if sender_alignment and msg.sender ~= "" and not (sender and aligned(a, sender)) then
    local what = by_address and "Email address" or "Domain"
    return ("Reject: %s in From: header %s does not match envelope sender %s")
      :format(what, printable(a.address), printable(msg.sender))
  end
end

-- readings is what an address without a domain may be taken for: some programs decode it first, and
-- show the name where there is nothing else.
local function readings(a)
  return (address.list(a.address ~= "" and header.decode(a.address) or a.name))
end

-- addresses gives those of a field that have a domain, and why not all were read, if so.
local function addresses(value)
  local found, more = {}, nil
  local all, defects = address.list(value)
  for _, defect in ipairs(defects) do
    more = more or defect:match("^(.*): the rest is not read$")
  end
  for _, a in ipairs(all) do
    for _, reading in ipairs(a.domain ~= "" and { a } or readings(a)) do
      if reading.domain ~= "" then
        table.insert(found, reading)
      end
    end
  end
  return found, more
end

-- refused goes through the addresses of some fields, and gives the first that is refused and why.
local function refused(values)
  local sender = address.parse(msg.sender)
  for _, value in ipairs(values) do
    local found, more = addresses(value)
    for _, a in ipairs(found) do
      local why = problem(a, sender)
      if why then
        return a, why
      end
    end
    if more then
      local unread = { address = "(" .. more .. ")" }
      return unread, refusal(unread)
    end
  end
end

-- reply_to is what was in From, as a value that can be sent: broken parts are left out.
local function reply_to(values)
  local texts = {}
  for _, value in ipairs(values) do
    for _, a in ipairs(addresses(value)) do
      if #texts < most_replies and #a.address + #a.name < 1000 then
        table.insert(texts, (address.format(a)))
      end
    end
  end
  return header.fold("Reply-To", table.concat(texts, ", "))
end

-- repair puts MAIL FROM into From; false if it can't stand there.
local function repair()
  local sender = address.parse(msg.sender)
  local value = sender and sender.domain ~= "" and address.format{ address = sender.address }
  if not value then
    return false
  end
  local old = msg.from or {}
  for n = #old, 2, -1 do
    delete_header("From", n)
  end
  change_header("From", 1, "<" .. value .. ">")
  for n = #(msg.senders or {}), 1, -1 do
    delete_header("Sender", n)
  end
  local answers = reply_to(old)
  if not msg.has_reply_to and answers ~= "" then
    add_header("Reply-To", answers)
  end
  return true
end

function on_header(name, value)
  name = name:lower()
  if name == "from" then
    msg.from = msg.from or {}
    table.insert(msg.from, value)
  elseif name == "sender" then
    msg.senders = msg.senders or {}
    table.insert(msg.senders, value)
  elseif name == "reply-to" then
    msg.has_reply_to = true
  end
end

function on_eoh()
  local a, why = refused(msg.senders or msg.from or {})
  if not a then
    return
  end
  local done = fix and "fix" or action
  log.warn("verify domain", {
    from = a.address, sender = msg.sender, action = test and done .. " (test)" or done,
  })
  if test or done == "accept" then
    return
  end
  if fix then
    if not repair() then
      log.warn("From can't be fixed", { sender = msg.sender })
    end
    return
  end
  if action == "quarantine" then
    quarantine(why)
    return
  end
  return reject(554, "5.7.0", why)
end
