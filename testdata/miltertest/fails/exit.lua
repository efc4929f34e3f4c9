-- message: exit.lua:4: the script exits with status 3

pcall(function()
  os.exit(3)
end)
mt.echo("never")
