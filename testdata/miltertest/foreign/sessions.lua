-- What a filter on libmilter answers to all sorts of sessions.

mt.set_timeout(60)
local conn
local function try(name, ...)
  local ok, result = pcall(mt[name], conn, ...)
  local reply = name == "disconnect" and 0 or mt.getreply(conn)
  mt.echo(("%s: %s, %s, %d"):format(name, tostring(ok), type(result), reply))
end

local function changes()
  for _, op in ipairs({MT_HDRADD, MT_HDRINSERT, MT_HDRCHANGE, MT_HDRDELETE, MT_BODYCHANGE, MT_QUARANTINE}) do
    mt.echo(tostring(mt.eom_check(conn, op)))
  end
  mt.echo(tostring(mt.getheader(conn, "X-Bench", 0)))
  mt.echo(tostring(mt.eom_check(conn, MT_HDRCHANGE, "Subject", "[bench] a subject")))
  mt.echo(tostring(mt.eom_check(conn, MT_RCPTADD, "<copy@bench.example>")))
  mt.echo(tostring(mt.eom_check(conn, MT_BODYCHANGE, "xyzzy-plugh\r\n-- rewritten by the bench filter\r\n")))
end

local function message(sender)
  try("mailfrom", sender, "SIZE=100")
  try("rcptto", "<to@here.example>")
  try("data")
  try("header", "Subject", "a subject")
  try("header", "X-Folded", "one\n\ttwo")
  try("eoh")
  try("bodystring", "xyzzy-plugh\r\n")
  try("eom")
  changes()
end

conn = mt.connect(socket, 600, 0.1)
for bit = 0, 20 do
  mt.echo(tostring(mt.test_option(conn, 2 ^ bit)) .. " " .. tostring(mt.test_action(conn, 2 ^ bit)))
end
mt.macro(conn, SMFIC_CONNECT, "j", "mta.example", "{daemon_name}", "smtp")
try("conninfo", "client.example", "192.0.2.1")
try("helo", "client.example")
try("unknown", "XFOO")
message("<first@client.example>")
mt.macro(conn, SMFIC_MAIL, "i", "QUEUE")
message("<second@client.example>")
try("abort")
message("<third@client.example>")
try("disconnect")

-- what is made up, and a rejected sender
conn = mt.connect(socket)
try("eom")
changes()
try("disconnect", false)
conn = mt.connect(socket)
try("conninfo", nil, "2001:db8::1")
try("mailfrom", "<spammer@bench.example>")
mt.echo(tostring(mt.eom_check(conn, MT_SMTPREPLY, "550", "5.7.1", "no mail from spammers")))
try("disconnect", true)

-- an MTA that offers less, which the tuned filters refuse
if tuned == "false" then
  conn = mt.connect(socket)
  mt.echo(type(mt.negotiate(conn, 2, 0x7f, 0x3f)))
  try("bodystring", "text")
  try("eom")
  changes()
end
