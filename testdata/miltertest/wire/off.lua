-- steps: 0x37f
-- A filter that wants no step at all: none is made up, and one that is asked for raises an error.

mt.set_timeout(60)
local conn = mt.connect(socket)
local function try(name, ...)
  local ok, err = pcall(mt[name], conn, ...)
  mt.echo(("%s: %s, %s, reply %d"):format(name, tostring(ok), tostring(err), mt.getreply(conn)))
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
try("bodyrandom", 10)
try("bodyfile", folder .. "/body.txt")
try("eom")
for _, name in ipairs({"NOCONNECT", "NOHELO", "NOMAIL", "NORCPT", "NOBODY", "NOHDRS", "NOEOH", "NOUNKNOWN", "NODATA", "SKIP"}) do
  mt.echo(name .. " " .. tostring(mt.test_option(conn, _G["SMFIP_" .. name])))
end
