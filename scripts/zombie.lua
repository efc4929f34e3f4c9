-- zombie.lua: internal machines may only send as internal domains. A PC that has been taken over
-- sends as anybody, and is told of at the first mail.
--
-- Not checked: clients that are not internal, trusted relays, this machine itself, users who have
-- logged in, the null sender (bounces), and senders without a domain (the MTA adds its own).
--
-- Settings:
--   internal_connect  clients that are internal: addresses, ranges (192.168.0.*, 10.0.0.0/8), and
--                     host names as *.corp.example.
--   internal_domains  what they may send as: example.org, *.example.org (below it, not itself).
--   trusted_relay     internal clients that may send as anybody, such as a list server.
--
-- Example: a mail of 192.168.0.66 from x@bank.example is refused at MAIL FROM, and logged as
--   REJECT: zombie PC at 192.168.0.66 sending MAIL FROM x@bank.example

local internal_connect = { "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "fc00::/7" }
local internal_domains = { "example.org", "*.example.org" }
local trusted_relay = {}

local address = require "address"
local ipset = require "ipset"
local log = require "log"

assert(#internal_domains > 0, "internal_domains is empty: internal clients could not send at all")

local internal = ipset.new(internal_connect)
local relays = ipset.new(trusted_relay)
local own = ipset.new{ "127.0.0.0/8", "::1" }
local domains = ipset.new(internal_domains)

-- is_internal says whether a domain is one that internal clients may send as.
local function is_internal(domain)
  domain = domain:gsub("%.$", "")
  return domains:contains(nil, address.to_ascii(domain) or domain)
end

function on_mail(sender)
  local domain = sender:match("@([^@]*)$")
  if not domain or macro("auth_authen") then
    return
  end
  if not internal:contains(conn.address, conn.hostname) or own:contains(conn.address)
      or relays:contains(conn.address, conn.hostname) or is_internal(domain) then
    return
  end
  local client = conn.address or conn.hostname
  log.warn("REJECT: zombie PC at " .. client .. " sending MAIL FROM " .. sender)
  return reject(550, "5.7.1", "Your PC is using an unauthorized MAIL FROM.",
    "It is either badly misconfigured or controlled by organized crime.")
end
