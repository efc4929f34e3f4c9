local helper = {}

function helper.anything(sender)
  local lower = sender:lower()
  return sender == "" and rejekt("no bounces")
end

return helper
