function on_helo(name)
  if name == "localhost" then
    return reject
  end
  return name ~= "", accept()
end

function on_mail(sender)
  if sender == "" then
    return "reject"
  end
  return function() return true end
end

function on_rcpt()
  return 550
end

function on_close()
  return true
end
