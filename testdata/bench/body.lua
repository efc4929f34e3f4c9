-- As addheader, and the number of body chunks that contain a word goes to the end of X-Bench.

local word = "xyzzy-plugh"

function on_mail(sender)
  if sender == "spammer@bench.example" then
    return reject(550, "5.7.1", "no mail from spammers")
  end
  msg.count = 0
  msg.hits = 0
end

function on_header(name, value)
  msg.count = msg.count + 1
  if name:lower() == "subject" then
    msg.subject = value
  end
end

function on_body(chunk)
  if chunk:find(word, 1, true) then
    msg.hits = msg.hits + 1
  end
end

function on_eom()
  add_header("X-Bench", msg.count .. " " .. msg.subject .. " " .. msg.hits)
end
