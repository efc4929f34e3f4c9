-- Fails, or never ends, where the sender or the recipient asks for it.

function on_mail(sender, params)
  if sender:match("^broken%-mail@") then
    error("broken in on_mail")
  end
  return continue()
end

-- returns nothing, so the MTA waits for no reply to RCPT: the failure is answered later
function on_rcpt(recipient, params)
  if recipient:match("^broken%-rcpt") then
    error("broken in on_rcpt")
  end
end

function on_eom()
  if msg.sender:match("^broken@") then
    local nothing
    return nothing.field
  end
  if msg.sender:match("^endless@") then
    print("on_eom runs for ever")
    while true do end
  end
  if msg.sender:match("^slow@") then
    local start = os.time()
    while os.time() < start + 9 do end
  end
  add_header("X-Filter", "was here")
end
