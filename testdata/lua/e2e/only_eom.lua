-- The smallest useful filter: it changes the message at its end.

function on_eom()
  add_header("X-Known", ("%s %s %s %s"):format(tostring(conn.address), tostring(conn.helo), msg.sender,
    table.concat(msg.recipients, ",")))
  replace_body("new\r\n")
end
