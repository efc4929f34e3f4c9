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

-- What a script looks for before it uses it is its own business.
local pack = table.pack or function(...) return { ... } end
if type(os.getenv) == "function" and type(os.remove) == "function" then
  os.remove("spool")
end
if utf8 then
  print(utf8.len("x"), pack())
end
