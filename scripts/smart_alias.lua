-- smart_alias.lua: aliases that depend on the sender as well as on the recipient.
--
-- A recipient that an alias matches is replaced by others; if it is among these itself, they are
-- added. Addresses are compared without case, quotes that are not needed, and source routes. New
-- recipients are not looked up again. All happens at the end of the message, for recipients that
-- were accepted; neither header nor body is transferred.
--
-- Settings: aliases, a list of
--   from  the sender: an address, "@example.org" for a domain, "" for the null sender (bounces);
--         nothing for any.
--   to    the recipient: an address, or "@example.org".
--   new   a list of addresses.
-- Of several that match, an address of the recipient counts before its domain, then an address of
-- the sender before its domain, before any.
--
-- Example: what client@clientcorp.example writes to sue goes to boss, with a copy for sue:
--   { from = "client@clientcorp.example", to = "sue@example.org",
--     new = { "boss@example.org", "sue@example.org" } },

local aliases = {
  { from = "@partner.example", to = "info@example.org", new = { "partners@example.org" } },
}

local address = require "address"
local log = require "log"

-- plain is an address in the form in which it is compared.
local function plain(text)
  local a = address.parse(text)
  return (a and a.address or text):lower()
end

-- domain_of is "@" and the domain; nil without one.
local function domain_of(plain_address)
  return plain_address:match("@[^@]*$")
end

-- any is the sender of aliases that do not name one: no address has a space and nothing else.
local any = " "

-- key is what an alias is found by. A NUL can't stand in an SMTP command.
local function key(from, to)
  return from .. "\0" .. to
end

local function read(i, alias)
  local where = "aliases[" .. i .. "]"
  assert(type(alias) == "table", where .. " is no table")
  assert(alias.from == nil or type(alias.from) == "string", where .. ": from is no text")
  assert(type(alias.to) == "string" and alias.to:find("@", 1, true), where .. ": to is no address")
  assert(type(alias.new) == "table" and #alias.new > 0, where .. ": new has no addresses")
  for _, new in ipairs(alias.new) do
    assert(address.parse(new), where .. ": " .. tostring(new) .. " is no address")
  end
  local from = alias.from and (alias.from:find("^@") and alias.from:lower() or plain(alias.from))
  local to = alias.to:find("^@") and alias.to:lower() or plain(alias.to)
  return key(from or any, to), alias.new
end

local index = {}
for i, alias in ipairs(aliases) do
  local k, new = read(i, alias)
  assert(not index[k], "aliases[" .. i .. "] has the sender and recipient of another one")
  index[k] = new
end
assert(next(index), "aliases is empty")

-- alias_for gives the new recipients for one; nil if it keeps its own.
local function alias_for(sender, recipient)
  for _, to in ipairs{ recipient, domain_of(recipient) } do
    for _, from in ipairs{ sender, domain_of(sender) or any, any } do
      local new = index[key(from, to)]
      if new then
        return new
      end
    end
  end
end

-- delete takes away all recipients in a set, in each form in which they were given.
local function delete(names)
  local done = {}
  for _, recipient in ipairs(msg.recipients) do
    if names[plain(recipient)] and not done[recipient] then
      done[recipient] = true
      delete_recipient(recipient)
    end
  end
end

function on_eom()
  local sender = plain(msg.sender)
  local there, gone, wanted = {}, {}, {}
  for _, recipient in ipairs(msg.recipients) do
    local name = plain(recipient)
    there[name] = true
    local new = not gone[name] and alias_for(sender, name)
    if new then
      gone[name] = true
      table.insert(wanted, new)
      log.info("smart alias", { recipient = recipient, new = table.concat(new, " ") })
    end
  end
  for _, new in ipairs(wanted) do
    for _, to in ipairs(new) do
      local name = plain(to)
      gone[name] = nil
      if not there[name] then
        there[name] = true
        add_recipient(to)
      end
    end
  end
  delete(gone)
end
