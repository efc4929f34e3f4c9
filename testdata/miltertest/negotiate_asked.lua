-- filter: negotiated.lua
-- What negotiate{...} asks for, and the leading space that comes with it.

local conn = open()
options(conn, mt.test_option, {SMFIP_HDR_LEADSPC = true, SMFIP_RCPT_REJ = true, SMFIP_NOHDRS = false})
options(conn, mt.test_action, {SMFIF_ADDHDRS = true, SMFIF_SETSYMLIST = true})
step("mailfrom", "continue", conn, "<from@client.example>")
step("rcptto", "continue", conn, "<to@here.example>")
-- miltertest writes the space after the colon itself; the filter sees it, and writes its own, or none
step("header", "continue", conn, "X-One", "one space")
step("header", "continue", conn, "X-Two", " two spaces")
step("eom", "continue", conn)
header(conn, "X-Values", "[ one space][  two spaces]")
mt.disconnect(conn, true)

conn = open(6, 0, SMFIF_ADDHDRS)
options(conn, mt.test_option, {SMFIP_HDR_LEADSPC = false, SMFIP_RCPT_REJ = false})
options(conn, mt.test_action, {SMFIF_SETSYMLIST = false})
step("mailfrom", "continue", conn, "<from@client.example>")
step("rcptto", "continue", conn, "<to@here.example>")
-- this MTA has taken the space away, so the host puts one back
step("header", "continue", conn, "X-One", "no space sent")
step("eom", "continue", conn)
header(conn, "X-Values", "[ no space sent]")
mt.disconnect(conn, true)
