-- /etc/luamilter/filter.lua: the filter of luamilter.service. As it stands it lets all mail pass unchanged.
--
-- Save it, and new messages are judged by the new version; the log says so, or why it does not load:
--   journalctl -u luamilter
-- Look at it before you save it, and try it on a mail:
--   luamilter check filter.lua
--   luamilter replay --script filter.lua mail.eml
-- Ready filters are in /usr/share/luamilter/scripts, the reference in /usr/share/doc/luamilter/docs/lua-api.md.
--
-- Postfix sends its mail here with these lines in main.cf:
--   smtpd_milters = inet:127.0.0.1:7357
--   non_smtpd_milters = inet:127.0.0.1:7357

function on_mail(sender)
  -- Refuse a sender:
  -- if sender:match("@spam%.example$") then
  --   return reject(550, "5.7.1", "not here")
  -- end
end

-- Mark each message:
-- function on_eom()
--   add_header("X-Filtered-By", "luamilter")
-- end
