-- What a filter sees besides Lua 5.1 itself: callbacks are globals that it sets, the rest it reads.
std = "lua51"
max_line_length = 100
globals = {
  "on_load", "on_connect", "on_helo", "on_mail", "on_rcpt", "on_data", "on_unknown", "on_header", "on_eoh", "on_body",
  "on_eom", "on_message", "on_abort", "on_close",
}
read_globals = {
  "continue", "accept", "reject", "tempfail", "discard", "skip", "shutdown",
  "add_header", "insert_header", "change_header", "delete_header", "add_recipient", "delete_recipient",
  "change_sender", "replace_body", "quarantine", "progress",
  "macro", "negotiate", "every", "milter",
  conn = { read_only = false, other_fields = true },
  msg = { read_only = false, other_fields = true },
}
-- Definitions for editors, which declare what others call.
files["**/*.d.lua"] = { ignore = { "1..", "2..", "4..", "631" } }
