-- filter: only_eom.lua
-- What a filter with on_eom alone negotiates: one round trip for a message. The host keeps CONNECT to RCPT for
-- itself; what msg and conn know does not hang on callbacks.

local conn = open()
options(conn, mt.test_option, {
  SMFIP_NOCONNECT = false, SMFIP_NOHELO = false, SMFIP_NOMAIL = false, SMFIP_NORCPT = false,
  SMFIP_NR_CONN = true, SMFIP_NR_HELO = true, SMFIP_NR_MAIL = true, SMFIP_NR_RCPT = true,
  SMFIP_NODATA = true, SMFIP_NOHDRS = true, SMFIP_NOEOH = true, SMFIP_NOBODY = true, SMFIP_NOUNKNOWN = true,
})
options(conn, mt.test_action, {
  SMFIF_ADDHDRS = true, SMFIF_CHGBODY = true, SMFIF_CHGHDRS = false, SMFIF_QUARANTINE = false,
})
step("conninfo", "continue", conn, "mta.client.example", "192.0.2.7")
step("helo", "continue", conn, "helo.client.example")
step("mailfrom", "continue", conn, "<from@client.example>")
step("rcptto", "continue", conn, "<to@here.example>")
step("eom", "continue", conn)
header(conn, "X-Known", "192.0.2.7 helo.client.example from@client.example to@here.example")
mt.disconnect(conn, true)

-- an MTA of version 2 cannot leave steps out that it does not know to leave out: the host answers them
conn = open(2, V2_STEPS, V2_ACTIONS)
options(conn, mt.test_option, {
  SMFIP_NOHDRS = true, SMFIP_NOEOH = true, SMFIP_NOBODY = true, SMFIP_NODATA = false, SMFIP_NR_MAIL = false,
})
step("conninfo", "continue", conn, "mta.client.example", "192.0.2.7")
step("mailfrom", "continue", conn, "<from@client.example>")
step("rcptto", "continue", conn, "<to@here.example>")
step("eom", "continue", conn)
check(conn, MT_HDRADD, "X-Known")
mt.disconnect(conn, true)

-- an MTA that lets no step be left out
conn = open(6, 0x400, V6_ACTIONS)
step("mailfrom", "continue", conn, "<from@client.example>")
step("rcptto", "continue", conn, "<to@here.example>")
step("data", "continue", conn)
step("header", "continue", conn, "Subject", "x")
step("eoh", "continue", conn)
step("bodystring", "continue", conn, "text\r\n")
step("unknown", "continue", conn, "XFOO")
step("eom", "continue", conn)
check(conn, MT_BODYCHANGE, "new\r\n")
mt.disconnect(conn, true)

-- a change that the MTA does not offer is an error of the script
conn = open(6, V6_STEPS, SMFIF_ADDHDRS)
options(conn, mt.test_action, {SMFIF_ADDHDRS = true, SMFIF_CHGBODY = false})
step("mailfrom", "continue", conn, "<from@client.example>")
step("rcptto", "continue", conn, "<to@here.example>")
step("eom", "replycode", conn)
check_not(conn, MT_HDRADD)
mt.disconnect(conn, true)
