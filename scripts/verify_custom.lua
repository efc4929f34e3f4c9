-- verify_custom.lua: verifies what sign_custom.lua has signed, and says so in a header field:
--   X-Custom-Signature-Result: pass (key 2026)
--   X-Custom-Signature-Result: fail (the body was changed)
--   X-Custom-Signature-Result: none
-- A field of that name that came with the mail is removed. Needs lib/signature.lua.
--
-- Settings:
--   field          the name of the field with the signature
--   result_field   the name of the field with the result
--   keys           which keys count: for each key_id of sign_custom.lua the algorithm and the file
--                  with the public key in PEM (openssl pkey -in sign.key -pubout) or the secret;
--                  they are read when the filter loads
--   max_age        how old a signature may be, in seconds
--   required       domains whose mails have to be signed: those with such a From that are not get
--                  550; one that begins with a dot means all below it
--   reject_broken  whether mails whose signature is wrong get 550, too
--
-- Example, in main.cf:
--   smtpd_milters = inet:127.0.0.1:7357
-- and: luamilter --script verify_custom.lua

local address = require "address"
local crypto = require "crypto"
local header = require "header"
local log = require "log"
local signature = require "lib.signature"

local field = "X-Custom-Signature"
local result_field = "X-Custom-Signature-Result"
local keys = {
  ["2026"] = { algorithm = "ed25519-sha256", file = "/etc/luamilter/sign.pub" },
}
local max_age = 7 * 24 * 3600
local required = {}
local reject_broken = false

-- A mail may come with several, as after a change of keys; more would only take time.
local most_signatures = 5
-- As many addresses of From as are read.
local most_from = 10000
-- How far the clocks of two servers may be apart, in seconds.
local clock_skew = 3600

for setting, value in pairs { field = field, result_field = result_field } do
  assert(type(value) == "string" and value:find("^[%w-]+$"), setting .. ": a field name expected")
end
assert(type(keys) == "table" and next(keys), "keys: at least one key expected")
assert(type(max_age) == "number" and max_age > 0, "max_age: a number above 0 expected")
assert(type(required) == "table", "required: a list of domains expected")
assert(type(reject_broken) == "boolean", "reject_broken: true or false expected")
for i, domain in ipairs(required) do
  assert(type(domain) == "string" and domain:find("^%.?[^%s@%u.][^%s@%u]*$"),
    "required: entry " .. i .. ": a domain in small letters expected")
end

-- canonical is a domain as DNS has it, or at least in lower case.
local function canonical(domain)
  domain = domain:gsub("%.+$", "")
  return address.to_ascii(domain) or domain:lower()
end

local needed = {}
for i, domain in ipairs(required) do
  local dot, rest = domain:match("^(%.?)(.*)$")
  needed[i] = dot .. canonical(rest)
end
local loaded = {}
for id, key in pairs(keys) do
  assert(type(id) == "string" and type(key) == "table", "keys: [id] = { algorithm, file } expected")
  loaded[id] = signature.load_key(key.algorithm, key.file, true)
end

-- verify gives nil if a signature is good, or what is wrong with it.
local function verify(m, parsed)
  local key = keys[parsed.k]
  if not key then
    return "key " .. parsed.k:sub(1, 40):gsub("[^%w._-]", "?") .. " is not known"
  end
  if parsed.a ~= key.algorithm then
    return "another algorithm than that of the key"
  end
  local age = os.time() - tonumber(parsed.t)
  if age > max_age or age < -clock_skew then
    return age > max_age and "too old" or "from the future"
  end
  local from = false
  for _, name in ipairs(parsed.names) do
    from = from or name:lower() == "from"
  end
  local bytes = crypto.unbase64(parsed.b)
  if not from or not bytes then
    return "From is not signed, or the signature is no base64"
  end
  local text, problem = signature.signed_text(m, parsed.names, parsed.own)
  if not text then
    return problem
  end
  if not signature.algorithms[key.algorithm].verify(loaded[parsed.k], text, bytes) then
    return "the header was changed, or it is of another key"
  end
  if parsed.bh ~= signature.body_hash(m.body) then
    return "the body was changed"
  end
end

-- result is "pass", "fail" or "none", and the key or what is wrong.
local function result(m)
  local count, problem = signature.count(m, field)
  if not count then
    return "fail", problem
  end
  for n = 1, math.min(count, most_signatures) do
    local parsed = signature.parse(m:raw_header(field, n))
    local wrong = not parsed and "the signature can't be read" or verify(m, parsed)
    if not wrong then
      return "pass", "key " .. parsed.k
    end
    problem = problem or wrong
  end
  return count > 0 and "fail" or "none", problem
end

-- is_needed says whether a domain is one that signs.
local function is_needed(domain)
  domain = canonical(domain)
  for _, listed in ipairs(needed) do
    if domain == listed or listed:find("^%.") and domain:sub(-#listed) == listed then
      return true
    end
  end
  return false
end

-- must_be_signed says whether an address of From is in a domain that signs.
local function must_be_signed(m)
  local list = m.from
  if #list >= most_from then
    return #needed > 0 -- not all of them were read
  end
  for _, from in ipairs(list) do
    -- Some programs decode an address without a domain first.
    local readings = { from }
    if from.domain == "" then
      readings = address.list(from.address ~= "" and header.decode(from.address) or from.name)
    end
    for _, reading in ipairs(readings) do
      if is_needed(reading.domain) then
        return true
      end
    end
  end
  return false
end

function on_message(m)
  local verdict, detail = result(m)
  delete_header(result_field)
  add_header(result_field, detail and verdict .. " (" .. detail .. ")" or verdict)
  if verdict == "pass" then
    return
  end
  if must_be_signed(m) then
    log.info("rejected", { reason = "not signed", result = verdict, detail = detail })
    return reject(550, "5.7.1", "mail from this domain has to be signed")
  end
  if verdict == "fail" and reject_broken then
    log.info("rejected", { reason = "broken signature", detail = detail })
    return reject(550, "5.7.1", "the signature of this mail is broken: " .. detail)
  end
end
