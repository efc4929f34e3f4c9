-- The names that scripts have.

local names = {}
for name, value in pairs(_G) do
  if type(value) == "number" then
    names[#names + 1] = ("%s=%d"):format(name, value)
  elseif name:match("^MT_") or name:match("^SMF") then
    names[#names + 1] = name .. " is a " .. type(value)
  end
end
for name in pairs(mt) do
  names[#names + 1] = "mt." .. name
end
table.sort(names)
mt.echo(table.concat(names, "\n"))
mt.echo(type(flag) .. type(empty) .. empty .. "," .. text)
mt.echo(table.concat({table.unpack({"a", "b"})}, ","))
mt.echo(("%d"):format(load("return 1 + 1")()))
local pieces = {"return ", "'from a function'"}
mt.echo(load(function() return table.remove(pieces, 1) end)())
mt.echo(tostring(load("return +", "=name")))
mt.echo(tostring(coroutine.wrap(function(...) return select("#", ...) end)(1, nil) == 2))
