local function note(key)
  msg[key] = true
  return msg.sender
end

function on_connect()
  msg.began = os.time()
end

function on_helo(name)
  msg.helo, conn.name = name, name
  note(name)
end

function on_close()
  print(msg.sender, #msg.list, conn.name)
end

function on_abort()
  print(msg.sender)
end
