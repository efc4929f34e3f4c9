-- Wrong numbers and kinds of arguments are errors, which a script may catch.

mt.set_timeout(60)
local conn = mt.connect(socket)
local function try(name, ...)
  local ok, err = pcall(mt[name], ...)
  mt.echo(("%s, %d: %s %s"):format(name, select("#", ...), tostring(ok), tostring(err)))
end

for _, name in ipairs({"abort", "bodyfile", "bodyrandom", "bodystring", "chdir", "connect", "conninfo", "data", "disconnect", "echo",
  "eoh", "eom", "eom_check", "getheader", "getreply", "header", "helo", "macro", "mailfrom", "negotiate", "rcptto",
  "set_timeout", "signal", "sleep", "startfilter", "test_action", "test_option", "unknown"}) do
  try(name)
  try(name, {})
  try(name, "text", {})
  try(name, nil, 1, 2)
end
for _, name in ipairs({"abort", "data", "eoh", "eom", "getreply"}) do
  try(name, conn, 1)
end
for _, name in ipairs({"bodyfile", "bodystring", "helo", "unknown", "test_action", "test_option", "bodyrandom"}) do
  try(name, conn)
  try(name, conn, {})
  try(name, conn, "1", "2")
end
for _, name in ipairs({"mailfrom", "rcptto"}) do
  try(name, conn)
end
try("conninfo", conn)
try("conninfo", conn, {}, "192.0.2.1")
try("conninfo", conn, "a", {})
try("conninfo", conn, "a", "192.0.2.1", "b")
try("disconnect", conn, "yes")
try("disconnect", conn, true, true)
try("header", conn, "a")
try("header", conn, "a", {})
try("header", conn, "a", "b", "c")
try("macro", conn, SMFIC_MAIL, "i")
try("macro", conn, "x", "i", "1")
try("macro", conn, SMFIC_MAIL, {}, "1")
try("negotiate", conn)
try("negotiate", conn, "x", nil, nil)
try("negotiate", conn, nil, {}, nil)
try("negotiate", conn, nil, nil, nil, nil)
try("getheader", conn, "a")
try("getheader", conn, "a", "x")
try("getcwd", 1)
try("connect", socket, 1)
try("connect", socket, 1, "x")
try("connect", socket, 1, 1, 1)
try("connect", "bogus:/tmp/socket")
try("connect", "inet:nosuchport@127.0.0.1")
try("signal", 15)
try("startfilter", "a", {})

-- numbers are strings, and strings that look like numbers are numbers
try("helo", conn, 5)
try("mailfrom", conn, 1, 2.5)
try("header", conn, 1, 2)
try("macro", conn, "77", 1, 2)
try("test_option", conn, "0x10")
try("set_timeout", "60")
try("sleep", "0.001")
try("sleep", 0)
try("echo", 12)
