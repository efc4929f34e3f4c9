-- wiretap.lua: copies the mail of certain users to others, or gives it to these only.
--
-- Who may do that, and who has to be told, is a matter of law where you are.
--
-- Settings:
--   users          whose mail is copied: addresses, "@example.org" for a domain; an entry without @
--                  is a login name ({auth_authen}): what that user sends under any address.
--   outgoing       copy what they send.
--   incoming       copy what they get (by the address of the envelope).
--   dest           who gets the copies.
--   blind          true: nobody sees it; false: dest is named in Cc.
--   discard_users  as users: what they send goes to dest only. The sender is not told.
--
-- Addresses are compared without case, quotes that are not needed, and source routes. The body is
-- not transferred, and the header only if blind is false.
--
-- Example: users = { "bigmouth@example.org", "joe" }, dest = { "audit@example.org" }

local users = { "bigmouth@example.org" }
local outgoing = true
local incoming = false
local dest = { "audit@example.org" }
local blind = true
local discard_users = {}

local address = require "address"

local longest = 60000 -- bytes of a Cc field that dest is added to

-- plain is an address in the form in which it is compared.
local function plain(text)
  local a = address.parse(text)
  return (a and a.address or text):lower()
end

-- set_of makes a list of addresses and names ready for the search.
local function set_of(name, list)
  assert(type(list) == "table", name .. " must be a list")
  local set = {}
  for i, entry in ipairs(list) do
    assert(type(entry) == "string" and entry ~= "", name .. "[" .. i .. "] is no text")
    local is_address = entry:find("@", 2, true)
    set[is_address and plain(entry) or entry:lower()] = true
  end
  return set
end

local tapped = set_of("users", users)
local withheld = set_of("discard_users", discard_users)
assert(next(tapped) or next(withheld), "users and discard_users are both empty")
assert(type(dest) == "table" and #dest > 0, "dest is empty")
assert(outgoing or incoming or next(withheld), "neither outgoing nor incoming: nothing is copied")
for _, to in ipairs(dest) do
  assert(address.parse(to), "dest: " .. tostring(to) .. " is no address")
end

-- has_address looks for an address or its domain. An address without @ is no login name.
local function has_address(set, text)
  local name = plain(text)
  local domain = name:match("@[^@]*$")
  return domain and (set[name] or set[domain])
end

-- sends says whether the sender of this mail is in the set.
local function sends(set)
  local login = macro("auth_authen")
  return has_address(set, msg.sender) or (login and set[login:lower()])
end

-- gets says whether a recipient is in the set.
local function gets(set)
  for _, recipient in ipairs(msg.recipients) do
    if has_address(set, recipient) then
      return true
    end
  end
end

-- name_in_cc adds dest to the first Cc field, or as another where that can't be sent again.
local function name_in_cc()
  local names = table.concat(dest, ", ")
  if msg.cc and #msg.cc < longest and not msg.cc:find("[%z\r]") and msg.cc:find("%S") then
    change_header("Cc", 1, msg.cc .. ",\n " .. names)
  else
    add_header("Cc", names)
  end
end

if not blind then
  function on_header(name, value)
    if name:lower() == "cc" then
      msg.cc = msg.cc or value
    end
  end
end

-- copy adds dest to the recipients.
local function copy()
  local there = {}
  for _, recipient in ipairs(msg.recipients) do
    there[plain(recipient)] = true
  end
  for _, to in ipairs(dest) do
    if not there[plain(to)] then
      add_recipient(to)
    end
  end
end

-- keep_back takes away all recipients but dest, in each form in which they were given.
local function keep_back()
  local kept, done = set_of("dest", dest), {}
  for _, recipient in ipairs(msg.recipients) do
    if not kept[plain(recipient)] and not done[recipient] then
      done[recipient] = true
      delete_recipient(recipient)
    end
  end
end

function on_eom()
  if sends(withheld) then
    copy()
    keep_back()
  elseif (outgoing and sends(tapped)) or (incoming and gets(tapped)) then
    copy()
    if not blind then
      name_in_cc()
    end
  end
end
