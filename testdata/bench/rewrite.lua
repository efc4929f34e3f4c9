-- Puts a footer under the body and a tag before the Subject, and adds a recipient.

function on_header(name, value)
  if name:lower() == "subject" then
    msg.subject = value
  end
end

function on_body(chunk)
  local chunks = msg.chunks or {}
  chunks[#chunks + 1] = chunk
  msg.chunks = chunks
end

function on_eom()
  change_header("Subject", 1, "[bench] " .. msg.subject)
  add_recipient("copy@bench.example")
  replace_body(table.concat(msg.chunks or {}) .. "-- rewritten by the bench filter\r\n")
end
