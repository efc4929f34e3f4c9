---@meta log

---@type luamilter.module.log
local log
return log
