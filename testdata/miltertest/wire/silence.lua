-- reply: H
-- reply: E "p" "p"
-- A filter that does not answer.

local function open()
  mt.set_timeout(60)
  local conn = mt.connect(socket)
  mt.echo(tostring(mt.conninfo(conn, "client.example", "192.0.2.1")))
  return conn
end

local conn = open()
mt.echo(tostring(select("#", mt.set_timeout(1))))
mt.echo(type(mt.helo(conn, "client.example")) .. (" %d"):format(mt.getreply(conn)))
mt.disconnect(conn)
conn = open()
mt.abort(conn) -- so that HELO is not made up
mt.echo(tostring(mt.bodystring(conn, "text\r\n")))
mt.set_timeout(1)
mt.echo(type(mt.eom(conn)) .. (" %d"):format(mt.getreply(conn)))
-- what is made up gets no answer either: an error, not a result
conn = open()
mt.set_timeout(1)
mt.echo(tostring(pcall(mt.mailfrom, conn, "<a@client.example>")))
