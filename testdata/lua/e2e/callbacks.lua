-- Notes what each callback is called with, and shows it in header fields.

local function add(key, text)
  msg[key] = (msg[key] or "") .. text
end

local function param(params, name)
  return name .. "=" .. tostring(params[name])
end

function on_connect(hostname, family, address, port)
  conn.connect = ("%s %s %s %s"):format(hostname, family, tostring(address), type(port))
end

function on_helo(name)
  conn.helos = (conn.helos or 0) + 1
  conn.named = ("%s %d"):format(name, conn.helos)
end

function on_unknown(command)
  conn.unknown = command
end

function on_mail(sender, params)
  add("mail", ("%s %s %s %s"):format(sender, param(params, "SIZE"), param(params, "BODY"), param(params, "SMTPUTF8")))
end

function on_rcpt(recipient, params)
  add("rcpt", recipient .. " " .. param(params, "NOTIFY") .. "|")
end

function on_data()
  msg.data = (msg.data or 0) + 1
end

function on_header(name, value)
  add("header", "[" .. name .. "=" .. value .. "]")
end

function on_eoh()
  msg.eoh = (msg.eoh or 0) + 1
end

function on_body(chunk)
  add("body", chunk .. "|")
end

function on_abort()
  conn.aborts = (conn.aborts or 0) + 1
end

function on_close()
  print("on_close " .. tostring(conn.hostname))
end

function on_eom()
  add_header("X-Connect", conn.connect)
  add_header("X-Conn", ("%s %s %s %s %s"):format(conn.hostname, conn.family, tostring(conn.address),
    tostring(conn.helo), type(conn.id)))
  add_header("X-Helo", tostring(conn.named))
  add_header("X-Unknown", tostring(conn.unknown))
  add_header("X-Mail", msg.mail)
  add_header("X-Rcpt", msg.rcpt)
  add_header("X-Msg", ("%s %s %s"):format(msg.sender, tostring(msg.sender_params.SIZE),
    table.concat(msg.recipients, ",")))
  add_header("X-Data", tostring(msg.data))
  add_header("X-Header", tostring(msg.header))
  add_header("X-Eoh", tostring(msg.eoh))
  -- a header field holds no CR that stands alone and no LF without white space behind it
  add_header("X-Body", (tostring(msg.body):gsub("\r\n", "~")))
  add_header("X-Aborts", tostring(conn.aborts or 0))
end
