-- message: /bin/sh: exit status 3

local ready = os.tmpname()
mt.startfilter("/bin/sh", "-c", "trap 'exit 3' TERM; echo ready > " .. ready .. "; while :; do sleep 0.05; done")
local text
repeat
  mt.sleep(0.01)
  local file = io.open(ready)
  if file then
    text = file:read("*l")
    file:close()
  end
until text == "ready"
os.remove(ready)
