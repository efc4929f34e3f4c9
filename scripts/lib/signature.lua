-- lib/signature.lua: what sign_custom.lua and verify_custom.lua have in common: which text of a
-- message is signed, and how the signature is written. Copy it along with them, to lib/ beside
-- them.
--
-- The field is "v=1; a=ALGORITHM; k=KEY; t=TIME; h=NAME: NAME ...; bh=HASH; b=SIGNATURE". Signed
-- are the header fields that h names, then the field itself up to "b=", without white space. A name
-- that h has n times means the last n fields of that name, the last one first; a field that is not
-- there counts as an empty one, so that nobody can add one to it later. HMAC is made of all this,
-- Ed25519 signs the SHA-256 of it.
--
-- What mail servers on the way may change counts for nothing, as in DKIM's relaxed form (RFC 6376,
-- 3.4): large and small letters in field names, how fields are folded, how much white space stands
-- between words and at the ends of lines, empty lines at the end.

local crypto = require "crypto"

local signature = {}

-- More fields of one name than this are neither signed nor verified: looking for each takes time.
local most_fields = 50
-- More names than this are not verified, for the same reason.
local most_names = 200

-- canonical_field is a header field as it is signed.
local function canonical_field(name, value)
  value = value:gsub("\r?\n", ""):gsub("[ \t]+", " "):gsub("^ ", ""):gsub(" $", "")
  return name:lower() .. ":" .. value .. "\n"
end

-- body_hash is the SHA-256 of the body as it is signed, in base64.
function signature.body_hash(body)
  -- Each of these takes time in proportion to the body, whatever it holds.
  body = body:gsub("[ \t]+", " "):gsub("\r\n", "\n"):gsub(" \n", "\n"):gsub(" $", "")
  local last = #body
  while body:byte(last) == 10 do
    last = last - 1
  end
  return crypto.base64(crypto.sha256(body:sub(1, last)))
end

-- count says how many fields of a name a message has; nil and a text if there are too many.
function signature.count(m, name)
  local n = 0
  while m:raw_header(name, n + 1) do
    n = n + 1
    if n > most_fields then
      return nil, "more than " .. most_fields .. " fields of the name " .. name
    end
  end
  return n
end

-- signed_text is what a signature is made over: the fields that a list names, and the signature's
-- own field up to "b=". nil and a text where there are too many fields.
function signature.signed_text(m, names, own)
  local pieces, left = {}, {}
  for _, name in ipairs(names) do
    name = name:lower()
    if not left[name] then
      local count, problem = signature.count(m, name)
      if not count then
        return nil, problem
      end
      left[name] = count
    end
    local value = ""
    if left[name] > 0 then
      value = m:raw_header(name, left[name])
      left[name] = left[name] - 1
    end
    table.insert(pieces, canonical_field(name, value))
  end
  table.insert(pieces, (own:gsub("%s", "")))
  return table.concat(pieces)
end

-- read_key gives the content of a key file; raises if it can't be read. White space at the end of a
-- secret, which is no PEM, does not count.
local function read_key(path)
  local file, problem = io.open(path, "rb")
  if not file then
    error(problem, 0)
  end
  local key = file:read("*a")
  file:close()
  if not key:find("-----BEGIN", 1, true) then
    key = key:match("^(.-)%s*$")
  end
  return key
end

-- Each algorithm can check a key, which raises if it is none, sign, and verify.
signature.algorithms = {
  ["hmac-sha256"] = {
    check = function(key)
      if #key < 16 then
        error("a secret of at least 16 bytes expected, got " .. #key, 0)
      end
    end,
    sign = function(key, text)
      return crypto.hmac("sha256", key, text)
    end,
    verify = function(key, text, bytes)
      return crypto.equal(crypto.hmac("sha256", key, text), bytes)
    end,
  },
  ["ed25519-sha256"] = {
    check = function(key, public)
      if not public then
        crypto.ed25519_sign(key, "")
        return
      end
      local _, problem = crypto.ed25519_verify(key, "", ("\0"):rep(64))
      if problem then
        error(problem, 0)
      end
    end,
    sign = function(key, text)
      return crypto.ed25519_sign(key, crypto.sha256(text))
    end,
    verify = function(key, text, bytes)
      return crypto.ed25519_verify(key, crypto.sha256(text), bytes) == true
    end,
  },
}

-- load_key reads a private key, or a public one, from a file; the error names the file.
function signature.load_key(algorithm, path, public)
  local how = signature.algorithms[algorithm]
  if not how then
    error("algorithm: hmac-sha256 or ed25519-sha256 expected, got " .. tostring(algorithm), 0)
  end
  if type(path) ~= "string" then
    error("the name of a key file expected, got " .. type(path), 0)
  end
  local key = read_key(path)
  local ok, problem = pcall(how.check, key, public)
  if not ok then
    error(path .. ": no key for " .. algorithm .. ": " .. tostring(problem), 0)
  end
  return key
end

-- The tags of the field, in their order.
local tags = { "v", "a", "k", "t", "h", "bh", "b" }

-- names_in is the list in h; nil if one is no field name, or there are too many.
local function names_in(h)
  local names = {}
  for name in h:gmatch("[^:]+") do
    table.insert(names, name)
    if #names > most_names or not name:find("^[%w-]+$") then
      return nil
    end
  end
  return names
end

-- parse takes the value of the field apart: a table of its tags, with names, the list in h, and
-- own, the field up to "b="; nil if it is none.
function signature.parse(value)
  value = value:gsub("%s", "")
  local parsed, rest = {}, value
  for i, tag in ipairs(tags) do
    local name, content, after = rest:match("^(%l+)=([^;]*)(.*)$")
    if name ~= tag or after:sub(1, 1) ~= (i < #tags and ";" or "") then
      return nil
    end
    parsed[tag], rest = content, after:sub(2)
  end
  parsed.names = names_in(parsed.h)
  if parsed.v ~= "1" or not parsed.t:find("^%d+$") or #parsed.t > 12 or not parsed.names then
    return nil
  end
  parsed.own = value:sub(1, #value - #parsed.b)
  return parsed
end

return signature
