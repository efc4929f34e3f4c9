-- filter: verdicts.lua
-- Each verdict at each stage, as the MTA gets it.

-- run goes on with a message until the stage; it returns what the filter answered there.
local stages = {"mail", "rcpt", "data", "header", "eoh", "body", "eom"}

local function run(conn, sender, stop)
  local calls = {
    mail = function() return mt.mailfrom(conn, "<" .. sender .. "@client.example>") end,
    rcpt = function() return mt.rcptto(conn, "<to@here.example>") end,
    data = function() return mt.data(conn) end,
    header = function() return mt.header(conn, "Subject", "x") end,
    eoh = function() return mt.eoh(conn) end,
    body = function() return mt.bodystring(conn, "text\r\n") end,
    eom = function() return mt.eom(conn) end,
  }
  for _, stage in ipairs(stages) do
    local err = calls[stage]()
    if err ~= nil then
      fail("%s of %s: %s", stage, sender, err)
    end
    if stage == stop then
      return reply(conn)
    end
    equal(stage .. " of " .. sender, reply(conn), "continue")
  end
end

local verdicts = {
  continue = "continue", accept = "accept", discard = "discard",
  reject = "replycode", rejecttext = "replycode", lines = "replycode", percent = "replycode",
  tempfail = "replycode",
  -- the default texts are those of the MTA, so both are right
  rejectbare = "reject or replycode", tempfailbare = "tempfail or replycode",
  shutdown = "replycode", shutdowntext = "replycode",
  fail = "replycode", wrong = "replycode",
}

for verdict, want in pairs(verdicts) do
  for _, stage in ipairs(stages) do
    local conn = open()
    step("conninfo", "continue", conn, "mta.client.example", "192.0.2.7")
    step("helo", "continue", conn, "helo.client.example")
    local got = run(conn, verdict .. "-" .. stage, stage)
    if not (" " .. want .. " "):find(" " .. got .. " ", 1, true) then
      fail("%s at %s: got %s, want %s", verdict, stage, got, want)
    end
    -- and then another message of the same connection
    mt.abort(conn)
    equal("message after " .. verdict .. " at " .. stage, run(conn, "good", "eom"), "continue")
    mt.disconnect(conn, true)
  end
end

-- the texts, which miltertest keeps at the end of a message only; % stands doubled on the wire
local function text(sender, ...)
  local conn = open()
  run(conn, sender .. "-eom", "eom")
  check(conn, MT_SMTPREPLY, ...)
  mt.disconnect(conn, true)
end

text("reject", "551", "5.7.9", "rejected by the filter")
text("rejectcode", "552", "5.7.1", "too much")
text("tempfail", "452", "4.7.9", "deferred by the filter")
text("percent", "450", "4.7.1", "50%% off, %%d%%%% on")
text("lines", "554-5.7.0 first line\r\n554-5.7.0 second line\r\n554", "5.7.0", "100%% last %%s line")
text("shutdowntext", "421", "4.7.0", "gone for lunch")

-- skip, where the MTA knows it and where it does not
local conn = open()
equal("skip at body", run(conn, "skip-body", "body"), "skip")
step("eom", "continue", conn)
mt.disconnect(conn, true)
conn = open(2, V2_STEPS, V2_ACTIONS)
equal("skip at body with version 2", run(conn, "skip-body", "body"), "continue")
step("eom", "continue", conn)
mt.disconnect(conn, true)

-- a rejected recipient concerns no other
conn = open()
step("mailfrom", "continue", conn, "<reject-rcpt@client.example>")
step("rcptto", "replycode", conn, "<bad@here.example>")
step("rcptto", "continue", conn, "<good@here.example>")
step("rcptto", "replycode", conn, "<bad-too@here.example>")
step("eom", "continue", conn)
header(conn, "X-Recipients", "good@here.example")
mt.disconnect(conn, true)

-- the connection: by address and by name
local by_address = {
  ["127.0.0.2"] = "replycode", ["127.0.0.3"] = "replycode", ["127.0.0.4"] = "replycode", ["127.0.0.5"] = "accept",
  ["127.0.0.6"] = "replycode", ["127.0.0.7"] = "replycode", ["127.0.0.9"] = "replycode",
  ["127.0.0.10"] = "continue",
}
for address, want in pairs(by_address) do
  conn = open()
  step("conninfo", want, conn, "localhost", address)
  mt.disconnect(conn, true)
end
for name, want in pairs({reject = "replycode", tempfail = "replycode", discard = "replycode"}) do
  conn = open()
  step("conninfo", "continue", conn, "localhost", "192.0.2.7")
  step("helo", want, conn, name .. ".helo.example")
  step("helo", "continue", conn, "another.name.example") -- stands until the next HELO only
  equal("message after HELO", run(conn, "good", "eom"), "continue")
  mt.disconnect(conn, true)
end
conn = open()
step("helo", "accept", conn, "accept.helo.example")
step("helo", "accept", conn, "reject.helo.example") -- stands for the connection
step("mailfrom", "accept", conn, "<reject-mail@client.example>")
mt.disconnect(conn, true)

-- unknown commands
conn = open()
step("unknown", "replycode", conn, "REJECTME")
step("unknown", "continue", conn, "SOMETHING")
equal("message after an unknown command", run(conn, "good", "eom"), "continue")
mt.disconnect(conn, true)
