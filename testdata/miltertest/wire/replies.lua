-- reply: C "r"
-- reply: H "t"
-- reply: M "d"
-- reply: R "y550 5.1.1 no\x00"
-- reply: T "a"
-- reply: L "4"
-- reply: N "f"
-- reply: B "s"
-- reply: U "z"
-- reply: E "r"
-- Every verdict, where it ends nothing: what comes next is for the script to say.

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
try("bodyrandom", 0)
try("eom")
-- made up
conn = mt.connect(socket)
try("test_option", SMFIP_SKIP)
try("helo", "client.example")
try("rcptto", "<b@here.example>")
try("eoh")
try("eom")
for _, name in ipairs({"CONTINUE", "ACCEPT", "REJECT", "TEMPFAIL", "DISCARD", "REPLYCODE", "SKIP"}) do
  mt.echo(name .. (" %d"):format(_G["SMFIR_" .. name]))
end
