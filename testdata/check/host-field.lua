function on_mail()
  msg.sender = "postmaster@example.org"
  msg.count, conn.helo = 1, "mx.example.org"
end
