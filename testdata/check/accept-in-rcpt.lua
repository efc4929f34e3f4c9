-- A helper that only on_rcpt calls counts as well; one that on_mail calls too does not.
local function trusted(recipient)
  return recipient:find("^postmaster@") and accept()
end

local function leave()
  return accept()
end

function on_mail(sender)
  if sender == "" then
    return leave()
  end
end

function on_rcpt(recipient)
  if recipient:find("^abuse@") then
    return accept()
  end
  if recipient:find("^root@") then
    return leave()
  end
  return trusted(recipient)
end
