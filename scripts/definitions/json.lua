---@meta json

---@type luamilter.module.json
local json
return json
