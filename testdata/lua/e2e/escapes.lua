-- Scripts that try to get away from the time limit or to eat all memory. The local part of the sender names one.
--
-- bombs have to be interrupted, or fail at once: the message gets a temporary error. What stands in harmless looks
-- as bad, but ends well in time. Of either, both are right.

local bombs, harmless, either = {}, {}, {}

local function forever()
  while true do end
end

-- loops

function bombs.loop() forever() end
function bombs.loop_in_pcall() pcall(forever) error("went on after an interrupted pcall") end
function bombs.loop_of_pcalls() while true do pcall(forever) end end
function bombs.loop_after_pcall() pcall(error, "x") forever() end
function bombs.loop_in_xpcall_handler() xpcall(error, forever) forever() end
function bombs.loop_in_index() return setmetatable({}, {__index = forever}).x end
function bombs.loop_in_tostring() return tostring(setmetatable({}, {__tostring = forever})) end
function bombs.loop_in_concat() return setmetatable({}, {__concat = forever}) .. "x" end
function bombs.loop_in_sort() table.sort({3, 1, 2, 5, 4}, forever) end
function bombs.loop_in_gsub() return ("abc"):gsub(".", forever) end
function bombs.loop_in_gmatch() for _ in ("abc"):gmatch(".") do forever() end end
function bombs.loop_in_coroutine() coroutine.resume(coroutine.create(forever)) forever() end
function bombs.loop_in_wrap() coroutine.wrap(forever)() end
function bombs.loop_in_nested_wrap() coroutine.wrap(function() coroutine.wrap(forever)() end)() end
function bombs.loop_of_goto() ::again:: goto again end

function bombs.loop_of_yields()
  local f = coroutine.wrap(function() while true do coroutine.yield() end end)
  while true do f() end
end

function bombs.loop_of_coroutines()
  while true do coroutine.wrap(function() coroutine.yield() end)() end
end

function bombs.loop_of_long_strings()
  while true do local s = ("x"):rep(1e6) s = s:upper() end
end

-- patterns

local as = ("a"):rep(40)

