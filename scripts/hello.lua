-- hello.lua: adds one header field to every message.
--
-- The smallest useful filter. Try it without a mail server:
--   luamilter replay --script scripts/hello.lua testdata/mail/plain.eml

function on_eom()
  add_header("X-Filtered-By", "luamilter " .. milter.version)
end
