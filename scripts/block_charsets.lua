-- block_charsets.lua: refuses mail from outside in character sets that nobody here reads.
--
-- It looks at the encoded words of some header fields and at the charset of the message's own
-- Content-Type. UTF-8 says nothing of the language and passes, and so does a charset that only a
-- part of a multipart mail has. Users who have logged in and internal clients are not checked. The
-- refusal comes at the end of the header, so the body is not transferred.
--
-- Settings:
--   blocked   charsets, in upper or lower case; * stands for anything.
--   fields    header fields whose encoded words count.
--   internal  clients that are not checked: addresses, ranges, host names as *.corp.example.
--
-- Example: "Subject: =?big5?B?p0+mbw==?=" is refused.

local blocked = { "big5*", "gb2312", "gbk", "gb18030", "iso-2022-*", "euc-kr", "ks_c_5601*" }
local fields = { "Subject", "From" }
local internal = { "127.0.0.0/8", "::1" }

local header = require "header"
local ipset = require "ipset"
local re = require "re"

local own = ipset.new(internal)

assert(#blocked > 0, "blocked is empty")

local escaped = {}
for i, name in ipairs(blocked) do
  assert(type(name) == "string" and name:find("[^*%s]"), "blocked[" .. i .. "] is no charset")
  escaped[i] = re.escape(name):gsub([[\%*]], ".*")
end
local unwanted = re.compile("(?i)^(?:" .. table.concat(escaped, "|") .. ")$")

local looked_at = {}
for i, name in ipairs(fields) do
  assert(type(name) == "string", "fields[" .. i .. "] is no name of a field")
  looked_at[name:lower()] = true
end

-- in_words looks for an encoded word: =?charset?B?...; RFC 2231 adds a language, as in big5*zh.
local function in_words(value)
  for charset in value:gmatch("=%?%s*([^?*%s]+)[^?]*%?%s*[bBqQ]%s*%?") do
    if unwanted:match(charset) then
      return charset
    end
  end
end

-- in_params looks at each reading of the parameter charset: mail readers differ.
local function in_params(value)
  local _, _, list = header.params(value)
  for _, param in ipairs(list) do
    local charset = param.value:match("^%s*(.-)%s*$")
    if param.name == "charset" and unwanted:match(charset) then
      return charset
    end
  end
end

function on_mail()
  if macro("auth_authen") or own:contains(conn.address, conn.hostname) then
    return accept()
  end
end

function on_header(name, value)
  name = name:lower()
  if msg.charset then
    return
  end
  if name == "content-type" then
    msg.charset = in_params(value)
  elseif looked_at[name] then
    msg.charset = in_words(value)
  end
end

function on_eoh()
  if msg.charset then
    local shown = msg.charset:sub(1, 40):gsub("[^\33-\126]", "?")
    return reject(550, "5.7.1", "nobody here reads mail in the character set " .. shown)
  end
end
