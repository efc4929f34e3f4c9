-- Keeps a little of each connection, as filters do.

function on_connect(hostname, family, address, port)
  conn.since = "connect"
  conn.client = {hostname = hostname, address = address}
end

function on_helo(name)
  conn.since = "helo"
end

function on_mail(sender, params)
  if conn.client.address ~= conn.address then
    return tempfail("the fields of another connection")
  end
end

function on_eom()
  add_header("X-Since", conn.since)
end
