local exit = os.exit

function on_load()
  dofile("settings.lua")
  setfenv(1, {})
end

function on_mail()
  local pipe = io.popen("id")
  print(pipe, debug.traceback(), table.unpack { 1 }, package.path)
  if not loadfile then
    exit(1)
  end
end
