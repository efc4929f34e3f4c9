---@meta mime

---@type luamilter.module.mime
local mime
return mime
