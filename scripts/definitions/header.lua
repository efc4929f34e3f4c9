---@meta header

---@type luamilter.module.header
local header
return header
