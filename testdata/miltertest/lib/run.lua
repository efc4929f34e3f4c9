-- What the scripts of this folder share. miltertest(8) runs this file, which runs the one that is named in script,
-- because miltertest itself does not say why a script has ended.
--
-- mt.negotiate takes its arguments as (connection, version, steps, actions): its manual has the last two the
-- other way round.

V6_ACTIONS = 0x1ff
V6_STEPS = 0x1fffff
V2_ACTIONS = 0x3f
V2_STEPS = 0x7f

local names = {
  a = "accept", c = "continue", d = "discard", r = "reject", s = "skip", t = "tempfail", y = "replycode",
  O = "negotiated",
}

-- fail ends the script; miltertest then exits with 1.
function fail(format, ...)
  error(format:format(...), 3)
end

function equal(what, got, want)
  if got ~= want then
    fail("%s: got %s, want %s", what, tostring(got), tostring(want))
  end
end

-- reply names the last reply of the filter.
function reply(conn)
  local code = mt.getreply(conn)
  return names[string.char(code)] or ("code " .. code)
end

-- open connects and negotiates; without arguments all is offered that version 6 knows.
function open(version, steps, actions)
  local conn = mt.connect(socket)
  if conn == nil then
    fail("cannot connect to %s", socket)
  end
  local err = mt.negotiate(conn, version or 6, steps or V6_STEPS, actions or V6_ACTIONS)
  if err ~= nil then
    fail("negotiate: %s", err)
  end
  equal("negotiate", reply(conn), "negotiated")
  return conn
end

-- step does one step of a session: step("mailfrom", "continue", conn, "<a@b>").
function step(name, want, conn, ...)
  local err = mt[name](conn, ...)
  if err ~= nil then
    fail("%s: %s", name, err)
  end
  if reply(conn) ~= want then
    fail("%s: got %s, want %s", name, reply(conn), want)
  end
end

-- check demands that the filter has asked for a change: check(conn, MT_HDRADD, "X-A", "b").
function check(conn, ...)
  if not mt.eom_check(conn, ...) then
    fail("eom_check(%s): no such change", table.concat({...}, ", "))
  end
end

-- check_not demands that it has not.
function check_not(conn, ...)
  if mt.eom_check(conn, ...) then
    fail("eom_check(%s): there is such a change", table.concat({...}, ", "))
  end
end

-- header demands the value of an added header field. miltertest counts fields of one name from the last: 0, 1...
function header(conn, name, want, n)
  equal(name, mt.getheader(conn, name, n or 0), want)
end

-- options demands the negotiated bits: options(conn, mt.test_option, {SMFIP_NOBODY = true}).
function options(conn, test, want)
  for name, set in pairs(want) do
    if test(conn, _G[name]) ~= set then
      fail("%s: got %s, want %s", name, tostring(not set), tostring(set))
    end
  end
end

mt.set_timeout(60) -- for a machine that is busy
local ok, err = xpcall(function() dofile(script) end, debug.traceback)
if not ok then
  mt.echo(err)
  error(err)
end
