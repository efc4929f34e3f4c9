local gone = discard()

local function drop()
  return discard()
end

function on_connect(hostname)
  if hostname == "unknown" then
    return discard()
  end
  return drop()
end

function on_mail(sender)
  if sender == "" then
    return skip()
  end
  return gone
end

function on_body(chunk)
  return chunk:find("x") and skip()
end

local function greet()
  return discard()
end

on_helo = greet

function on_unknown(command)
  if command == "XADR" then
    return accept()
  end
  return discard()
end
