local code = 450 -- what is read several times may be looked at before
local class = 450
local marked = "X-Marked:"

function on_mail(sender)
  if sender == "a" then return reject(450, "4.7.1", "come back later") end
  if sender == "b" then return reject(550, "4.7.1", "classes differ") end
  if sender == "c" then return tempfail(550) end
  if sender == "d" then return reject(code, "5.7.1", "two\nlines") end
  if sender == "e" then return shutdown(521, "bye") end
  if sender == "f" then return reject(550, "5.7.1", sender, "nul \0") end
  if sender == "g" then return reject(class, sender) end
  if code > 499 then return reject("550", "no") end
  if sender == "h" then return reject(550, "5.7", "two numbers") end
  if sender == "i" then return tempfail("4.7.1 later", "5 recipients", "4.2.1 is told of no third line") end
  if sender == "j" then return reject { 550, "no" } end
  return reject(550.5)
end

function on_header(name, value)
  add_header("X-Seen:", value)
  add_header(marked, value)
  add_header("", value)
  add_header("X Seen", "yes")
  add_header(name, "two\nlines")
  add_header("X-Seen")
  insert_header(-1, name, value)
  insert_header(name, "X-Seen:", value)
  change_header(name, 0, value)
  delete_header(name, "first")
end

function on_eom()
  add_recipient("")
  add_recipient("a b@example.org")
  add_recipient("a@example.org", { NOTIFY = "NEVER" })
  delete_recipient("somebody@example.org")
  change_sender("<a@example.org>\r\n")
  replace_body(nil)
  quarantine("")
  quarantine("two\nlines")
  macro()
end

function on_message(m)
  m.set_header("X-Seen", "yes")
  m.set_header(m, "X-Seen", "yes")
end
