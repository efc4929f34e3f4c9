function on_load()
  return reject("not today")
end

function on_mail() end

function on_abort()
  return accept()
end

function on_close()
  if conn.helo then
    return discard()
  end
  return nil
end
