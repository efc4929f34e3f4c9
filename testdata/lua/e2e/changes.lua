-- Makes the change that the local part of the sender names.

local changes = {}

function changes.add()
  add_header("X-Added", "a value")
  add_header("X-Folded", "one\n\ttwo\r\n three")
end

function changes.insert()
  insert_header(0, "X-Top", "above Received")
  insert_header(2, "X-Second", "below Received")
end

function changes.change() change_header("Subject", 1, "changed") end
function changes.changesecond() change_header("X-Multi", 2, "changed") end
function changes.changebeyond() change_header("X-Multi", 9, "new") end
function changes.delete() delete_header("X-Multi", 2) end
function changes.deleteall() delete_header("x-multi") end
function changes.addrcpt() add_recipient("added@sink.example") end
function changes.addrcptbrackets() add_recipient("<added-too@sink.example>") end
function changes.addrcptstring() add_recipient("added-string@sink.example", "NOTIFY=NEVER") end
function changes.addrcpttable() add_recipient("added-table@sink.example", {NOTIFY = "FAILURE,DELAY"}) end
function changes.delrcpt() delete_recipient("delrcpt-2@sink.example") end
function changes.delrcptwrong() delete_recipient("nobody@sink.example") end
function changes.sender() change_sender("new-sender@client.example") end
function changes.sendernull() change_sender("") end
function changes.senderparams() change_sender("new-params@client.example", "RET=HDRS ENVID=changed-id") end
function changes.body() replace_body("A new body.\r\n.with a dot\r\n") end
function changes.bodyempty() replace_body("") end
function changes.bodylong() replace_body((("x"):rep(60) .. "\r\n"):rep(320000)) end -- 20 MB
function changes.quarantine() quarantine("looks odd") end

function changes.all()
  replace_body("All new.\r\n")
  add_header("X-Added", "yes")
  insert_header(0, "X-Top", "yes")
  change_header("Subject", 1, "all changed")
  delete_header("X-Multi")
  add_recipient("all-added@sink.example")
  delete_recipient("all-2@sink.example")
  change_sender("all-new@client.example")
end

function changes.progress()
  progress()
  add_header("X-Added", "after progress")
end

-- asked for long before the end of the message
local early = {}

function early.early()
  add_header("X-Early", "from on_mail")
  change_sender("early-new@client.example")
end

function on_mail(sender, params)
  local name = sender:match("^(%a+)@")
  if early[name] then
    early[name]()
  end
end

function on_rcpt(recipient, params)
  if msg.sender:match("^early@") then
    add_header("X-Early", "from on_rcpt")
  end
end

function on_eom()
  local name = msg.sender:match("^(%a+)@")
  if changes[name] then
    changes[name]()
  end
end
