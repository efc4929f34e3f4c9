-- Where a connection comes from.

mt.set_timeout(60)
local function from(host, ip)
  local conn = mt.connect(socket)
  local ok, err = pcall(mt.conninfo, conn, host, ip)
  mt.echo(tostring(host) .. " " .. tostring(ip) .. ": " .. tostring(ok) .. " " .. tostring(err))
end

from("client.example", "192.0.2.1")
from("client.example", "2001:db8::1")
from("client.example", "::ffff:192.0.2.1")
from("client.example", "unspec")
from("client.example", "UNSPEC")
from(nil, "192.0.2.1")
from("", "192.0.2.1")
from("client.example", "")
from("client.example", "192.0.2")
from("client.example", "192.0.2.1 ")
from("client.example", "fe80::1%lo")
from("client.example", "localhost")
from("client.example\0rest", "192.0.2.1\0rest")
from("127.0.0.1", nil)
from("::1", nil)
from("no.such.host.invalid", nil)

-- in the middle of a message, and again
local conn = mt.connect(socket)
mt.eoh(conn)
mt.echo(tostring(mt.conninfo(conn, "late.example", "192.0.2.9")))
mt.echo(tostring(mt.eom(conn)))
