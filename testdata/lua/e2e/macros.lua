-- Shows in header fields which macros each callback sees.

local names = {"j", "daemon_name", "tls_version", "i", "auth_authen", "rcpt_addr"}

local function seen()
  local list = {}
  for n, name in ipairs(names) do
    list[n] = name .. "=" .. tostring(macro(name))
  end
  return table.concat(list, " ")
end

function on_connect(hostname, family, address, port) conn.connect = seen() end
function on_helo(name) conn.named = seen() end

function on_mail(sender, params)
  msg.mail = seen()
  msg.early_id = tostring(conn.never_set)
end

function on_rcpt(recipient, params)
  local list = msg.rcpt or {}
  list[#list + 1] = seen()
  msg.rcpt = list
end

function on_eom()
  add_header("X-Connect", conn.connect)
  add_header("X-Helo", conn.named)
  add_header("X-Mail", msg.mail)
  for _, text in ipairs(msg.rcpt) do
    add_header("X-Rcpt", text)
  end
  add_header("X-Eom", seen())
  add_header("X-Forms", ("%s %s %s %s %s"):format(tostring(macro("auth_authen")), tostring(macro("{auth_authen}")),
    tostring(macro("i")), tostring(macro("{i}")), tostring(macro("no_such_macro"))))
  add_header("X-Id", msg.early_id .. " " .. tostring(msg.id))
end
