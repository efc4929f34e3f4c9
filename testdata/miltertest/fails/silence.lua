-- reply: H
-- message: silence.lua:8: mt.mailfrom(): before it: mt.milter_read() failed: no reply within 1s

mt.set_timeout(60)
local conn = mt.connect(socket)
mt.conninfo(conn, "client.example", "192.0.2.1")
mt.set_timeout(1)
mt.mailfrom(conn, "<a@client.example>")
