-- Sees mail that was handed to sendmail(1) on the MTA itself.

function on_connect(hostname, family, address, port)
  conn.from = hostname .. " " .. family .. " " .. address
end

function on_mail(sender, params)
  msg.from = sender
end

function on_eom()
  if msg.from:match("^refused@") then
    return reject(550, "5.7.1", "not from here")
  end
  add_header("X-Conn", conn.from)
  add_header("X-From", msg.from)
  add_header("X-Recipients", table.concat(msg.recipients, ","))
  replace_body("changed on the way\n")
end
