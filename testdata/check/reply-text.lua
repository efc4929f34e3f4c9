function on_mail(sender)
  local reason = "5.7.1 not known: " .. sender
  if sender == "a@example.org" then return reject("550 5.7.1 not here") end
  if sender == "b@example.org" then return reject("550", "5.7.1", "not here") end
  if sender == "c@example.org" then return reject(550, "5.7", "not here") end
  if sender == "d@example.org" then return reject(550, 5.7, "not here") end
  if sender == "e@example.org" then return reject(550, "9.7.1", "not here") end
  if sender == "f@example.org" then return reject(550, "5.7.1 not here") end
  if sender == "g@example.org" then return tempfail("4.7.1", "not now") end
  if sender == "h@example.org" then return tempfail("450 mails a day are enough") end
  if sender == "i@example.org" then return reject(550, "5.7.1", "2.5 GB are too much") end
  return shutdown(421, reason)
end
