local settings = { }

assert(settings.domain, "domain is not set")

function on_mail()
  return accept()
end
