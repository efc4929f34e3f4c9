local function on_mail()
  return accept()
end

assert(on_mail)
