function on_load()
  return reject("not today")
end

function on_mail() end

function on_abort()
  return accept()
end

function on_close()
  if conn.helo then
    return discard()
  end
  local late = accept()
  return late
end

local function judge()
  return tempfail()
end

local function ended()
  return judge()
end

on_abort = ended
