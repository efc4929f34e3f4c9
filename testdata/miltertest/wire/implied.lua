-- reply: A
-- What goes before a step that a script begins with. Nothing goes before mt.abort, and behind it a message begins
-- without negotiation.

mt.set_timeout(60)
local function alone(name, ...)
  local conn = mt.connect(socket)
  mt.echo(name .. " " .. tostring(mt[name](conn, ...)) .. (" %d"):format(mt.getreply(conn)))
  return conn
end

alone("conninfo", "client.example", "192.0.2.1")
alone("helo", "client.example")
alone("unknown", "XFOO bar")
alone("mailfrom", "<a@client.example>", "SIZE=1", "BODY=8BITMIME")
alone("rcptto", "<b@here.example>", "NOTIFY=NEVER")
alone("data")
alone("header", "Subject", "text")
alone("eoh")
alone("bodystring", "text\r\n")
alone("bodyfile", folder .. "/body.txt")
alone("eom")
alone("macro", SMFIC_MAIL, "i", "QUEUE")
local conn = mt.connect(socket)
mt.echo(tostring(mt.test_option(conn, SMFIP_NOHELO)))
conn = mt.connect(socket)
mt.echo(tostring(mt.test_action(conn, SMFIF_ADDHDRS)))
mt.disconnect(conn)
conn = alone("abort")
mt.echo(tostring(mt.rcptto(conn, "<b@here.example>")))
mt.echo(tostring(mt.eom(conn)))

-- forth and back: no step that has been is made up again
mt.echo(tostring(mt.helo(conn, "other.example")))
mt.echo(tostring(mt.header(conn, "A", "b")))
mt.echo(tostring(mt.header(conn, "A", "")))
mt.echo(tostring(mt.rcptto(conn, "<c@here.example>")))
mt.echo(tostring(mt.bodystring(conn, "")))
mt.echo(tostring(mt.unknown(conn, "XBAR")))
mt.echo(tostring(mt.eom(conn)))
mt.echo(tostring(mt.mailfrom(conn, "<second@client.example>")))
mt.echo(tostring(mt.eom(conn)))
mt.echo(tostring(mt.disconnect(conn, true)))
