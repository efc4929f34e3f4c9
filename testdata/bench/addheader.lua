-- Refuses one sender; counts the header fields and adds their number and the Subject as X-Bench.

function on_mail(sender)
  if sender == "spammer@bench.example" then
    return reject(550, "5.7.1", "no mail from spammers")
  end
  msg.count = 0
end

function on_header(name, value)
  msg.count = msg.count + 1
  if name:lower() == "subject" then
    msg.subject = value
  end
end

function on_eom()
  add_header("X-Bench", msg.count .. " " .. msg.subject)
end
