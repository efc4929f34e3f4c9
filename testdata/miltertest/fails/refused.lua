-- message: refused.lua:3: mt.connect(): 

local conn = mt.connect(socket .. "-none", 2, 0)
if conn == nil then
  error("not reached")
end
