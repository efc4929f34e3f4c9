function on_mail(sender)
  if sender == "" then
    reject("no bounces")
  end
  local accept = function() end
  accept()
  if sender == "x" then tempfail() end
end
