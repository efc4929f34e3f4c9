-- steps: 0x000ff080
-- reply: C
-- reply: H
-- reply: M
-- reply: R
-- reply: T
-- reply: L
-- reply: N
-- reply: B
-- reply: U
-- reply: E "d"
-- A filter that answers the end of a message only.

mt.set_timeout(60)
local conn = mt.connect(socket)
local function try(name, ...)
  mt.echo(("%s: %s, reply %d"):format(name, tostring(mt[name](conn, ...)), mt.getreply(conn)))
end

try("conninfo", "client.example", "192.0.2.1")
try("helo", "client.example")
try("unknown", "XFOO")
try("mailfrom", "<a@client.example>")
try("rcptto", "<b@here.example>")
try("data")
try("header", "A", "b")
try("eoh")
try("bodystring", "text")
try("bodyfile", folder .. "/body.txt")
try("eom")
-- what is made up leaves the reply alone
try("mailfrom", "<a@client.example>")
try("eom")
conn = mt.connect(socket)
mt.echo(("%d"):format(mt.getreply(conn)))
try("eoh")
