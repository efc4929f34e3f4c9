package guard

import "testing"

// pucScripts are programs whose output must be that of PUC Lua 5.1.
var pucScripts = map[string]string{
	"locals and closures stay linked after a caught error": `
local n = 0; local function inc() n = n + 1 end
inc(); pcall(error, "x"); inc(); inc(); print(n)
local function nest() local a = 1; local function set(v) a = v end
pcall(function() set(2); local b = 3; local function f() b = b + a; return b end; print(f()); error(f) end)
set(5); return a end print(nest())
local saved; pcall(function() local z = 7; saved = function() z = z + 1; return z end; error("no") end)
local pad1, pad2, pad3 = 42, 42, 42; print(saved(), saved(), pad1 + pad2 + pad3)
local s2; xpcall(function() local q = 9; s2 = function() q = q + 1; return q end; error("no") end, function(m) return m end)
local pad4 = 42; print(s2(), s2())`,
	"pcall gives results, error objects and nested errors": `
out(pcall(function() return 1, nil, 3, nil end)); out(pcall(function() end)); out(pcall(error)); out(pcall(error, nil))
out(pcall(error, {1})); out(pcall(error, 42)); out(pcall(error, "m", 0)); out(pcall(error, true)); out(pcall(pcall))
out(pcall(pcall, error, "deep")); out(pcall(nil)); out(pcall(42)); out(pcall({})); out(pcall(string.rep, "x", 3))
out(pcall(function() error("at 1") end)); out(pcall(function() error("at 2", 2) end)); out(pcall(function() error("at 3", 3) end))
local function thrower() error("two up", 2) end
out(pcall(function() thrower() end)); out(pcall(function() local x = nil; return x.y end)); out(pcall(function() return 1 + {} end))
local ok, e = pcall(function() local ok, e = pcall(error, "in"); error(e .. "+out", 0) end); out(ok, e)
out(pcall(setmetatable({}, {__call = function(self, a) return a, "called" end}), 5)); out(select("#", pcall(error)))`,
	"xpcall calls the handler where the error is": `
out(xpcall(function() error("x") end, function(m) return "<" .. m .. ">", 2 end)); out(xpcall(function() return 1, 2 end, print))
out(xpcall(function() error({}) end, function(m) return type(m) end)); out(xpcall(function() error("a") end, function() error("b") end))
out(xpcall(function() error() end, function(m) return m == nil end))
local depth = 0; local function f() depth = depth + 1; error("e") end; out(xpcall(f, function(m) depth = depth + 10; return depth end))
local r = xpcall(function() local ok = pcall(error, "inner"); error("outer") end, function(m) out("handled", m) end) out(r)`,
	"coroutines pass values both ways": `
local co = coroutine.create(function(a, b) out("start", a, b); local c = coroutine.yield(a + b); out("got", c); local d, e = coroutine.yield(c * 2); out(d, e); return "end", 9 end)
out(coroutine.status(co)); out(coroutine.resume(co, 1, 2)); out(coroutine.status(co)); out(coroutine.resume(co, 10)); out(coroutine.resume(co, "x", "y"))
out(coroutine.status(co)); out(coroutine.resume(co)); out(coroutine.resume(coroutine.create(function() end))); out(coroutine.resume(coroutine.create(function() return nil end)))
out(coroutine.resume(coroutine.create(function() error("oops") end))); out(coroutine.resume(coroutine.create(function() error({}) end)))
out(coroutine.running()); out(type(coroutine.wrap(function() return coroutine.running() end)()))
out(select("#", coroutine.resume(coroutine.create(function() coroutine.yield() end))))`,
	"coroutine.wrap raises the error at its caller": `
local w = coroutine.wrap(function(a) local b = coroutine.yield(a); error("in wrap " .. b) end); out(w(1)); out(pcall(w, "z")); out(pcall(w))
local w2 = coroutine.wrap(function() error({}) end) out(pcall(w2))
local g = coroutine.wrap(function() for i = 1, 3 do coroutine.yield(i) end end); for v in g do out(v) end
local up = 0; local w3 = coroutine.wrap(function() up = up + 1; error("e") end); pcall(w3); up = up + 1; out(up)`,
	"a coroutine is resumed only when it is suspended": `
local co; co = coroutine.create(function() out(coroutine.resume(co)); out(coroutine.status(co)) end); coroutine.resume(co)
local outer; outer = coroutine.create(function() local inner = coroutine.create(function() out(coroutine.status(outer)); out(coroutine.resume(outer)) end); coroutine.resume(inner) end); coroutine.resume(outer)
out(pcall(coroutine.create, print)); out(pcall(coroutine.resume, 1)); out(pcall(coroutine.create))`,
	"yield across a boundary is an error": `
local function try(f) out(coroutine.resume(coroutine.create(f))) end
try(function() pcall(coroutine.yield, 1); return "on" end); try(function() local t = setmetatable({}, {__index = function() coroutine.yield(1) end}); return t.x end)
try(function() table.sort({3, 2, 1}, function() coroutine.yield() end) end); try(function() string.gsub("a", "a", coroutine.yield) end)
try(function() for _ in function() coroutine.yield() end do end end); out(pcall(coroutine.yield))
try(function() local function f() return coroutine.yield(5) end; local function g() return (f()) end; return g() end)`,
	"pcall inside coroutines and coroutines inside pcall": `
local co = coroutine.wrap(function() local ok, e = pcall(function() error("x") end); coroutine.yield(ok, e); local n = 0; pcall(function() n = n + 1; error("y") end); n = n + 1; coroutine.yield(n); return "done" end)
out(co()); out(co()); out(co())
out(pcall(function() local c = coroutine.create(function() coroutine.yield(1); error("late") end); out(coroutine.resume(c)); out(coroutine.resume(c)); error("after") end))
local gen = coroutine.wrap(function() for i = 1, 3 do local ok, v = pcall(function() if i == 2 then error("two", 0) end return i end) coroutine.yield(ok, v) end end)
for i = 1, 3 do out(gen()) end`,
	"assignments to several locals": `
local a, b = 1, 2; a, b = b, a; out(a, b); a, b = a + b, a; out(a, b); local t = {}; local o = t; t, t.x = {9}, 1; out(o.x, t.x, t[1])
local i = 1; local q = {}; i, q[i] = i + 1, 20; out(i, q[1], q[2]); local function f(x) local y; x, y = tostring(x), 1; return x, y end; out(f(5))
local function g(x) x = (tostring(x)); return x end; out(g(5)); local function h(x) local z; z, x = 1, (tostring(x)); return x, z end; out(h(6))
local c, d, e = (function() return 1, 2, 3 end)(); c, d, e = e, c; out(c, d, e); a, b, c = (function() return 7, 8, 9 end)(); out(a, b, c)
a, b = (function() return 4, 5 end)(), 6, 7; out(a, b); x1, a, x2 = 1, 2, 3; out(x1, a, x2); local u = 1; local function up() u, a = a, u end; up(); out(u, a)
local function v(...) local p, r = ...; p, r = r, p; return p, r end; out(v(1, 2)); local function cc(s) s = s .. "x"; return s end; out(cc("q"))`,
	"loops that begin with a constant condition": `
local r = {}; for k in ipairs({1, 2, 3}) do if false then local x end r[#r + 1] = k end; out(#r)
local n = 0; while true do if nil then n = 100 end n = n + 1; if n > 3 then break end end; out(n)
n = 0; repeat if false then n = 50 end n = n + 1 until n > 4; out(n); n = 0; while not false and n < 3 do n = n + 1 end; out(n)
for i in ipairs({1, 2}) do local y = true or i; local z = nil and i or 3; out(y, z) end; for k in pairs({1}) do break end
n = 0; while false do n = 1 end; out(n); n = 0; while nil or n < 3 do n = n + 1 end; out(n); n = 0; repeat n = n + 1; if n > 2 then break end until false; out(n)
for i in ipairs({1, 2, 3}) do do do if false then out("no") else n = n + i end end end end; out(n)
for k, v in pairs({a = 1}) do while true do if false then end break end n = n + v end; out(n)
local f = function() for i in ipairs({1, 2}) do return false or i end end; out(f())`,
	"numerals": `
out(010, 0x10, 0XfF, 1e2, 3., .5, 08, 1e999, -1e999, 2^53, 1e15, 123456789012345, 0.1, 1e-7, 100000000000000, 5e-324, 1e308)
out(1/0, -1/0, 0/0, 3 % -2, -3 % 2, 5.5 % 2, 2^0.5, 7 / 2)`,
	"table constructors": `
local function f(a) return a end; local function two() return 1, 2 end
local z = {f(1), f(2), n = f(3)}; out(#z, z.n); z = {two(), two()}; out(#z); z = {two(), x = two()}; out(#z, z.x); z = {(two())}; out(#z)
z = {two(), nil}; out(#z); local function v(...) return #{...}, #{..., 1}, #{n = ..., 5} end; out(v(1, 2, 3)); z = {[1] = "a", "b"}; out(z[1])
z = {1, 2, 3, two()}; out(#z); z = {x = 1, y = {z = 2}}; out(z.y.z)`,
	"varargs": `
local function v(...) local a, b = ...; return select("#", ...), a, b, ... end; out(v()); out(v(1)); out(v(1, nil, 3)); out((v(1, 2)))
local function old(...) return arg.n, arg[1] end; out(old(5, nil)); local function tail(...) return v(...) end; out(tail(1, 2, 3)); out(pcall(v, 1, nil))
out((function(...) return ... end)(1, 2), (function(...) return ... end)(3, 4)); out(unpack({1, 2, 3}, 2)); out(math.max(unpack({4, 9, 2})))`,
	"closures in loops": `
local fs = {}; for i = 1, 3 do fs[i] = function() i = i + 1; return i end end; out(fs[1](), fs[1](), fs[2](), fs[3]())
fs = {}; local i = 1; while i <= 3 do local j = i; fs[i] = function() j = j + 1; return j end; i = i + 1 end; out(fs[1](), fs[1](), fs[2]())
fs = {}; i = 1; repeat local j = i; fs[i] = function() j = j + 1; return j end; i = i + 1 until j >= 3; out(fs[1](), fs[1](), fs[2]())
fs = {}; for k, v in pairs({5, 6}) do fs[k] = function() v = v + 1; return v end; if k == 5 then break end end; out(fs[1](), fs[1](), fs[2]())`,
	"metamethods": `
local mt = {}; mt.__add = function(a, b) return "add" end; mt.__concat = function(a, b) return (type(a) == "table" and "T" or a) .. "&" .. (type(b) == "table" and "T" or b) end
mt.__tostring = function() return "obj" end; mt.__lt = function() return true end; mt.__le = function() return false end; mt.__eq = function() return true end
mt.__unm = function() return "neg" end; mt.__call = function(self, ...) return select("#", ...) end; mt.__len = function() return 77 end
local a, b = setmetatable({}, mt), setmetatable({}, mt); out(a + 1, 1 + a, a .. "x", "x" .. a, 1 .. a .. "y", a < b, a <= b, a == b, -a, a(1, 2), tostring(a))
out("p" .. "q" .. a .. "r" .. "s"); local r = setmetatable({}, {__concat = function() return {} end}); out(type(r .. "x"), type("x" .. r))
local log = {}; local p = setmetatable({}, {__index = function(t, k) return k .. "!" end, __newindex = function(t, k, v) rawset(t, k, v * 2) end}); p.x = 5; out(p.x, p.y)
local c = setmetatable({}, {__index = setmetatable({q = 1}, {__index = {w = 2}})}); out(c.q, c.w, c.e); out(getmetatable(setmetatable({}, {__metatable = "locked"})))
out(pcall(setmetatable, setmetatable({}, {__metatable = 1}), {})); out(tostring(setmetatable({}, {__tostring = function() return 5 end})))`,
	"concatenation": `
out("a" .. "b" .. 1 .. 2.5 .. -0 .. 1e100); local x = "v"; out(x .. x .. x .. x, x .. 1, 1 .. x, 1 .. 2); out(pcall(function() return "a" .. nil end)); out(pcall(function() return {} .. "a" end))
local t = {x .. "1", x .. "2"}; out(#t, t[2]); out(#(x .. "long")); local function f(...) return ... .. "z" end; out(f("y", "n")); out((x .. "p"):upper(), ("%d" .. "%s"):format(1, "s"))
local s = ""; for i = 3, 1, -1 do s = s .. i .. "," end; out(s); out(x .. (function() return "r", "dropped" end)())`,
	"goto is no keyword trap for strings and comments": `
--[==[ a long
comment ]==] out([[
line]], [=[a]]b]=], 'a\
b', "\65\066\x"); out("\"", '\'', "\\n", "tab\t|")`,
	"string methods and coercions": `
out(("x"):rep(3), ("%5.1f|%-5s|%05d"):format(3.14159, "ab", 42), #"abc", ("abc"):sub(-2), ("abc"):byte(1, -1), "10" + 5, "3" * "4", 10 .. "")
out(("a,b,,c"):find(",", 1, true), ("key = value"):match("^(%w+)%s*=%s*(%w+)$")); for k, v in ("a=1, b=2"):gmatch("(%w+)=(%w+)") do out(k, v) end
out(("hello world"):gsub("o", {o = "0"})); out(("abc"):gsub("%w", "%0%0")); out(("abc"):gsub("", "-")); out(("x = $y"):gsub("%$(%w+)", function(n) return n:upper() end)); out(("THE (quick) fox"):find("%((%a+)%)"))`,
	"next and pairs see each field once": `
local t = {1, 2, 3, a = 1, b = 2}; local n = 0; for k, v in pairs(t) do n = n + 1; t[k] = nil end; out(n, next(t)); for k in pairs({}) do out(k) end
out(next({5})); out(next({}, nil)); local m = 0; for i, v in ipairs({1, 2, nil, 4}) do m = m + 1 end; out(m); out(rawequal(t, t), rawequal({}, {}), rawequal("a", "a")); out(rawget(setmetatable({}, {__index = {x = 1}}), "x"))
table.foreach({7}, out); table.foreachi({8, 9}, out); out(table.getn({1, 2}), table.maxn({[10] = 1, [2.5] = 1}))`,
	"load and loadstring": `
out(loadstring("return 1 + 1")()); out((loadstring("x ="))); out(pcall(loadstring("error('in chunk')"))); out(pcall(loadstring("error('named')", "=name"))); out(pcall(loadstring("error('at')", "@file")))
local i = 0; out(load(function() i = i + 1; return ({"return ", "4", "2"})[i] end)()); out(loadstring("local a = ... return a")(5)); out(type(loadstring("")))`,
	"error positions": `
local function lines()
  local t = {}

  t[1] = "x" .. nil
end
out(pcall(lines))
out(pcall(function()
  local a = 1
  a.b.c = 2
end))
out(pcall(function() undefinedfunction() end))
out(pcall(function() string.rep() end)) out(pcall(function() ("x"):bad() end))
out(pcall(function() for i = 1, "x" do end end))
out(pcall(function() globalvar = 1; error("after a global write") end))`,
}

func TestScriptsAgreeWithPUC(t *testing.T) {
	for name, script := range pucScripts {
		t.Run(name, func(t *testing.T) { comparePUC(t, script) })
	}
}
