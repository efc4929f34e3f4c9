---@meta re

---@type luamilter.module.re
local re
return re
