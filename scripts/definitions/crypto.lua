---@meta crypto

---@type luamilter.module.crypto
local crypto
return crypto
