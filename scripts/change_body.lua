-- change_body.lua: replaces words in the body of text mails.
--
-- The body is collected as it comes, chunk by chunk, and replaced only if a word was found. Mails
-- that are not plain 7-bit or 8-bit text are left alone: in base64 or quoted-printable a plain
-- search finds nothing.
--
-- Settings: words, what to replace by what (plain text, not patterns).

local words = {
  ["password123"] = "***********",
  ["internal.example"] = "example.org",
}

function on_header(name, value)
  name, value = name:lower(), value:lower()
  if name == "content-type" and not value:find("^%s*text/plain") then
    msg.leave = true
  elseif name == "content-transfer-encoding" and not value:find("^%s*[78]bit") then
    msg.leave = true
  end
end

function on_body(chunk)
  if msg.leave then
    return skip()
  end
  msg.chunks = msg.chunks or {}
  table.insert(msg.chunks, chunk)
end

-- replace_plain puts one plain text in the place of another.
local function replace_plain(text, old, new)
  local pattern = old:gsub("%W", "%%%0")
  local replacement = new:gsub("%%", "%%%%")
  return text:gsub(pattern, replacement)
end

function on_eom()
  if msg.leave or not msg.chunks then
    return
  end
  local body, total = table.concat(msg.chunks), 0
  for old, new in pairs(words) do
    local count
    body, count = replace_plain(body, old, new)
    total = total + count
  end
  if total > 0 then
    replace_body(body)
    add_header("X-Body-Changed", tostring(total))
  end
end
