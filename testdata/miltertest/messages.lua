-- filter: callbacks.lua
-- log: on_close gone.client.example
-- Several messages of a connection, with and without what MTAs send between them.

local function message(conn, n, aborts)
  local sender, rcpt = "from-" .. n .. "@client.example", "to-" .. n .. "@here.example"
  step("mailfrom", "continue", conn, "<" .. sender .. ">", "SIZE=" .. n)
  step("rcptto", "continue", conn, "<" .. rcpt .. ">")
  step("header", "continue", conn, "X-Number", tostring(n))
  step("eoh", "continue", conn)
  step("bodystring", "continue", conn, "text " .. n)
  step("eom", "continue", conn)
  header(conn, "X-Mail", sender .. " SIZE=" .. n .. " BODY=nil SMTPUTF8=nil")
  header(conn, "X-Rcpt", rcpt .. " NOTIFY=nil|")
  header(conn, "X-Msg", sender .. " " .. n .. " " .. rcpt)
  header(conn, "X-Header", "[X-Number=" .. n .. "]")
  header(conn, "X-Body", "text " .. n .. "|")
  header(conn, "X-Eoh", "1")
  header(conn, "X-Aborts", tostring(aborts))
end

local conn = open()
step("conninfo", "continue", conn, "mta.client.example", "192.0.2.7")
step("helo", "continue", conn, "first.client.example")
message(conn, 1, 0) -- Sendmail goes on to the next message,
message(conn, 2, 0)
mt.abort(conn)      -- Postfix says ABORT after each, maybe twice
mt.abort(conn)
message(conn, 3, 0)
step("helo", "continue", conn, "second.client.example") -- as after STARTTLS
message(conn, 4, 0)
header(conn, "X-Helo", "second.client.example 2")

-- a message that ends too early: by ABORT, by HELO, by MAIL
step("mailfrom", "continue", conn, "<dropped@client.example>")
step("rcptto", "continue", conn, "<dropped@here.example>")
mt.abort(conn)
mt.abort(conn)
message(conn, 5, 1)
step("mailfrom", "continue", conn, "<dropped@client.example>")
step("helo", "continue", conn, "third.client.example")
message(conn, 6, 2)
step("mailfrom", "continue", conn, "<dropped@client.example>")
step("rcptto", "continue", conn, "<dropped@here.example>")
message(conn, 7, 3)
mt.disconnect(conn, true)

-- two connections at once
local one, two = open(), open()
step("conninfo", "continue", one, "one.client.example", "192.0.2.1")
step("conninfo", "continue", two, "two.client.example", "192.0.2.2")
step("mailfrom", "continue", one, "<one@client.example>")
step("mailfrom", "continue", two, "<two@client.example>")
step("rcptto", "continue", two, "<two@here.example>")
step("rcptto", "continue", one, "<one@here.example>")
step("eom", "continue", one)
step("eom", "continue", two)
header(one, "X-Connect", "one.client.example inet 192.0.2.1 number")
header(two, "X-Connect", "two.client.example inet 192.0.2.2 number")
header(one, "X-Rcpt", "one@here.example NOTIFY=nil|")
header(two, "X-Rcpt", "two@here.example NOTIFY=nil|")
mt.disconnect(one, true)

-- an MTA that goes without a word in the middle of a message
step("mailfrom", "continue", two, "<two@client.example>")
mt.disconnect(two, false)
conn = open()
step("conninfo", "continue", conn, "gone.client.example", "192.0.2.7")
mt.disconnect(conn, false)
