function on_mail(sender)
  last_sender = sender
  function helper() end
end

function on_rcpt()
  print(last_sender)
end
