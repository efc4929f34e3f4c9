-- What a filter sees: callbacks are globals that it sets, the rest it reads. Made of luamilter.d.lua.
stds.luamilter = {
  globals = {
    "on_load", "on_connect", "on_helo", "on_mail", "on_rcpt", "on_data", "on_header", "on_eoh",
    "on_body", "on_eom", "on_message", "on_abort", "on_close", "on_unknown",
  },
  read_globals = {
    "_G", "_VERSION", "accept", "add_header", "add_recipient", "assert", "change_header",
    "change_sender", "continue", "delete_header", "delete_recipient", "discard", "error", "every",
    "getmetatable", "insert_header", "ipairs", "load", "loadstring", "macro", "negotiate", "next",
    "pairs", "pcall", "print", "progress", "quarantine", "rawequal", "rawget", "rawset", "reject",
    "replace_body", "require", "select", "setmetatable", "shutdown", "skip", "tempfail",
    "tonumber", "tostring", "type", "unpack", "xpcall",
    conn = { other_fields = true, read_only = false },
    coroutine = {
      fields = {
        "create", "resume", "running", "status", "wrap", "yield",
      },
    },
    io = {
      fields = {
        "lines", "open", "stderr", "stdout", "type", "write",
      },
    },
    math = {
      fields = {
        "abs", "acos", "asin", "atan", "atan2", "ceil", "cos", "cosh", "deg", "exp", "floor",
        "fmod", "frexp", "huge", "ldexp", "log", "log10", "max", "min", "mod", "modf", "pi", "pow",
        "rad", "random", "randomseed", "sin", "sinh", "sqrt", "tan", "tanh",
      },
    },
    milter = {
      fields = {
        "SMFIF_ADDHDRS", "SMFIF_ADDRCPT", "SMFIF_ADDRCPT_PAR", "SMFIF_ALLOPTS", "SMFIF_ALLOPTS_V2",
        "SMFIF_ALLOPTS_V6", "SMFIF_CHGBODY", "SMFIF_CHGFROM", "SMFIF_CHGHDRS", "SMFIF_DELRCPT",
        "SMFIF_QUARANTINE", "SMFIF_SETSYMLIST", "SMFIP_ALLPROTOS", "SMFIP_ALLPROTOS_V2",
        "SMFIP_ALLPROTOS_V6", "SMFIP_HDR_LEADSPC", "SMFIP_NOBODY", "SMFIP_NOCONNECT",
        "SMFIP_NODATA", "SMFIP_NOEOH", "SMFIP_NOHDRS", "SMFIP_NOHELO", "SMFIP_NOMAIL",
        "SMFIP_NORCPT", "SMFIP_NOUNKNOWN", "SMFIP_NR_BODY", "SMFIP_NR_CONN", "SMFIP_NR_DATA",
        "SMFIP_NR_EOH", "SMFIP_NR_HDR", "SMFIP_NR_HELO", "SMFIP_NR_MAIL", "SMFIP_NR_RCPT",
        "SMFIP_NR_UNKN", "SMFIP_RCPT_REJ", "SMFIP_SKIP", "version",
      },
    },
    msg = { other_fields = true, read_only = false },
    os = {
      fields = {
        "clock", "date", "difftime", "getenv", "time",
      },
    },
    string = {
      fields = {
        "byte", "char", "find", "format", "gfind", "gmatch", "gsub", "len", "lower", "match",
        "rep", "reverse", "sub", "upper",
      },
    },
    table = {
      fields = {
        "concat", "foreach", "foreachi", "getn", "insert", "maxn", "remove", "sort",
      },
    },
  },
}
std = "luamilter"
max_line_length = 100
-- Definitions declare what others call.
files["**/luamilter.d.lua"] = { ignore = { "1..", "2..", "4..", "631" } }
files["**/definitions/*.lua"] = { ignore = { "212", "221", "241", "431", "631" } }
