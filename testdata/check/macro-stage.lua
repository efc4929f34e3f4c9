local function login()
  return macro("auth_authen")
end

function on_connect()
  print(macro("{client_ptr}"), macro("j"), macro("daemon_name"), macro("{if_addr}"))
end

function on_helo()
  return login() and accept()
end

function on_mail()
  print(macro("i"), macro("auth_authn"), macro("{tls_version}"))
end

function on_rcpt()
  print(macro("{rcpt_mailer}"), login())
end

function on_eom()
  print(macro("i"), macro("rcpt_addr"), macro("client_addr"), macro("v"), macro("{msg_id}"))
end

function on_header()
  print(macro(""), macro("{mail addr}"), macro("i') evil(`"), macro("_"))
end
