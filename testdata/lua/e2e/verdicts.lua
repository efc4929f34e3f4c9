-- Gives the verdict that the client asks for, at the stage that it asks for.
--
-- on_connect decides by the client's address, on_helo by the name, all others by the sender:
-- <tempfail-body@client.example> gets tempfail from on_body. What was called stands in X-Seen.

local verdicts = {
  accept = function() return accept() end,
  continue = function() return continue() end,
  discard = function() return discard() end,
  fail = function() error("asked to fail") end,
  lines = function() return reject(554, "5.7.0", "first line", "second line", "100% last %s line") end,
  percent = function() return tempfail(450, "4.7.1", "50% off, %d%% on") end,
  reject = function() return reject(551, "5.7.9", "rejected by the filter") end,
  rejectbare = function() return reject() end,
  rejectcode = function() return reject(552, "too much") end,
  rejecttext = function() return reject("go away") end,
  shutdown = function() return shutdown() end,
  shutdowntext = function() return shutdown("gone for lunch") end,
  skip = function() return skip() end,
  tempfail = function() return tempfail(452, "4.7.9", "deferred by the filter") end,
  tempfailbare = function() return tempfail() end,
  wrong = function() return 1 end,
}

local by_address = {
  ["127.0.0.2"] = "reject", ["127.0.0.3"] = "tempfail", ["127.0.0.4"] = "shutdown",
  ["127.0.0.5"] = "accept", ["127.0.0.6"] = "discard", ["127.0.0.7"] = "lines",
  ["127.0.0.8"] = "rejectbare", ["127.0.0.9"] = "fail",
}

local function seen(stage)
  msg.seen = (msg.seen and msg.seen .. " " or "") .. stage
end

local function decide(stage)
  seen(stage)
  local verdict, at = msg.sender:match("^(%a+)%-(%a+)@")
  if at == stage then
    return verdicts[verdict]()
  end
end

function on_connect(hostname, family, address, port)
  local verdict = by_address[address]
  if verdict then
    return verdicts[verdict]()
  end
end

function on_helo(name)
  local verdict = name:match("^(%a+)%.helo%.example$")
  if verdict then
    return verdicts[verdict]()
  end
end

function on_mail(sender, params) return decide("mail") end
function on_data() return decide("data") end
function on_eoh() return decide("eoh") end
function on_body(chunk) return decide("body") end

function on_rcpt(recipient, params)
  if recipient:match("^good") then
    return
  end
  return decide("rcpt")
end

function on_header(name, value)
  if name == "Subject" then
    return decide("header")
  end
end

function on_unknown(command)
  if command:match("^REJECTME") then
    return reject(500, "5.5.2", "no such thing here")
  end
end

function on_eom()
  local verdict = decide("eom")
  add_header("X-Seen", msg.seen)
  add_header("X-Recipients", table.concat(msg.recipients, ","))
  return verdict
end
