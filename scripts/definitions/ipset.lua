---@meta ipset

---@type luamilter.module.ipset
local ipset
return ipset
