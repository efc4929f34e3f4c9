function on_mail(sender)
  if sender == "" then
    reject("no bounces")
  end
  local accept = function() end
  accept()
  if sender == "x" then tempfail() end
end

local function unwanted(name, value)
  if name == "Subject" and value:find("lottery") then
    return reject("no lottery")
  end
  return value == "" and tempfail("empty") or continue()
end

local function again(name, value)
  return unwanted(name, value)
end

local function counted(n)
  msg.n = n
  return continue()
end

function on_header(name, value)
  unwanted(name, value)
  again(name, value)
  counted(1)
  local refuse = reject
  refuse("no")
  return unwanted(name, value)
end
