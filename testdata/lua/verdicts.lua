-- Gives the verdict that the macro {do} names, in the callback that the macro {at} names.
local verdicts = {
  accept = function() return accept() end,
  discard = function() return discard() end,
  reject = function() return reject() end,
  reject_text = function() return reject(554, "5.7.0", "Not 100% welcome", "go away") end,
  tempfail = function() return tempfail() end,
  tempfail_text = function() return tempfail("later, please") end,
  shutdown = function() return shutdown("closed for today") end,
  skip = function() return skip() end,
}

local function at(name)
  if macro("{at}") == name then
    return verdicts[macro("{do}")]()
  end
end

function on_connect() return at("connect") end
function on_helo() return at("helo") end
function on_mail() return at("mail") end
function on_rcpt(recipient)
  if recipient == "ann@example.net" then return at("rcpt") end
end
function on_data() return at("data") end
function on_header() return at("header") end
function on_eoh() return at("eoh") end
function on_body() return at("body") end
function on_eom() return at("eom") end
