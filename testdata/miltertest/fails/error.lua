-- message: error.lua:5: went wrong

local function check(ok)
  if not ok then
    error("went wrong")
  end
end

mt.echo("before")
check(false)
mt.echo("never")
