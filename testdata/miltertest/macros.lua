-- filter: macros.lua
-- Macros: what each callback sees of those of its own and of other stages.

local conn = open()
mt.macro(conn, SMFIC_CONNECT, "j", "mta.example", "{daemon_name}", "smtp")
step("conninfo", "continue", conn, "mta.client.example", "192.0.2.7")
mt.macro(conn, SMFIC_HELO, "{tls_version}", "TLSv1.3")
step("helo", "continue", conn, "helo.client.example")
mt.macro(conn, SMFIC_MAIL, "i", "QUEUE1", "{auth_authen}", "joe", "{mail_addr}", "from@client.example")
step("mailfrom", "continue", conn, "<from@client.example>")
mt.macro(conn, SMFIC_RCPT, "{rcpt_addr}", "one@here.example")
step("rcptto", "continue", conn, "<one@here.example>")
step("rcptto", "continue", conn, "<two@here.example>")
step("eom", "continue", conn)
-- sent with CONNECT, and known to the end of the connection
local connection = "j=mta.example daemon_name=smtp"
header(conn, "X-Connect", connection .. " tls_version=nil i=nil auth_authen=nil rcpt_addr=nil")
header(conn, "X-Helo", connection .. " tls_version=TLSv1.3 i=nil auth_authen=nil rcpt_addr=nil")
header(conn, "X-Mail", connection .. " tls_version=TLSv1.3 i=QUEUE1 auth_authen=joe rcpt_addr=nil")
-- a macro of RCPT concerns one recipient: the second came without
header(conn, "X-Rcpt", connection .. " tls_version=TLSv1.3 i=QUEUE1 auth_authen=joe rcpt_addr=one@here.example", 1)
header(conn, "X-Rcpt", connection .. " tls_version=TLSv1.3 i=QUEUE1 auth_authen=joe rcpt_addr=nil", 0)
header(conn, "X-Eom", connection .. " tls_version=TLSv1.3 i=QUEUE1 auth_authen=joe rcpt_addr=nil")
header(conn, "X-Forms", "joe joe QUEUE1 QUEUE1 nil")
header(conn, "X-Id", "nil QUEUE1")

-- the next message has its own; those of the connection stay, those of HELO until the next HELO
mt.abort(conn)
step("mailfrom", "continue", conn, "<from@client.example>")
step("rcptto", "continue", conn, "<one@here.example>")
step("eom", "continue", conn)
header(conn, "X-Eom", connection .. " tls_version=TLSv1.3 i=nil auth_authen=nil rcpt_addr=nil")
header(conn, "X-Id", "nil nil")
mt.abort(conn)
mt.macro(conn, SMFIC_HELO, "{cipher}", "none")
step("helo", "continue", conn, "again.client.example")
mt.macro(conn, SMFIC_MAIL, "i", "QUEUE3")
step("mailfrom", "continue", conn, "<from@client.example>")
step("eom", "continue", conn)
header(conn, "X-Eom", connection .. " tls_version=nil i=QUEUE3 auth_authen=nil rcpt_addr=nil")
mt.disconnect(conn, true)
