---@meta score

---@type luamilter.module.score
local score
return score
