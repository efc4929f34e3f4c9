-- filter: changes.lua
-- output: cmd e, len 28
-- output: cmd e, len 3
-- output: cmd e, len 54
-- output: cmd 2, len 41
-- output: cmd p, len 0
-- Each change, as it goes to the MTA. eom_check knows neither SMFIR_CHGFROM (e) nor SMFIR_ADDRCPT_PAR (2): the
-- lines above demand them, with the length of their data, in what miltertest -vv prints.

local function message(name, conn)
  conn = conn or open()
  step("mailfrom", "continue", conn, "<" .. name .. "@client.example>")
  step("rcptto", "continue", conn, "<" .. name .. "-1@sink.example>")
  step("rcptto", "continue", conn, "<" .. name .. "-2@sink.example>")
  -- delete_header without a number has the filter ask for the headers
  step("header", "continue", conn, "Subject", "before")
  step("header", "continue", conn, "X-Multi", "one")
  step("header", "continue", conn, "X-Multi", "two")
  step("header", "continue", conn, "X-Multi", "three")
  step("eom", "continue", conn)
  return conn
end

local conn = message("add")
check(conn, MT_HDRADD, "X-Added", "a value")
check(conn, MT_HDRADD, "X-Folded", "one\n\ttwo\n three")
mt.disconnect(conn, true)

conn = message("insert")
check(conn, MT_HDRINSERT, "X-Top", "above Received", 0)
check(conn, MT_HDRINSERT, "X-Second", "below Received", 2)
mt.disconnect(conn, true)

conn = message("change")
check(conn, MT_HDRCHANGE, "Subject", "changed")
check_not(conn, MT_HDRDELETE)
mt.disconnect(conn, true)

conn = message("delete")
check(conn, MT_HDRDELETE, "X-Multi", 2)
check_not(conn, MT_HDRDELETE, "X-Multi", 1)
mt.disconnect(conn, true)

conn = message("deleteall")
for n = 1, 3 do
  check(conn, MT_HDRDELETE, "x-multi", n)
end
check_not(conn, MT_HDRDELETE, "x-multi", 4)
mt.disconnect(conn, true)

conn = message("addrcpt")
check(conn, MT_RCPTADD, "<added@sink.example>")
mt.disconnect(conn, true)
conn = message("addrcptbrackets")
check(conn, MT_RCPTADD, "<added-too@sink.example>")
mt.disconnect(conn, true)
mt.disconnect(message("addrcptstring"), true)

conn = message("delrcpt")
check(conn, MT_RCPTDELETE, "<delrcpt-2@sink.example>")
mt.disconnect(conn, true)

mt.disconnect(message("sender"), true)
mt.disconnect(message("sendernull"), true)
mt.disconnect(message("senderparams"), true)

conn = message("body")
check(conn, MT_BODYCHANGE, "A new body.\r\n.with a dot\r\n")
mt.disconnect(conn, true)
conn = message("bodyempty")
check(conn, MT_BODYCHANGE, "")
mt.disconnect(conn, true)

conn = message("quarantine")
check(conn, MT_QUARANTINE, "looks odd")
mt.disconnect(conn, true)

mt.disconnect(message("progress"), true)

conn = message("early")
check(conn, MT_HDRADD, "X-Early", "from on_mail")
check(conn, MT_HDRADD, "X-Early", "from on_rcpt")
mt.disconnect(conn, true)

-- nothing of one message is left for the next
conn = message("all")
check(conn, MT_HDRADD, "X-Added", "yes")
check(conn, MT_BODYCHANGE, "All new.\r\n")
check(conn, MT_RCPTADD, "<all-added@sink.example>")
check(conn, MT_RCPTDELETE, "<all-2@sink.example>")
mt.abort(conn)
message("none", conn)
for _, change in ipairs({MT_HDRADD, MT_HDRINSERT, MT_HDRCHANGE, MT_HDRDELETE, MT_BODYCHANGE, MT_QUARANTINE}) do
  check_not(conn, change)
end
mt.disconnect(conn, true)
