-- Macros are sent at once, as they are, for whatever command.

mt.set_timeout(60)
local conn = mt.connect(socket)
local function send(...)
  mt.echo(tostring(mt.macro(conn, ...)) .. (" %d"):format(mt.getreply(conn)))
end

send(SMFIC_CONNECT, "j", "mta.example")
send(SMFIC_CONNECT, "{daemon_name}", "smtp", "v", "1")
send(SMFIC_HELO, "{tls_version}", "")
send(SMFIC_MAIL, "i", "QUEUE", "dangling")
send(SMFIC_RCPT, "{rcpt_addr}", "a\0b")
send(69, "i", 5)
mt.echo(tostring(mt.mailfrom(conn, "<a@client.example>")))
send(SMFIC_RCPT, "i", "late")
mt.echo(tostring(mt.eom(conn)))
