-- Edits header fields that are there several times: the local part of the sender names what is done.
local edits = {}

function edits.mixed(m)
  m:delete_header("X-R", 2)
  m:delete_header("x-r", 3)
  m:set_header("X-S", "one for three")
  m:delete_header("Received", 1)
  m:add_header("X-R", "seven")
  m:delete_header("X-R", 1)
end

function edits.inserted(m)
  insert_header(0, "X-R", "on top")
  add_header("X-R", "below")
  m:delete_header("X-R", 1)
  m:set_header("X-S", "one for three")
  insert_header(0, "X-S", "on top")
end

function on_message(m)
  local edit = edits[msg.sender:match("^[^@]*")]
  if edit then
    edit(m)
  end
end
