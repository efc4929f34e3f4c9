-- Changes each mail in a way of its own: its token goes through msg into subject, body and a new header field.

function on_header(name, value)
  if name:lower() == "x-token" then
    msg.own = {token = value, list = {value}}
  end
end

function on_eom()
  local token = msg.own.token
  conn.tokens = conn.tokens or {}
  add_header("X-Own", msg.own.list[1])
  change_header("Subject", 1, "subject of " .. token)
  replace_body("body of " .. token .. "\r\n")
end
