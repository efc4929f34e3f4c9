-- message: argument.lua:4: mt.echo(): Invalid argument

local function show(...)
  mt.echo(...)
  return true
end

show("one", "two")
