-- sign_custom.lua: signs outgoing mails with a key of your own, for servers of your own that verify
-- with verify_custom.lua. For everybody else there is DKIM.
--
-- Signed are the fields below and the body, so that it survives other mail servers: see
-- lib/signature.lua, which it needs. What breaks the signature: a footer, a tag in the subject, a
-- mail server that breaks lines of more than 998 bytes, or turns 8-bit text into quoted-printable
-- for one that can't take it. So let this be the last filter; where another one uses change_header,
-- in a luamilter of its own.
--
-- Settings:
--   field         the name of the field that is added
--   algorithm     "ed25519-sha256": this server has a private key, the others the public one;
--                 "hmac-sha256": all have the same secret
--   key_id        the name of the key, which verify_custom.lua looks for
--   key_file      the private key in PEM (openssl genpkey -algorithm ed25519), or the secret, of at
--                 least 16 bytes; it is read when the filter loads
--   sealed        fields to sign; none can be added later, even where there is none now
--   signed        fields to sign if they are there; mail servers add missing ones of these
--   outgoing      which clients send outgoing mail, besides users who have logged in: addresses,
--                 ranges, names as for the module ipset
--
-- Example, in master.cf: the service submission with
--   -o smtpd_milters=inet:127.0.0.1:7357
-- and: luamilter --script sign_custom.lua

local crypto = require "crypto"
local header = require "header"
local ipset = require "ipset"
local log = require "log"
local signature = require "lib.signature"

local field = "X-Custom-Signature"
local algorithm = "ed25519-sha256"
local key_id = "2026"
local key_file = "/etc/luamilter/sign.key"
local sealed = {
  "From", "Sender", "Reply-To", "To", "Cc", "Subject", "In-Reply-To", "References",
  "MIME-Version", "Content-Type", "Content-Transfer-Encoding",
}
local signed = { "Date", "Message-ID" }
local outgoing = { "127.0.0.0/8", "::1" }

-- check_names checks a list of field names.
local function check_names(list, setting)
  assert(type(list) == "table", setting .. ": a list expected")
  for i, name in ipairs(list) do
    assert(type(name) == "string" and name:find("^[%w-]+$"),
      setting .. ": entry " .. i .. ": the name of a field expected")
  end
end

assert(type(field) == "string" and field:find("^[%w-]+$"), "field: the name of a field expected")
assert(type(key_id) == "string" and key_id:find("^[%w._-]+$"),
  "key_id: letters, digits and ._- expected")
check_names(sealed, "sealed")
check_names(signed, "signed")
local seals = {}
for _, name in ipairs(sealed) do
  seals[name:lower()] = true
end
assert(seals["from"], "sealed: From has to be in it")
assert(type(outgoing) == "table", "outgoing: a list expected")
local clients = ipset.new(outgoing)
local key = signature.load_key(algorithm, key_file, false)

-- fields_of lists the names for h=, each as often as there are fields; nil and a text for too many.
local function fields_of(m)
  local list = {}
  for _, group in ipairs { { sealed, 1 }, { signed, 0 } } do
    for _, name in ipairs(group[1]) do
      local count, problem = signature.count(m, name)
      if not count then
        return nil, problem
      end
      for _ = 1, count + group[2] do
        table.insert(list, name:lower())
      end
    end
  end
  return list
end

function on_mail()
  if not macro("auth_authen") and not clients:contains(conn.address, conn.hostname) then
    return accept() -- and its body is not transferred
  end
end

function on_message(m)
  local list, problem = fields_of(m)
  if not list then
    log.warn("not signed", { reason = problem })
    return
  end
  local own = ("v=1; a=%s; k=%s; t=%d; h=%s; bh=%s; b="):format(algorithm, key_id, os.time(),
    table.concat(list, ": "), signature.body_hash(m.body))
  local text = signature.signed_text(m, list, own)
  local bytes = signature.algorithms[algorithm].sign(key, text)
  add_header(field, header.fold(field, own .. " " .. crypto.base64(bytes)))
end
