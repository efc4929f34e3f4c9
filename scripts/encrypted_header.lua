-- encrypted_header.lua: puts into each mail, for the postmaster's eyes only, where it came from.
--
-- Address, names and user of the client are encrypted for the owner of a key and added as a header
-- field. When a mail is complained of, that person saves it and reads the field with
--   luamilter open-header --key postmaster.key mail.eml
-- Nobody else can, and nobody can change it unseen. A field of that name that came with the mail is
-- removed.
--
-- Settings:
--   public_key   whom the field is for: the line that this prints, and writes the private key:
--                  luamilter open-header --new-key postmaster.key
--                Keep postmaster.key away from the mail server, which does not need it.
--   field        the name of the field
--   macros       which macros of the mail server to put in, besides what is known of the client
--
-- Example: luamilter --script encrypted_header.lua

local crypto = require "crypto"
local json = require "json"

local public_key = ""
local field = "X-Connection-Info"
local macros = { "auth_authen", "auth_type", "tls_version", "cipher", "daemon_name" }

assert(type(field) == "string" and field:find("^[!-9;-~]+$"), "field: the name of a field expected")
assert(type(macros) == "table", "macros: a list expected")
for i, name in ipairs(macros) do
  assert(type(name) == "string", "macros: entry " .. i .. ": a name expected")
end
if public_key == "" then
  error("public_key: set it to what luamilter open-header --new-key FILE prints", 0)
end
assert(type(public_key) == "string", "public_key: a text expected")
local key = crypto.unbase64(public_key)
assert(key and #key == 32 and pcall(crypto.seal, key, ""),
  "public_key: not what luamilter open-header --new-key FILE prints")

function on_eom()
  local info = {
    time = os.time(),
    address = conn.address,
    port = conn.port,
    hostname = conn.hostname,
    helo = conn.helo,
    sender = msg.sender,
    id = msg.id,
  }
  for _, name in ipairs(macros) do
    info[name] = macro(name)
  end
  local sealed = crypto.base64(crypto.seal(key, json.encode(info)), { wrap = 72 })
  delete_header(field)
  add_header(field, (sealed:gsub("\n", "\n ")))
end
