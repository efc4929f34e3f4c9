helper = function() end

function on_mail(sender)
  helper()
  add_heeder("X-Sender", sender)
  if sender == nul then
    return accpet()
  end
  local domain = sender:match("@(.*)$")
  log.info(doman, domain)
  return reject(settings.text)
end
