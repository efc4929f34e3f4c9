function on_mail(sender)
  if sender == "" then
    return reject(550 "no bounces")
  end
end
