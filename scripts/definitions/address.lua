---@meta address

---@type luamilter.module.address
local address
return address
