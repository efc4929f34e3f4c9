local count, names = 0, {}

function on_rcpt(recipient)
  count = count + 1
  names[recipient] = true
end

function on_data()
  local function reset() count = 0 end
  reset()
end
