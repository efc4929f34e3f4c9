-- Asks for more than its callbacks need: the recipients that the MTA has rejected, header values with the space after
-- the colon, and a macro that MTAs do not send unless asked.

negotiate{
  rejected_recipients = true,
  leading_space = true,
  macros = {
    rcpt = {"i", "{rcpt_addr}", "{rcpt_host}", "{rcpt_mailer}", "{client_addr}"},
    eom = {"i"},
  },
}

function on_rcpt(recipient, params)
  local seen = ("%s %s %s"):format(recipient, tostring(macro("rcpt_mailer")), tostring(macro("client_addr")))
  msg.rcpts = msg.rcpts and msg.rcpts .. ", " .. seen or seen
end

function on_header(name, value)
  if name:match("^X%-") then
    msg.values = (msg.values or "") .. "[" .. value .. "]"
  end
end

function on_eom()
  add_header("X-Values", msg.values)
  add_header("X-Rcpts", " " .. msg.rcpts)
  add_header("X-Recipients", " " .. table.concat(msg.recipients, ","))
end
