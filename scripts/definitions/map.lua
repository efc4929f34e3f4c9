---@meta map

---@type luamilter.module.map
local map
return map
