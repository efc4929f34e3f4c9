-- footer.lua: adds a text to each mail that goes out.
--
-- The text goes to the end of the text and, as HTML, to the end of the HTML part. Signed and
-- encrypted mails get it as a part of their own, so that their signature stays good. A DKIM
-- signature that is there already breaks: let the filter run before the one that signs.
--
-- Settings:
--   text         the footer
--   html         the same for HTML parts; "" makes it of text
--   outgoing     which clients send outgoing mail, besides users who have logged in: addresses,
--                ranges, names as for the module ipset; "0.0.0.0/0" and "::/0" are all
--   marker       a header field that says that a mail has its footer, so that the next server does
--                not add another; "" for none
--
-- Example, in master.cf: the service submission with
--   -o smtpd_milters=inet:127.0.0.1:7357
-- and: luamilter --script footer.lua

local ipset = require "ipset"

local text = "-- \nExample Ltd, 1 Main Street, Exampletown\n"
local html = ""
local outgoing = { "127.0.0.0/8", "::1" }
local marker = "X-Footer-Added"

assert(type(text) == "string" and text ~= "", "text: a footer expected")
assert(type(html) == "string", "html: a text expected, or \"\"")
assert(type(marker) == "string" and not marker:find("[^!-9;-~]"), "marker: a field name expected")
assert(type(outgoing) == "table", "outgoing: a list expected")
local clients = ipset.new(outgoing)

function on_mail(sender)
  -- No footer for bounces. The body of a mail that is accepted here is not transferred.
  if sender == "" then
    return accept()
  end
  if not macro("auth_authen") and not clients:contains(conn.address, conn.hostname) then
    return accept()
  end
end

function on_message(m)
  if marker ~= "" and m:raw_header(marker) then
    return
  end
  m:add_footer { text = text, html = html }
  if marker ~= "" then
    m:add_header(marker, "yes")
  end
end
