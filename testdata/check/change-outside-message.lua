local function mark(value)
  add_header("X-Mark", value)
end

local function both(value)
  add_header("X-Both", value)
end

function on_connect()
  add_recipient("postmaster@example.org")
  pcall(function() quarantine("odd") end)
end

function on_helo(name)
  mark(name)
  both(name)
end

function on_mail()
  both("mail")
end

function on_close()
  replace_body("")
end

every(60, function() change_sender("") end)