function bombs.pattern_stars() return as:find(("a*"):rep(30) .. "b") end
function bombs.pattern_stars_in_pcall() pcall(string.find, as, ("a*"):rep(30) .. "b") forever() end
function bombs.pattern_stars_in_gmatch() for _ in as:gmatch(("a*"):rep(30) .. "b") do end end
function bombs.pattern_stars_in_gsub() return as:gsub(("a*"):rep(30) .. "b", "") end
function bombs.pattern_lazy() return ("a"):rep(900000):find(".-b") end
function bombs.pattern_lazy_twice() return ("a"):rep(20000):find(".-.-b") end
function bombs.pattern_trim() return ((" "):rep(200000) .. "x"):match("^(.-)%s*$") end
function bombs.pattern_balance() return ("("):rep(2000000):find("%b()") end
function harmless.pattern_greedy() assert(#("a"):rep(2000000):match("^(.*)$") == 2000000) end
function harmless.pattern_many_matches() assert(select(2, ("ab"):rep(100000):gsub("a", "c")) == 100000) end

-- strings

function bombs.rep() return ("x"):rep(1e10) end
function bombs.rep_of_rep() return ("x"):rep(1e9):rep(100) end
function bombs.rep_overflow() return ("xx"):rep(2 ^ 62) end
function harmless.rep_in_pcall() assert(not pcall(string.rep, "x", 1e10)) end
function bombs.format() return ("%1000000d"):rep(2000):format(unpack({}, 1, 200)) end

function bombs.format_of_strings()
  local t, s = {}, ("x"):rep(1e6)
  for n = 1, 200 do t[n] = s end
  return ("%s"):rep(200):format(unpack(t))
end

function bombs.concat_of_many() local s = ("x"):rep(2 ^ 25) return s .. s .. s .. s .. s .. s end
function bombs.concat_in_loop() local s = "x" while true do s = s .. s end end
function bombs.gsub_grows() return ("x"):rep(100000):gsub("x", ("y"):rep(100000)) end
function bombs.table_concat() local t, s = {}, ("x"):rep(1e6) for n = 1, 1000 do t[n] = s end return table.concat(t) end
function bombs.table_concat_separator() return table.concat({"a", "b", ("c"):rep(10)}, ("x"):rep(6e7)) end
function bombs.unpack() return unpack({}, 1, 1e8) end
function bombs.byte() return ("x"):rep(1e7):byte(1, -1) end

function harmless.unpack_of_ten_thousand()
  local t = {}
  for n = 1, 10000 do t[n] = n end
  assert(select("#", unpack(t)) == 10000)
end

-- tables

function bombs.table_grows() local t = {} for n = 1, 1e12 do t[n] = {n} end end
function bombs.table_of_strings() local t = {} for n = 1, 1e12 do t[n] = ("x"):rep(1e5) .. n end end
function bombs.table_of_keys() local t = {} for n = 1, 1e12 do t["key" .. n] = n end end
function bombs.table_of_closures() local t = {} for n = 1, 1e12 do t[n] = function() return n end end end
function harmless.table_with_hole() local t = {} t[60000000] = 1 assert(t[60000000] == 1) end

-- recursion

function bombs.recursion() local function f() return 1 + f() end return f() end
function bombs.recursion_of_tail_calls() local function f() return f() end return f() end
function bombs.recursion_in_gsub() local function f(s) return (s:gsub(".", f)) end return f("x") end
function bombs.recursion_in_sort() local function f() table.sort({2, 1, 3}, f) end f() end

function bombs.recursion_in_tostring()
  local t
  t = setmetatable({}, {__tostring = function() return tostring(t) end})
  return tostring(t)
end

function bombs.recursion_in_index()
  local t
  t = setmetatable({}, {__index = function(_, k) return t[k .. "x"] end})
  return t.x
end

function bombs.recursion_of_index_tables() local t = {} t.__index = t setmetatable(t, t) return t.x.y end

function bombs.recursion_in_concat()
  local t
  t = setmetatable({}, {__concat = function(a, b) return t .. "x" end})
  return t .. "y"
end

function bombs.recursion_in_coroutines() local function f() coroutine.wrap(f)() end f() end
function either.recursion_in_pcall() local function f() pcall(f) end f() end

function either.recursion_in_loadstring()
  return loadstring("return " .. ("("):rep(60000) .. "1" .. (")"):rep(60000))
end

function either.recursion_of_tables_in_loadstring()
  return loadstring("return " .. ("{"):rep(30000) .. ("}"):rep(30000))
end

function either.large_loadstring() return loadstring(("("):rep(6000000)) end

-- the host

function bombs.exit() os.exit(0) end
function bombs.execute() os.execute("kill -9 $PPID") end
function bombs.popen() io.popen("kill -9 $PPID") end
function bombs.fields_grow() for n = 1, 1e12 do msg["key" .. n] = ("x"):rep(1e5) end end
function bombs.fields_of_connection_grow() for n = 1, 1e12 do conn["key" .. n] = ("x"):rep(1e5) end end
function bombs.field_that_holds_itself() local t = {} t.t = t msg.t = t end
function bombs.changes_grow() while true do add_header("X-Long", ("x"):rep(1000)) end end
function bombs.bodies_grow() while true do replace_body(("x"):rep(1e6)) end end
function either.garbage_collector() for _ = 1, 1000 do collectgarbage() end end

-- arguments of libraries

local nan, huge = 0 / 0, 2 ^ 53

function bombs.sort_of_many() local t = {} for n = 1, 2e6 do t[n] = -n end table.sort(t) forever() end

function bombs.sort_that_contradicts_itself()
  local t = {}
  for n = 1, 1e5 do t[n] = n end
  table.sort(t, function() return true end)
  forever()
end

function bombs.insert_far_below() local t = {1, 2, 3} table.insert(t, -huge, 1) forever() end
function bombs.remove_far_below() local t = {1, 2, 3} table.remove(t, -huge) forever() end
function bombs.insert_at_the_front() local t = {} while true do table.insert(t, 1, 1) end end
function bombs.unpack_of_a_wide_range() return unpack({}, -huge, huge) end
function bombs.concat_of_a_wide_range() return table.concat({}, "", 1, huge) end
function bombs.load_without_end() load(function() return "x = 1 " end) forever() end
function bombs.date_of_a_long_format() os.date(("%c"):rep(2e7)) forever() end
function bombs.quoted() return ("%q"):format(("\0"):rep(3e7)) end
function bombs.gsub_of_nothing() return ("x"):rep(6e7):gsub("", "y") end
function bombs.large_strings_kept() local t = {} for n = 1, 1e12 do t[n] = ("x"):rep(6e7) .. n end end
function bombs.large_strings_dropped() while true do local s = ("x"):rep(6e7) s = s:reverse() end end
function either.rep_of_nothing() return (""):rep(1e15) end
function either.long_number() return tonumber(("9"):rep(1e7)), tonumber(("1"):rep(1e7), 2) end
function either.dates() os.date("%c", 2 ^ 62) os.date("*t", -2 ^ 62) os.time({year = 1e15, month = 1, day = 1}) end
function either.long_macro_name() return macro(("x"):rep(6e7)) end

-- some of these take for ever, in PUC Lua as well
function either.odd_numbers()
  local s = "abc"
  for _, n in ipairs({nan, 1 / 0, -1 / 0, huge, -huge, 1e300, 2 ^ 31, -2 ^ 63}) do
    for _, f in ipairs({string.sub, string.byte, string.find, string.match, string.rep, string.char, select, unpack,
      table.concat, table.insert, table.remove, math.random, math.floor, math.fmod, tostring, os.date, error}) do
      if not (f == string.rep and n > 1e6) then
        pcall(f, s, n, n)
        pcall(f, s, "b", n, true)
        pcall(f, n, s, n)
        pcall(f, n, n)
        pcall(f, {1, 2, 3}, n, n)
        pcall(f, {1, 2, 3}, s, n, n)
      end
    end
  end
end

-- errors that hurt whoever shows them

function bombs.error_that_never_shows() error(setmetatable({}, {__tostring = forever})) end
function bombs.error_that_fails_to_show() error(setmetatable({}, {__tostring = function() error("again") end})) end
function bombs.error_of_many_megabytes() error(("x"):rep(6e7)) end
function bombs.error_that_holds_itself() local t = {} t.t = t error(t) end
function bombs.error_of_nothing() error() end

function bombs.error_in_depth()
  local function f(n)
    if n == 0 then error("deep") end
    return 1 + f(n - 1)
  end
  return f(150)
end

function either.verdict_of_many_megabytes() return reject(("x"):rep(6e7)) end
function bombs.print_that_never_ends() print(setmetatable({}, {__tostring = forever})) end

-- tables that are copied

local function nest(depth)
  local t = {}
  for _ = 1, depth do t = {t} end
  return t
end

function bombs.deep_field() msg.deep = nest(1e5) end
function bombs.deep_field_of_connection() conn.deep = nest(1e5) end
function bombs.deep_parameters() add_recipient("a@here.example", nest(1e5)) end

function bombs.wide_field()
  local t = {}
  for n = 1, 1e5 do
    t[n] = {}
    for m = 1, 1e5 do t[n][m] = t end
  end
  msg.wide = t
end

-- files

function bombs.endless_file() return io.open("/dev/zero"):read("*a") end
function bombs.endless_line() for _ in io.lines("/dev/zero") do end end
function bombs.fifo_without_writer() io.open(os.getenv("ESCAPE_FIFO")):read("*a") forever() end

-- what must not be changed for other messages

function bombs.string_library() string.upper = forever end
function bombs.new_string_function() string.trim = forever end
function bombs.math_library() math.pi = 3 end
function bombs.table_library() rawset(table, "insert", forever) end
function bombs.milter_table() milter.version = "0" end
function bombs.string_metatable() getmetatable("").__index = forever end
function bombs.metatable_of_msg() getmetatable(msg).__index = forever end
function bombs.raw_field_of_connection() rawset(conn, "raw", "seen by all") end
function bombs.raw_field_of_message() rawset(msg, "raw", "seen by all") end
function bombs.item_of_connection() table.insert(conn, "seen by all") end
function bombs.item_of_message() table.insert(msg, "seen by all") end
function bombs.field_of_the_host() conn.id = "forged" end
function bombs.globals() rawset(_G, "on_eom", forever) end
function bombs.globals_of_function() setfenv(1, {}) end
function bombs.metatable_of_globals() setmetatable(_G, {__index = forever}) end
function bombs.global() on_eom = forever end

function on_mail(sender, params)
  local kind, name = sender:match("^(%w+)%.([%w_]+)@")
  local run = ({bombs = bombs, harmless = harmless, either = either})[kind]
  if run then
    run[name]()
  end
end

function on_eom()
  add_header("X-Filter", "was here")
end
