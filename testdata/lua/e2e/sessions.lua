-- Shows what is known of connection and message, so that a test sees what leaks from one into the next.

local function text(value)
  return value == nil and "nil" or tostring(value)
end

local function hex(s)
  return (s:gsub(".", function(c) return ("%02x"):format(c:byte()) end))
end

function on_connect(hostname, family, address, port)
  conn.first = {family = family, address = address, port = port > 0}
end

function on_helo(name)
  conn.helos = (conn.helos or 0) + 1
end

function on_mail(sender, params)
  conn.count = (conn.count or 0) + 1
  msg.left_over = text(msg.note)
  msg.note = {from = sender, n = conn.count}
  msg.params = ("SMTPUTF8=%s BODY=%s"):format(text(params.SMTPUTF8), text(params.BODY))
  msg.mail_macros = ("i=%s mail_addr=%s"):format(text(macro("i")), text(macro("mail_addr")))
end

function on_rcpt(recipient, params)
  msg.rcpt_addr = text(macro("{rcpt_addr}"))
  msg.rcpt_hex = hex(recipient)
end

function on_header(name, value)
  if name == "Subject" then
    msg.subject_hex = hex(value)
  end
end

function on_body(chunk)
  msg.size = (msg.size or 0) + #chunk
end

function on_abort()
  conn.aborts = (conn.aborts or 0) + 1
end

function on_close()
  print("closed after " .. text(conn.count) .. " mails of " .. text(conn.helo))
end

function on_eom()
  add_header("X-Conn", ("count=%d helos=%d aborts=%d address=%s helo=%s"):format(
    conn.count, conn.helos, conn.aborts or 0, conn.first.address, conn.helo))
  add_header("X-Note", ("from=%s n=%d left_over=%s"):format(msg.note.from, msg.note.n, msg.left_over))
  add_header("X-Mail-Macros", msg.mail_macros)
  add_header("X-Rcpt-Addr", msg.rcpt_addr .. " then " .. text(macro("{rcpt_addr}")))
  add_header("X-Rcpt-Hex", msg.rcpt_hex)
  add_header("X-Ids", text(macro("i")) .. " " .. text(msg.id))
  add_header("X-Size", tostring(msg.size))
  add_header("X-Params", msg.params)
  add_header("X-Subject-Hex", text(msg.subject_hex))
  add_header("X-Recipients", table.concat(msg.recipients, ","))
  add_header("X-Utf8", "gr\195\188n")
end
