-- filter: callbacks.lua
-- What a filter with all callbacks negotiates. None of them returns a value, so none needs a reply.

local conn = open()
options(conn, mt.test_option, {
  SMFIP_NOCONNECT = false, SMFIP_NOHELO = false, SMFIP_NOMAIL = false, SMFIP_NORCPT = false, SMFIP_NODATA = false,
  SMFIP_NOHDRS = false, SMFIP_NOEOH = false, SMFIP_NOBODY = false, SMFIP_NOUNKNOWN = false,
  SMFIP_NR_CONN = true, SMFIP_NR_HELO = true, SMFIP_NR_MAIL = true, SMFIP_NR_RCPT = true, SMFIP_NR_DATA = true,
  SMFIP_NR_HDR = true, SMFIP_NR_EOH = true, SMFIP_NR_BODY = true, SMFIP_NR_UNKN = true,
  SMFIP_HDR_LEADSPC = false, SMFIP_MDS_256K = false, SMFIP_MDS_1M = false, SMFIP_RCPT_REJ = false,
})
options(conn, mt.test_action, {
  SMFIF_ADDHDRS = true, SMFIF_CHGBODY = false, SMFIF_ADDRCPT = false, SMFIF_DELRCPT = false, SMFIF_CHGHDRS = false,
  SMFIF_QUARANTINE = false, SMFIF_CHGFROM = false, SMFIF_ADDRCPT_PAR = false, SMFIF_SETSYMLIST = false,
})
mt.disconnect(conn, true)

-- an MTA that knows no-reply steps of mail and body only: the host answers the others
conn = open(6, SMFIP_NR_MAIL + SMFIP_NR_BODY, V6_ACTIONS)
options(conn, mt.test_option, {SMFIP_NR_MAIL = true, SMFIP_NR_BODY = true, SMFIP_NR_RCPT = false, SMFIP_NR_HDR = false})
step("conninfo", "continue", conn, "mta.client.example", "192.0.2.7")
step("helo", "continue", conn, "helo.client.example")
step("mailfrom", "continue", conn, "<from@client.example>")
step("rcptto", "continue", conn, "<to@here.example>")
step("header", "continue", conn, "Subject", "x")
step("eoh", "continue", conn)
step("bodystring", "continue", conn, "text\r\n")
step("eom", "continue", conn)
header(conn, "X-Rcpt", "to@here.example NOTIFY=nil|")
mt.disconnect(conn, true)
