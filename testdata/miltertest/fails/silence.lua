-- reply: H
-- message: silence.lua:7: mt.mailfrom(): before it: mt.milter_read() failed: no reply within 1s

local conn = mt.connect(socket)
mt.conninfo(conn, "client.example", "192.0.2.1")
mt.set_timeout(1)
mt.mailfrom(conn, "<a@client.example>")
