function on_recipient(recipient)
  return accept()
end

local function on_hello() end

function on_mail()
  on_hello()
end

on_eof = function() end
