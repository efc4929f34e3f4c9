-- Edits whole messages: the local part of the sender names what is done.
local edits = {}

function edits.read(m)
  local names = {}
  for part in m:attachments() do
    table.insert(names, part.filename .. "=" .. #part.content)
  end
  add_header("X-Read", table.concat({
    m.subject, m.from[1].name, table.concat(names, ","), table.concat(m.defects, ", "),
  }, "|"))
end

function edits.change(m)
  m:set_header("Subject", "[extern] " .. m.subject)
  m:delete_header("X-Spam")
  m:set_header("X-Tight", "changed")
  for part in m:attachments() do
    if part.filename:match("%.exe$") then
      part:replace {
        filename = "WARNÜNG.TXT", content = "Entfernt: " .. part.filename .. " (größer)\n",
      }
    end
  end
  m:add_footer { text = "-- \ngeprüft", html = "<p>geprüft</p>" }
  m:add_header("X-Looked-At", "by luamilter")
end

function edits.add(m)
  m:add_part { filename = "note.txt", content = "a note\n" }
end

function edits.empty(m)
  for part in m:parts() do
    part:remove()
  end
end

function on_message(m)
  local edit = edits[msg.sender:match("^[^@]*")]
  if edit then
    edit(m)
  end
end
