-- append_header_ip.lua: records the address of the SMTP client in a header field.
--
-- The change is asked for at MAIL and sent at the end of the message: changes may be made from any
-- callback of it.
--
-- Settings: header, the name of the field; a field of that name that came with the mail is
-- removed.

local header = "X-MilterExample-Connect-IP"

function on_mail()
  delete_header(header)
  add_header(header, conn.address or conn.family)
end
