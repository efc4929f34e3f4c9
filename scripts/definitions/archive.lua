---@meta archive

---@type luamilter.module.archive
local archive
return archive
