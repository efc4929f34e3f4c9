---@meta _
-- luamilter.d.lua: all that a filter may define and call, for editors with lua-language-server.
--
-- Nothing here runs. `luamilter init` puts a copy beside a filter and points .luarc.json to it. docs/lua-api.md is made of
-- this file: blocks that begin with #, ## or ### are its chapters, and what stands in braces is filled in. A test holds the
-- names and arguments against what luamilter has.
--
-- In a function's text the paragraph "Context:" says where it may be called, "Errors:" what it raises.

--- # The Lua API
---
--- What a filter may define and call. Lua 5.1 with `goto`; everything here is a global unless it comes from `require`.
--- `luamilter docs NAME` shows an entry in the terminal.
---
--- Errors: a wrong argument raises a Lua error that names the file and line of the call, the function and the argument,
--- such as `filter.lua:3: bad argument #1 to 'reject' (code: 450 is not a code of reject, which takes 500 to 599)`; so does a
--- call outside the context that a function has. A script that fails gets `--on-error` for its message; its Lua state is
--- thrown away, and so are the changes of the callback that failed.

--- ## Callbacks
---
--- Global functions, all optional, at least one. Another name that begins with `on_` is a load error.
---
--- {callbacks}
---
--- What the mail server is asked for follows from what is defined. CONNECT, HELO, MAIL and RCPT always come; DATA, HEADER,
--- EOH, BODY and UNKNOWN only where a callback needs them; `on_message` needs header and body. A callback with no `return`
--- that has a value is negotiated as no-reply: the mail server does not wait for it. So a filter with `on_eom` or
--- `on_message` alone costs one round trip a message, and `return accept()` in `on_header` one for each header field.
--- `luamilter check` prints what will be negotiated.
---
--- A large body is read fastest where `on_body` can't keep a chunk itself. That is so if it is defined by
--- `function on_body(chunk)`, outside of any block, and uses `chunk` as follows only: `chunk:find(...)` or
--- `string.find(chunk, ...)`, the same with `match`, `sub`, `byte`, `len`, `lower`, `upper` and `gsub`;
--- `for ... in chunk:gmatch(...) do`; `#chunk`, `not chunk`, `chunk == x`, `chunk ~= x`. What these give may be kept. All
--- else works as well, but takes new memory for each chunk: `x = chunk`, `chunk .. x`, `f(chunk)`, `chunk` in a function
--- inside `on_body`, another local of that name, `string` as a local, and a function of `string` that the script has replaced.

--- once, before the script goes live, in a Lua state of its own; an error refuses it
function on_load() end

--- `family`: `inet`, `inet6`, `unix`, `unknown`; `address` without `IPv6:` and brackets; for `unix` the path; for `unknown`
--- neither address nor port
---@param hostname string as the mail server says it
---@param family "inet"|"inet6"|"unix"|"unknown"
---@param address? string
---@param port? integer
---@return luamilter.verdict? # verdict, not `discard`
function on_connect(hostname, family, address, port) end

--- may come again (STARTTLS)
---@param name string as the client gave it
---@return luamilter.verdict? # verdict, not `discard`
function on_helo(name) end

--- `sender` without `<>`; `""` is the null sender; `params`: names in upper case, true where no value was given
---@param sender string
---@param params luamilter.params such as `{SIZE = "123", SMTPUTF8 = true}`
---@return luamilter.verdict? # verdict
function on_mail(sender, params) end

--- reject and tempfail refuse this recipient, the others decide on the message
---@param recipient string without `<>`
---@param params luamilter.params
---@return luamilter.verdict? # verdict
function on_rcpt(recipient, params) end

--- milter version 4 and later
---@return luamilter.verdict? # verdict
function on_data() end

--- raw bytes; the first space after the colon removed; folding is LF and white space
---@param name string
---@param value string
---@return luamilter.verdict? # verdict
function on_header(name, value) end

--- after the last header field
---@return luamilter.verdict? # verdict
function on_eoh() end

--- raw bytes with CRLF; at most 64 KiB each, with borders anywhere
---@param chunk string
---@return luamilter.verdict? # verdict or `skip()`
function on_body(chunk) end

--- the message is complete; `--message-timeout` instead of `--callback-timeout`
---@return luamilter.verdict? # verdict
function on_eom() end

--- after this script's `on_eom`; the [whole message](#the-whole-message-on_message); time as `on_eom`
---@param message luamilter.message
---@return luamilter.verdict? # verdict
function on_message(message) end

--- the message ended without `on_eom`, and not by this script's own verdict
function on_abort() end

--- once per connection
function on_close() end

--- concerns this command only
---@param command string an SMTP command that the mail server does not know
---@return luamilter.verdict? # verdict, not `accept` or `discard`
function on_unknown(command) end

--- ## Verdicts
---
--- Return one from a callback; nothing, or nil, is `continue()`. A verdict that is made and dropped is a load error.
---
--- {functions}
---
--- With changes waiting, an `accept()` before the end of the message is told to the mail server only then, so that none is
--- lost.

--- What a callback returns.
---@class luamilter.verdict

--- Goes on, as returning nothing does.
---
--- Context: anywhere
---@return luamilter.verdict
---@nodiscard
function continue() end

--- This script sees no more of the message; from `on_connect` and `on_helo`, of the connection. Other scripts go on.
---
--- Context: anywhere but `on_unknown`
---@return luamilter.verdict
---@nodiscard
function accept() end

--- The message is accepted and dropped: the client hears 250, nobody gets it. Postfix asks its `non_smtpd_milters` about the
--- rest of a message that was discarded at MAIL or RCPT, so one that is down shows there.
---
--- Context: anywhere but `on_connect`, `on_helo` and `on_unknown`
---@return luamilter.verdict
---@nodiscard
function discard() end

--- No more chunks of this body come; `on_eom` still does. Where the mail server does not know it, it is `continue()`.
---
--- Context: `on_body`
---@return luamilter.verdict
---@nodiscard
function skip() end

--- Refuses with a code from 500 to 599; from `on_rcpt` this recipient, else the message or, before it, the command.
---
---     reject()                                550 5.7.1 Command rejected
---     reject("no spam here")                  550 5.7.1 no spam here
---     reject(552, "too big")                  552 5.7.1 too big
---     reject(550, "5.1.1", "who?", "really")  550-5.1.1 who?
---                                             550 5.1.1 really
---
--- A text is sent as it is; `%` needs no doubling. Kept to what libmilter sends: 32 lines of 980 bytes, the rest is cut.
---
--- Context: anywhere
---
--- Errors: a code of another class, an xcode that does not match the code, CR, LF or NUL in a text.
---@overload fun(): luamilter.verdict
---@overload fun(text: string, ...: string): luamilter.verdict
---@overload fun(code: integer, text?: string, ...: string): luamilter.verdict
---@param code integer
---@param xcode string such as `5.7.1` (RFC 3463)
---@param ... string each a line of the reply
---@return luamilter.verdict
---@nodiscard
function reject(code, xcode, ...) end

--- Refuses for now, with a code from 400 to 499: the sender tries again. The default is
--- `451 4.7.1 Service unavailable - try again later`; all else is as in `reject`.
---
--- Context: anywhere
---
--- Errors: a code of another class, an xcode that does not match the code, CR, LF or NUL in a text.
---@overload fun(): luamilter.verdict
---@overload fun(text: string, ...: string): luamilter.verdict
---@overload fun(code: integer, text?: string, ...: string): luamilter.verdict
---@param code integer
---@param xcode string such as `4.7.1` (RFC 3463)
---@param ... string each a line of the reply
---@return luamilter.verdict
---@nodiscard
function tempfail(code, xcode, ...) end

--- Answers 421, and the mail server closes the connection. The default is `421 4.7.0 Service unavailable - closing connection`;
--- all else is as in `reject`.
---
--- Context: anywhere
---
--- Errors: a code other than 421, an xcode that does not match the code, CR, LF or NUL in a text.
---@overload fun(): luamilter.verdict
---@overload fun(text: string, ...: string): luamilter.verdict
---@overload fun(code: integer, text?: string, ...: string): luamilter.verdict
---@param code integer
---@param xcode string such as `4.7.0` (RFC 3463)
---@param ... string each a line of the reply
---@return luamilter.verdict
---@nodiscard
function shutdown(code, xcode, ...) end

--- ## Changes
---
--- In any callback from `on_mail` to `on_message`; sent at the end of the message in the order made, the body last. They are
--- dropped when the message is refused, discarded or aborted.
---
--- {functions}
---
--- A header name is printable ASCII without colon; a value has no NUL and no bare CR, and LF only before a space or tab
--- (CRLF becomes LF). Name, value, address and reason are at most 65000 bytes.
---
--- Errors of all of them: outside a message; an action that the mail server did not offer or `negotiate` left out (named).

--- Adds a header field at the end.
---
--- Context: from `on_mail` to `on_message`
---
--- Errors: a name or value that no header may have; more than 65000 bytes.
---@param name string
---@param value string
function add_header(name, value) end

--- Adds a header field at a place: 0 is the very top, above the mail server's own Received.
---
--- Context: from `on_mail` to `on_message`
---
--- Errors: an index below 0; a name or value that no header may have; more than 65000 bytes.
---@param index integer from 0
---@param name string
---@param value string
function insert_header(index, name, value) end

--- Changes the n-th field of that name, from 1; an empty value deletes it.
---
--- Context: from `on_mail` to `on_message`
---
--- Errors: an n below 1; a name or value that no header may have; more than 65000 bytes.
---@param name string
---@param n integer from 1
---@param value string
function change_header(name, n, value) end

--- Deletes the n-th field of that name; without n all of them, highest first.
---
--- Context: from `on_mail` to `on_message`
---
--- Errors: an n below 1; a name that no header may have; without n, a call that does not
--- have its name (`_G[name](...)`), since the headers were not asked for.
---@param name string
---@param n? integer from 1
function delete_header(name, n) end

--- Adds a recipient, with or without `<>`; params as `"NOTIFY=NEVER"` or `{NOTIFY = "NEVER"}`.
---
--- Context: from `on_mail` to `on_message`
---
--- Errors: an empty address; a space, `<`, `>` or control character in one that is not quoted; more than 65000 bytes.
---@param address string
---@param params? string|luamilter.params ESMTP parameters of RCPT
function add_recipient(address, params) end

--- Takes a recipient away: one of the message, the one of this `on_rcpt` included; other case is forgiven.
---
--- Context: from `on_mail` to `on_message`
---
--- Errors: an address that is no recipient of the message.
---@param address string with or without `<>`
function delete_recipient(address) end

--- Changes the sender; `""` is the null sender.
---
--- Context: from `on_mail` to `on_message`
---
--- Errors: a space, `<`, `>` or control character in an address that is not quoted; more than 65000 bytes.
---@param address string with or without `<>`
---@param params? string|luamilter.params ESMTP parameters of MAIL
function change_sender(address, params) end

--- Replaces the body by a whole new one with CRLF; `""` empties it.
---
--- Context: from `on_mail` to `on_message`
---
--- Errors: more than `--max-message-size` in all (then `--on-oversize` decides).
---@param data string
function replace_body(data) end

--- Holds the message, in Postfix in the hold queue; it is accepted.
---
--- Context: from `on_mail` to `on_message`
---
--- Errors: an empty reason; CR, LF or NUL in it; more than 65000 bytes.
---@param reason string
function quarantine(reason) end

--- Makes the mail server wait on, in `on_eom` and `on_message`. Sent by itself every 5 s as well; elsewhere it does nothing.
---
--- Context: anywhere
function progress() end

--- ## The whole message: on_message
---
--- ```lua
--- function on_message(m)
---   for part in m:attachments() do
---     if part.filename:lower():match("%.exe$") then
---       part:replace{filename = "WARNING.TXT", content = "removed: " .. part.filename .. "\n"}
---     end
---   end
---   m:set_header("Subject", "[extern] " .. (m.subject or ""))
---   m:add_footer{text = "-- \nseen by luamilter"}
--- end
--- ```
---
--- `m` is parsed when it is asked for. Only what changed is sent: header fields one by one, the body if its bytes are others,
--- and in that every part that was not touched byte for byte. A message that is only read goes on as it came.
---
--- {class luamilter.message m}
---
--- {class luamilter.part part}
---
--- [mime](modules/mime.md) has each of them with what it returns and its errors. The object of `on_message` is for that
--- callback only: later uses of `m`, or of a part, raise `the message is over`.
---
--- **With other callbacks and scripts.** For each script in turn comes `on_eom`, then `on_message`; one that returned
--- `accept()` before gets none. All scripts see one message, with the edits of those before them. The body is what
--- `replace_body` has made of it, if that was called before; a `replace_body` after an edit wins over it. Header changes by
--- `add_header` and the like are not seen in `m`. What `m` changed is sent behind all other changes, and in front of an
--- `insert_header` of the same name, so that this field is not the one that changes. Do not delete fields of one name both
--- ways: mail servers count fields in different ways after a deletion.
---
--- If `on_message` fails, its edits are undone, and `--on-error` decides.
---
--- Errors: an edit for which the mail server did not offer SMFIF_ADDHDRS, SMFIF_CHGHDRS or SMFIF_CHGBODY, or that
--- `negotiate{actions=...}` left out (named; the edit is undone); wrong arguments. `negotiate{steps=...}` can't turn off
--- header and body.
---
--- Limits: header, body and all else that is kept of the message take at most `--max-message-size`, and so does the message
--- that is made of it; then `--on-oversize` decides. A body above `--spool-size` (1 MiB) is kept in a file without name in
--- the folder that TMPDIR names, or in `/tmp`; a disk that does not take it counts as a failing script.

--- The message that `on_message` is called with, and that `mime.parse` gives.
---@class luamilter.message
---@field subject string? decoded to UTF-8; nil if there is none
---@field message_id string? as `subject`
---@field date integer? seconds since 1970; nil if it can't be read
---@field from luamilter.address[] a list of `{name, address, localpart, domain}`, of all fields of that name
---@field to luamilter.address[] as `from`
---@field cc luamilter.address[] as `from`
---@field reply_to luamilter.address[] as `from`
---@field text string? the first text/plain part in UTF-8, nil where there is none
---@field html string? the first text/html part in UTF-8, nil where there is none
---@field body string raw body
---@field raw string raw header and body
---@field size integer bytes of `raw`
---@field defects string[] what is wrong with the mail; broken mail is never an error
local message = {}

--- The n-th field of that name, decoded, without white space around it; nil if there is none.
---@param name string
---@param n? integer from 1, which is the default
---@return string? value
function message:header(name, n) end

--- The n-th field of that name as it came: all that follows the colon, with the first space, folded with LF; nil if there is none.
---@param name string
---@param n? integer from 1, which is the default
---@return string? value
function message:raw_header(name, n) end

--- An iterator over `name, value, index` of all fields: decoded, and counted within the name.
---@return fun(): string?, string, integer
function message:headers() end

--- Replaces the first field of that name and deletes the others, or adds one; `""` deletes all. The value is UTF-8; it is
--- encoded and folded.
---
--- Errors: a name that no field may have, NUL, line breaks that are no folding.
---@param name string
---@param value string
function message:set_header(name, value) end

--- Adds a field at the end. The value is UTF-8; it is encoded and folded.
---
--- Errors: a name that no field may have, NUL, line breaks that are no folding.
---@param name string
---@param value string
function message:add_header(name, value) end

--- Deletes the n-th field of that name, or all; gives how many there were.
---@param name string
---@param n? integer from 1
---@return integer count
function message:delete_header(name, n) end

--- An iterator over the leaves, those of attached messages too.
---@return fun(): luamilter.part?
function message:parts() end

--- An iterator over the leaves with a file name, and over attached messages with one.
---@return fun(): luamilter.part?
function message:attachments() end

--- Adds a part at the end, and gives it.
---
--- Errors: no content; a `type` of `multipart/*`, or of `message/*` but `message/rfc822`; a field that is not known.
---@param part luamilter.content
---@return luamilter.part
function message:add_part(part) end

--- Puts a text at the end of the first text part, and at the end of the first HTML part; see [mime](modules/mime.md).
---
--- Errors: neither `text` nor `html`; a field that is not known.
---@param footer luamilter.footer
function message:add_footer(footer) end

--- Puts a comment in place of each `<script>` element in all HTML parts; gives how many there were.
---@return integer count
function message:remove_scripts() end

--- One part of a message.
---@class luamilter.part
---@field type string `"text/plain"`, in lower case
---@field params table<string, string> the parameters of Content-Type by name, the first where one is there twice
---@field filename string? the first name
---@field names string[] all names: mail readers differ in which they use
---@field disposition string? `"attachment"`, `"inline"`, or what the field says, in lower case
---@field content string without transfer encoding
---@field text string `content` in UTF-8, at most 64 MiB
---@field charset string? in lower case; `"us-ascii"` for text that does not say
---@field encoding string? the transfer encoding, in lower case
---@field raw string header and body as they stand in the message
---@field members string[] names in a zip, tar or gzip file, those in archives inside too
---@field index integer? the number of the leaf, which it keeps whatever is removed
---@field depth integer how many multiparts and messages it stands in
---@field defects string[] what is wrong with this part
local part = {}

--- The n-th field of that name in the part's own header, decoded; nil if there is none.
---@param name string
---@param n? integer from 1, which is the default
---@return string? value
function part:header(name, n) end

--- The n-th field of that name in the part's own header, as it came; nil if there is none.
---@param name string
---@param n? integer from 1, which is the default
---@return string? value
function part:raw_header(name, n) end

--- An iterator over `name, value, index` of the part's own header.
---@return fun(): string?, string, integer
function part:headers() end

--- Puts another part in its place: all Content-* fields go, other fields stay.
---
--- Errors: no content; a `type` of `multipart/*`, or of `message/*` but `message/rfc822`; a field that is not known; a part
--- that is no longer in the message.
---@param part luamilter.content
function part:replace(part) end

--- Takes the part away, with its multipart if nothing else is in that; a message becomes an empty text rather than nothing.
---
--- Errors: a part that is no longer in the message.
function part:remove() end

--- Replaces the content, and keeps type and name.
---
--- Errors: a part that is no longer in the message.
---@param content string
function part:set_content(content) end

--- Puts a comment in place of each `<script>` element, if the part is HTML; gives how many there were.
---@return integer count
function part:remove_scripts() end

--- What a new part is made of.
---@class luamilter.content
---@field content string UTF-8 if the type is `text/*`
---@field type? string `text/plain` unless given
---@field filename? string
---@field disposition? string `attachment` if there is a file name

--- What `add_footer` adds; one of both at least.
---@class luamilter.footer
---@field text? string
---@field html? string without it the text as a paragraph

--- ## conn and msg
---
--- {class luamilter.conn conn}
---
--- {class luamilter.msg msg}
---
--- Any other name is a field of the script's own: `conn.x` until the connection closes, `msg.x` until the message ends.
--- Strings, numbers, booleans, and tables of these. What is kept is a copy of what the field is when the callback ends, so
--- `table.insert(msg.list, x)` works. Other scripts have their own.
---
--- `conn` and `msg` are objects of the host, not tables: `pairs` and `table.insert` do not take them.
---
--- Errors: a function, userdata, coroutine, metatable or cycle; a builtin field; `msg` where there is no message; more than
--- `--max-message-size` in all (then `--on-oversize` decides). What can't be kept is refused where it is assigned; in place of a
--- string, number or boolean that the field held before, and inside a table, when the callback ends.

--- The connection, and fields of the script's own until it closes. In callbacks only.
---@class luamilter.conn
---@field hostname string as in `on_connect`
---@field family "inet"|"inet6"|"unix"|"unknown" as in `on_connect`
---@field address string? as in `on_connect`
---@field port integer? as in `on_connect`; nil but for `inet` and `inet6`
---@field helo string? nil before HELO
---@field id string luamilter's own name for the connection, in each log line
---@field [string] any
conn = {}

--- The message, and fields of the script's own until it ends. In callbacks only.
---@class luamilter.msg
---@field sender string as in `on_mail`
---@field sender_params luamilter.params as in `on_mail`
---@field recipients string[] list of the accepted recipients so far
---@field id string? the queue id, nil until the mail server has sent it (Postfix: with the first recipient)
---@field [string] any
msg = {}

--- ESMTP parameters: names in upper case, true where no value was given.
---@alias luamilter.params table<string, string|boolean>

--- ## macro(name)

--- What the mail server told: `macro("i")`, `macro("auth_authen")` or `macro("{auth_authen}")`. Scoped as libmilter does: those
--- of CONNECT and HELO hold for the connection, those of RCPT for that recipient, the rest for the message.
---
--- Context: callbacks
---@param name string with or without braces
---@return string? value nil where it has not been sent
function macro(name) end

--- ## negotiate{...}
---
--- {class luamilter.negotiate}

--- Asks the mail server for more, or for less, than follows from what is defined.
---
--- Where a stage has a list, the host adds the macros that it needs itself: `i`, and `{rcpt_mailer}` with
--- `rejected_recipients`.
---
--- Context: while the script loads
---
--- Errors: an option, stage or name that is not known; a value of another type.
---@param options luamilter.negotiate
function negotiate(options) end

--- What `negotiate` takes.
---@class luamilter.negotiate
---@field rejected_recipients? boolean true: `on_rcpt` also sees recipients that the mail server refuses: `macro("rcpt_mailer") == "error"`, the reason in `macro("rcpt_addr")`
---@field leading_space? boolean true: `on_header` gets values with the space after the colon, changes are written with it
---@field macros? table<luamilter.stage, string[]> `{mail = {"{auth_authen}"}, ...}`: ask for these instead of the mail server's own list; stages `connect helo mail rcpt data eoh eom`
---@field actions? luamilter.bits `{"SMFIF_ADDHDRS", ...}`: ask for these only
---@field steps? luamilter.bits `{"SMFIP_NOBODY", ...}`: turn off more steps, or the waiting for a reply; CONNECT, HELO, MAIL and RCPT always come

---@alias luamilter.stage "connect"|"helo"|"mail"|"rcpt"|"data"|"eoh"|"eom"

--- Names of the table `milter`, numbers from it, or a sum of these.
---@alias luamilter.bits integer|string|(integer|string)[]

--- ## every(seconds, fn)

--- Runs `fn` every so many seconds, once for the whole host and not for each Lua state, until another version of the script is
--- live. It belongs to no connection: `msg`, `conn` and `macro` are empty there, and what it returns is ignored. It may run for
--- `--message-timeout`; a turn that comes meanwhile is left out.
---
--- Context: while the script loads
---
--- Errors: seconds that are not from 0.01 to a year.
---@param seconds number
---@param fn fun()
function every(seconds, fn) end

--- ## milter
---
--- `milter.version`, and the numbers of libmilter: `milter.SMFIF_ADDHDRS` ..., `milter.SMFIP_NOCONNECT` ...,
--- `SMFIF_ALLOPTS`, `SMFIF_ALLOPTS_V2`, `SMFIF_ALLOPTS_V6`, `SMFIP_ALLPROTOS`, `SMFIP_ALLPROTOS_V2`, `SMFIP_ALLPROTOS_V6`.

--- The host's version, and the numbers of libmilter.
---@class luamilter.milter
---@field version string of luamilter
---@field SMFIF_ADDHDRS integer
---@field SMFIF_CHGBODY integer
---@field SMFIF_ADDRCPT integer
---@field SMFIF_DELRCPT integer
---@field SMFIF_CHGHDRS integer
---@field SMFIF_QUARANTINE integer
---@field SMFIF_CHGFROM integer
---@field SMFIF_ADDRCPT_PAR integer
---@field SMFIF_SETSYMLIST integer
---@field SMFIP_NOCONNECT integer
---@field SMFIP_NOHELO integer
---@field SMFIP_NOMAIL integer
---@field SMFIP_NORCPT integer
---@field SMFIP_NOBODY integer
---@field SMFIP_NOHDRS integer
---@field SMFIP_NOEOH integer
---@field SMFIP_NR_HDR integer
---@field SMFIP_NOUNKNOWN integer
---@field SMFIP_NODATA integer
---@field SMFIP_SKIP integer
---@field SMFIP_RCPT_REJ integer
---@field SMFIP_NR_CONN integer
---@field SMFIP_NR_HELO integer
---@field SMFIP_NR_MAIL integer
---@field SMFIP_NR_RCPT integer
---@field SMFIP_NR_DATA integer
---@field SMFIP_NR_UNKN integer
---@field SMFIP_NR_EOH integer
---@field SMFIP_NR_BODY integer
---@field SMFIP_HDR_LEADSPC integer
---@field SMFIF_ALLOPTS integer
---@field SMFIF_ALLOPTS_V2 integer
---@field SMFIF_ALLOPTS_V6 integer
---@field SMFIP_ALLPROTOS integer
---@field SMFIP_ALLPROTOS_V2 integer
---@field SMFIP_ALLPROTOS_V6 integer
milter = {}

--- ## require(name), print(...)

--- Gives a module. `require "a.b"` finds `a/b.lua` or `a/b/init.lua` beside the script, then the [modules](#modules) of the
--- host. Each is run once per state, while the script loads; in a callback `require` gives what was loaded.
---
--- Context: anywhere
---
--- Errors: a module that is not there, that does not load, or that was not loaded with the script; one that requires itself.
---@param name string
---@return any module
function require(name) end

--- Writes a log line: the values as `tostring` gives them, with tabs between.
---
--- Context: anywhere
---@param ... any
function print(...) end

--- ### Modules
---
--- {modules}

--- mail addresses and domains
---@class luamilter.module.address
local address = {}

--- One mail address.
---@class luamilter.address
---@field name string decoded, without quotes; `""` if there is none
---@field address string `local@domain`, without route, comments and white space; `""` if there is only a name
---@field localpart string without quotes
---@field domain string as written; `""` if there is none
---@field group string? the name of the group it is in

--- Reads one address.
---
--- Context: anywhere
---@param s string
---@return luamilter.address? address nil if there is none, or more than one
---@return string? problem
function address.parse(s) end

--- Reads a list of addresses, as in To. Broken ones are read as programs read them; what is wrong is in the defects.
---
--- Context: anywhere
---@param s string
---@return luamilter.address[] addresses
---@return string[] defects
function address.list(s) end

--- Makes text for a header field: `"B, Ann" <ann@example.org>`.
---
--- Context: anywhere
---
--- Errors: neither an address nor a local part; fields that are no strings or above 1 MiB.
---@param a luamilter.address.parts
---@return string? text nil for an address that is not one
---@return string? problem
function address.format(a) end

--- What `address.format` takes: `address` counts if there is a local part too.
---@class luamilter.address.parts
---@field name? string
---@field address? string
---@field localpart? string
---@field domain? string

--- The domain of one address, in lower case.
---
--- Context: anywhere
---@param s string
---@return string? domain nil if there is none
---@return string? problem
function address.domain(s) end

--- The domain that someone registered, by the public suffix list: `example.co.uk` for `mail.example.co.uk`.
---
--- Context: anywhere
---@param domain string
---@return string? domain nil for a public suffix, an IP address, one label, and what is no domain
function address.org_domain(domain) end

--- Says whether two domains belong to one organisation.
---
--- Context: anywhere
---@param a string
---@param b string
---@return boolean
function address.same_org(a, b) end

--- A domain as DNS has it: `xn--bcher-kva.example`.
---
--- Context: anywhere
---@param domain string
---@return string? domain nil if it is none
---@return string? problem
function address.to_ascii(domain) end

--- A domain as people read it: `bücher.example`.
---
--- Context: anywhere
---@param domain string
---@return string? domain nil if it is none
---@return string? problem
function address.to_unicode(domain) end

--- names in archives; messages appended to mbox files
---@class luamilter.module.archive
local archive = {}

--- One name in an archive.
---@class luamilter.member
---@field name string UTF-8; in an archive inside, below its path: `inner.zip/evil.exe`
---@field depth integer 1 in the archive itself, 2 in one inside
---@field encrypted boolean the content needs a password; the name is known

--- The names in a zip, tar, gzip or bzip2 file, and its defects. What is no archive gives two empty lists.
---
--- Context: anywhere
---@param data string
---@param filename? string helps to name what a gzip or bzip2 file holds
---@return luamilter.member[] members
---@return string[] defects
function archive.names(data, filename) end

--- Appends a message to an mbox file.
---
--- Context: anywhere
---
--- Errors: an option that is not known.
---@param path string
---@param message string
---@param options? luamilter.mbox
---@return true? ok nil if it failed
---@return string? problem
function archive.mbox(path, message, options) end

--- What `archive.mbox` takes.
---@class luamilter.mbox
---@field sender? string of the envelope; `""`, the default, is written as `MAILER-DAEMON`
---@field time? number seconds since 1970; now
---@field sync? boolean the message is on the disk when it returns
---@field timeout? number seconds to wait for the lock; 5, at most half of what the callback has left

--- hashes, signatures, sealed texts, base64 and hex
---@class luamilter.module.crypto
local crypto = {}

--- The hash, 32 bytes.
---
--- Context: anywhere
---@param s string
---@return string
function crypto.sha256(s) end

--- The hash, 64 bytes.
---
--- Context: anywhere
---@param s string
---@return string
function crypto.sha512(s) end

--- The hash, 16 bytes: for identifiers only, it is broken.
---
--- Context: anywhere
---@param s string
---@return string
function crypto.md5(s) end

--- The hash, 20 bytes: for identifiers only, it is broken.
---
--- Context: anywhere
---@param s string
---@return string
function crypto.sha1(s) end

--- The keyed hash of RFC 2104.
---
--- Context: anywhere
---
--- Errors: an algorithm that is not known.
---@param algorithm "sha256"|"sha512"|"sha1"|"md5"
---@param key string
---@param s string
---@return string
function crypto.hmac(algorithm, key, s) end

--- Says whether they are the same, in a time that does not depend on where they differ.
---
--- Context: anywhere
---@param a string
---@param b string
---@return boolean
function crypto.equal(a, b) end

--- Random bytes.
---
--- Context: anywhere
---
--- Errors: an n below 0 or above 1 MiB.
---@param n integer
---@return string
function crypto.random(n) end

--- Bytes as hexadecimal digits in lower case.
---
--- Context: anywhere
---@param s string
---@return string
function crypto.hex(s) end

--- The bytes of hexadecimal digits in either case.
---
--- Context: anywhere
---@param s string
---@return string? bytes nil if it is not hexadecimal
---@return string? problem
function crypto.unhex(s) end

--- Bytes in base64 (RFC 4648).
---
--- Context: anywhere
---
--- Errors: more than 32 MiB; an option that is not known.
---@param s string
---@param options? luamilter.base64
---@return string
function crypto.base64(s, options) end

--- The bytes of base64; white space counts for nothing, padding may be missing.
---
--- Context: anywhere
---
--- Errors: an option that is not known.
---@param s string
---@param options? luamilter.unbase64
---@return string? bytes nil if it is not base64
---@return string? problem
function crypto.unbase64(s, options) end

--- How `crypto.base64` writes.
---@class luamilter.base64
---@field url? boolean the alphabet of URLs
---@field padding? boolean false: no `=` at the end
---@field wrap? integer lines of so many characters, 1 to 1000, with LF between

--- How `crypto.unbase64` reads.
---@class luamilter.unbase64
---@field url? boolean the alphabet of URLs

--- Signs with Ed25519 (RFC 8032).
---
--- Context: anywhere
---
--- Errors: a broken key.
---@param key string private: PEM, DER, or 32 or 64 raw bytes
---@param s string
---@return string signature 64 bytes
function crypto.ed25519_sign(key, s) end

--- Checks a signature of Ed25519.
---
--- Context: anywhere
---@param key string public: PEM, DER or 32 raw bytes
---@param s string
---@param signature string
---@return boolean? good nil for a broken key
---@return string? problem
function crypto.ed25519_verify(key, s, signature) end

--- Signs with RSA (RFC 8017), PKCS #1 v1.5 as DKIM has it, or PSS.
---
--- Context: anywhere
---
--- Errors: a broken key, one with less than 1024 or more than 8192 bits.
---@param key string private: PEM or DER
---@param s string
---@param how? "sha256"|"sha512"|luamilter.rsa
---@return string signature
function crypto.rsa_sign(key, s, how) end

--- Checks a signature of RSA.
---
--- Context: anywhere
---@param key string public: PEM or DER, which is what `p=` of a DKIM record holds in base64
---@param s string
---@param signature string
---@param how? "sha256"|"sha512"|luamilter.rsa
---@return boolean? good nil for a broken key
---@return string? problem
function crypto.rsa_verify(key, s, signature, how) end

--- How RSA signs.
---@class luamilter.rsa
---@field hash? "sha256"|"sha512"
---@field pss? boolean PSS instead of PKCS #1 v1.5

--- Makes a key pair for Ed25519.
---
--- Context: anywhere
---@return string private in PEM
---@return string public in PEM
function crypto.ed25519_keypair() end

--- Makes a key pair for `crypto.seal`.
---
--- Context: anywhere
---@return string private in PEM
---@return string public in PEM
function crypto.x25519_keypair() end

--- Seals a text that only the owner of the private key can open.
---
--- Context: anywhere
---
--- Errors: a broken key.
---@param key string public: PEM or 32 bytes
---@param text string
---@param aad? string data that is not in the result, and must be the same for `crypto.open`
---@return string sealed 57 bytes longer than the text
function crypto.seal(key, text, aad) end

--- Opens a sealed text.
---
--- Context: anywhere
---
--- Errors: a broken key.
---@param key string private: PEM or 32 bytes
---@param sealed string
---@param aad? string
---@return string? text nil for another key, a damaged text
---@return string? problem
function crypto.open(key, sealed, aad) end

--- The 8 bytes that sealed texts name a key by.
---
--- Context: anywhere
---
--- Errors: a broken key.
---@param key string public: PEM or 32 bytes
---@return string
function crypto.key_id(key) end

--- encoded words, folding, parameters, dates
---@class luamilter.module.header
local header = {}

--- The text of a value in UTF-8: unfolded, encoded words decoded.
---
--- Context: anywhere
---@param raw string at most 16 MiB
---@return string
function header.decode(raw) end

--- What is wrong with a value, for people to read; empty if nothing is.
---
--- Context: anywhere
---@param raw string at most 16 MiB
---@return string[]
function header.defects(raw) end

--- Free text as a value: words that are not printable ASCII become encoded words. For addresses there is `address.format`.
---
--- Context: anywhere
---@param text string at most 16 MiB
---@return string
function header.encode(text) end

--- The value with LF before white space, for lines of at most 76 columns.
---
--- Context: anywhere
---@param name string
---@param value string at most 16 MiB
---@return string
function header.fold(name, value) end

--- The value without its line breaks before white space.
---
--- Context: anywhere
---@param value string at most 16 MiB
---@return string
function header.unfold(value) end

--- Takes apart a value with parameters, such as Content-Type. Look at the list where it matters: it has each reading.
---
--- Context: anywhere
---@param value string at most 16 MiB
---@return string main what stands before the parameters, in lower case
---@return table<string, string> params the first value of each name
---@return { name: string, value: string }[] list
---@return string[] defects
function header.params(value) end

--- Reads a date.
---
--- Context: anywhere
---@param value string
---@return integer? time Unix time; nil if it can't be read
---@return integer|string offset from UTC in seconds; what is wrong with a date that can't be read
function header.date(value) end

--- sets of addresses, address ranges and host names
---@class luamilter.module.ipset
local ipset = {}

--- Makes a set of addresses, ranges such as `192.0.2.0/24` or `10.*`, and names such as `*.example.net`.
---
--- Context: anywhere
---
--- Errors: an entry that is none of these (named).
---@param entries string[]
---@return luamilter.set
function ipset.new(entries) end

--- The set in a file, one entry per line, which is read again when it changes. A relative path is looked for beside the script.
---
--- Context: while the script loads
---
--- Errors: a file that can't be read, or an entry that is none (file and line are named).
---@param path string
---@return luamilter.set
function ipset.open(path) end

--- What `ipset.new` and `ipset.open` give.
---@class luamilter.set
local set = {}

--- Says whether an address, or a host name, is in the set.
---
--- Context: anywhere
---@param address string|nil
---@param hostname? string as in `conn.hostname`
---@return boolean found
---@return string? entry as it was written
---@return string? value of the entry, if it has one
function set:contains(address, hostname) end

--- How many entries there are.
---
--- Context: anywhere
---@return integer
function set:size() end

--- JSON
---@class luamilter.module.json
---@field null userdata null in a table, equal to itself only; it can't be kept in `msg` or `conn`
local json = {}

--- The value of a JSON text (RFC 8259); that of `null` is `json.null`.
---
--- Context: anywhere
---
--- Errors: an option that is not known.
---@param text string
---@param options? luamilter.json.decode
---@return any value nil if it is not JSON
---@return string? problem with line and column
function json.decode(text, options) end

--- How `json.decode` reads.
---@class luamilter.json.decode
---@field max_depth? integer how deep arrays and objects may nest, 0 to 1000; 100
---@field null? string|number|boolean what stands for null, in place of `json.null`
---@field mark? boolean false: empty arrays come without their mark

--- A value as JSON text; keys are in order.
---
--- Context: anywhere
---
--- Errors: a value that JSON does not have, with the place as `value.a[3]`; a text above 64 MiB.
---@param value any
---@param options? luamilter.json.encode
---@return string
function json.encode(value, options) end

--- How `json.encode` writes.
---@class luamilter.json.encode
---@field indent? integer|string number of spaces, 0 to 16, or a string of spaces and tabs: one value per line
---@field sort? boolean false: keys as `pairs` gives them

--- Marks a table as an array, which only an empty one needs.
---
--- Context: anywhere
---
--- Errors: a table with a metatable.
---@param t? table a new one if left out
---@return table t
function json.array(t) end

--- Says whether `json.encode` would make an array of it.
---
--- Context: anywhere
---@param value any
---@return boolean
function json.is_array(value) end

--- log lines
---@class luamilter.module.log
local log = {}

--- Writes a log line of level debug.
---
--- Context: anywhere
---@param text string
---@param fields? table<string, any>
function log.debug(text, fields) end

--- Writes a log line of level info.
---
--- Context: anywhere
---@param text string
---@param fields? table<string, any>
function log.info(text, fields) end

--- Writes a log line of level warn.
---
--- Context: anywhere
---@param text string
---@param fields? table<string, any>
function log.warn(text, fields) end

--- Writes a log line of level error.
---
--- Context: anywhere
---@param text string
---@param fields? table<string, any>
function log.error(text, fields) end

--- tables of keys and values in files, read again when they change
---@class luamilter.module.map
local map = {}

--- The table in a file, written as for Postfix. A relative path is looked for beside the script.
---
--- Context: while the script loads
---
--- Errors: a file that can't be read (file and line are named); an option that is not known.
---@param path string
---@param options? luamilter.map.options
---@return luamilter.map
function map.open(path, options) end

--- How `map.open` reads a file.
---@class luamilter.map.options
---@field type? "text"|"cidr"|"regexp"|"glob" `text` unless given
---@field separator? string between key and value, such as `"="`; white space
---@field ignore_case? boolean ASCII letters of keys and patterns; true

--- What `map.open` gives.
---@class luamilter.map
local map = {}

--- Looks a key up.
---
--- Context: anywhere
---@param key string an address for `cidr`
---@return string? value nil if there is none
---@return string? entry its key or pattern; what is wrong with a key that is too long
function map:get(key) end

--- Looks up an address, its domain and the domains above it.
---
--- Context: anywhere
---
--- Errors: a map that is not of type `text`.
---@param address string
---@param prefix? string `P` looks for `P:user@a.example.org` and so on
---@return string? value nil if there is none
---@return string? entry its key; what is wrong with an address that is too long
function map:lookup_address(address, prefix) end

--- How many entries there are.
---
--- Context: anywhere
---@return integer
function map:size() end

--- whole messages
---@class luamilter.module.mime
local mime = {}

--- Reads a message that a script has as text.
---
--- Context: anywhere
---@param text string header and body, with CRLF or LF
---@return luamilter.message
function mime.parse(text) end

--- regular expressions
---@class luamilter.module.re
local re = {}

--- The groups of the first match, or the whole match where there are none.
---
--- Context: anywhere
---
--- Errors: a pattern that does not compile.
---@param s string
---@param pattern string|luamilter.pattern
---@param init? integer where to start, from 1
---@return string? ... nil if nothing matches
function re.match(s, pattern, init) end

--- Start, end and groups of the first match.
---
--- Context: anywhere
---
--- Errors: a pattern that does not compile.
---@param s string
---@param pattern string|luamilter.pattern
---@param init? integer where to start, from 1
---@return integer? start nil if nothing matches
---@return integer? last
---@return string? ... groups
function re.find(s, pattern, init) end

--- A table of the first match: `[0]` the whole, then the groups by number and name.
---
--- Context: anywhere
---
--- Errors: a pattern that does not compile.
---@param s string
---@param pattern string|luamilter.pattern
---@param init? integer where to start, from 1
---@return table<integer|string, string>? groups nil if nothing matches
function re.groups(s, pattern, init) end

--- A list of all matches: texts, of the group if there is one; with several groups tables of them.
---
--- Context: anywhere
---
--- Errors: a pattern that does not compile.
---@param s string
---@param pattern string|luamilter.pattern
---@param limit? integer the most that are wanted
---@return any[]
function re.find_all(s, pattern, limit) end

--- An iterator over the groups, or the whole, of all matches.
---
--- Context: anywhere
---
--- Errors: a pattern that does not compile.
---@param s string
---@param pattern string|luamilter.pattern
---@return fun(): string?, ...
function re.gmatch(s, pattern) end

--- The string with all matches, or the first n, replaced.
---
--- Context: anywhere
---
--- Errors: a pattern that does not compile; a group that it does not have; a result above 64 MiB.
---@param s string
---@param pattern string|luamilter.pattern
---@param repl string|table|fun(...: string): any with `%0` for the match, `%1` to `%9` and `%{name}` for groups, if it is a string
---@param n? integer
---@return string
---@return integer count of the replaced matches
function re.gsub(s, pattern, repl, n) end

--- A list of what is between the matches.
---
--- Context: anywhere
---
--- Errors: a pattern that does not compile; an n below 1.
---@param s string
---@param pattern string|luamilter.pattern
---@param n? integer the most pieces
---@return string[]
function re.split(s, pattern, n) end

--- A pattern as an object, whose methods are the functions of the module.
---
--- Context: anywhere
---
--- Errors: a pattern that does not compile.
---@param pattern string
---@return luamilter.pattern
function re.compile(pattern) end

--- A pattern that matches the text.
---
--- Context: anywhere
---@param s string
---@return string
function re.escape(s) end

--- What `re.compile` gives; it can't be kept in `msg` or `conn`.
---@class luamilter.pattern
local pattern = {}

--- As `re.match`.
---
--- Context: anywhere
---@param s string
---@param init? integer
---@return string? ...
function pattern:match(s, init) end

--- As `re.find`.
---
--- Context: anywhere
---@param s string
---@param init? integer
---@return integer? start
---@return integer? last
---@return string? ...
function pattern:find(s, init) end

--- As `re.groups`.
---
--- Context: anywhere
---@param s string
---@param init? integer
---@return table<integer|string, string>?
function pattern:groups(s, init) end

--- As `re.find_all`.
---
--- Context: anywhere
---@param s string
---@param limit? integer
---@return any[]
function pattern:find_all(s, limit) end

--- As `re.gmatch`.
---
--- Context: anywhere
---@param s string
---@return fun(): string?, ...
function pattern:gmatch(s) end

--- As `re.gsub`.
---
--- Context: anywhere
---
--- Errors: a group that the pattern does not have; a result above 64 MiB.
---@param s string
---@param repl string|table|fun(...: string): any
---@param n? integer
---@return string
---@return integer count
function pattern:gsub(s, repl, n) end

--- As `re.split`.
---
--- Context: anywhere
---
--- Errors: an n below 1.
---@param s string
---@param n? integer
---@return string[]
function pattern:split(s, n) end

--- points with reasons, and limits
---@class luamilter.module.score
local score = {}

--- Makes a set of points with its limits.
---
--- Context: anywhere
---
--- Errors: no limit at all; an unknown name; a limit that is not below the graver one; a number outside -1,000,000 to
--- 1,000,000.
---@param limits luamilter.limits
---@return luamilter.points
function score.new(limits) end

--- The points from which on a message is at a level; those that are not needed are left out.
---@class luamilter.limits
---@field tag? number
---@field tempfail? number
---@field reject? number
---@field field? string the field of `msg` and `conn` that the points are kept in; `score`

--- What `score.new` gives.
---@class luamilter.points
local points = {}

--- Adds points; below 0 takes away.
---
--- Context: callbacks of a connection or message
---
--- Errors: points that are no number; an empty reason; a field that holds something else.
---@param n number
---@param reason string cut to 200 bytes
---@return number total
function points:add(n, reason) end

--- The sum.
---
--- Context: callbacks of a connection or message
---@return number
function points:total() end

--- The gravest level that is reached.
---
--- Context: callbacks of a connection or message
---@return "tag"|"tempfail"|"reject"|nil
function points:level() end

--- A `reject` or `tempfail`, which the callback must return.
---
--- Context: callbacks of a connection or message
---
--- Errors: what `reject` says of the text.
---@param text? string
---@return luamilter.verdict? verdict nil below both limits
---@nodiscard
function points:verdict(text) end

--- One line for a log or a header field.
---
--- Context: callbacks of a connection or message
---@return string
function points:report() end

--- What was added, in this order.
---
--- Context: callbacks of a connection or message
---@return { points: number, reason: string }[]
function points:reasons() end

--- ### log
---
---     local log = require "log"
---     log.info("greylisted", { sender = msg.sender, seconds = 300 })
---
--- `debug`, `info`, `warn`, `error`, each as `(text [, fields])`. The line names the script, callback and queue id.

--- ## Lua itself
---
--- `string` is byte-exact: `upper`, `lower` and the classes such as `%a` know ASCII only. No string is longer than 64 MiB.
--- `pcall`, `xpcall` and coroutines work as in Lua 5.1, but can't catch an interruption by time or memory. Globals and
--- libraries are read-only once the script has loaded. Not there: {missing}.

-- Lua's own libraries basic, io, os, debug and package are turned off in .luarc.json, since luamilter has only a part of
-- them. What follows is that part; coroutine, math, string and table are as lua-language-server knows them.

---@type table<string, any>
_G = {}

---@type string
_VERSION = "Lua 5.1"

--- Raises an error unless v is true; gives its arguments.
---@generic T
---@param v T
---@param message? any
---@param ... any
---@return T
---@return any ...
function assert(v, message, ...) end

--- Raises an error; level 1, the default, names the place of the call, 2 that of the caller, 0 none.
---@param message? any
---@param level? integer
function error(message, level) end

--- The metatable of a value, or its field `__metatable`.
---@param value any
---@return any
---@nodiscard
function getmetatable(value) end

--- Sets the metatable of a table.
---@generic T: table
---@param t T
---@param metatable table|nil
---@return T
function setmetatable(t, metatable) end

--- An iterator over 1, 2, 3 ... up to the first nil.
---@generic V
---@param t V[]
---@return fun(t: V[], i?: integer): integer, V
---@return V[]
---@return integer
function ipairs(t) end

--- An iterator over all keys and values.
---@generic K, V
---@param t table<K, V>
---@return fun(t: table<K, V>, key?: K): K, V
---@return table<K, V>
---@return nil
function pairs(t) end

--- The key behind another one, and its value.
---@generic K, V
---@param t table<K, V>
---@param key? K
---@return K?
---@return V?
function next(t, key) end

--- Compiles what a function gives piece by piece; text only.
---@param fn fun(): string?
---@param name? string
---@return function? chunk
---@return string? problem
function load(fn, name) end

--- Compiles a text; no bytecode.
---@param text string
---@param name? string
---@return function? chunk
---@return string? problem
function loadstring(text, name) end

--- Calls a function and catches its errors.
---@param fn function
---@param ... any
---@return boolean ok
---@return any ... results, or the error
function pcall(fn, ...) end

--- Calls a function without arguments; an error goes through the handler.
---@param fn function
---@param handler function
---@return boolean ok
---@return any ... results, or what the handler gave
function xpcall(fn, handler) end

--- Says whether two values are the same, without metamethods.
---@param a any
---@param b any
---@return boolean
function rawequal(a, b) end

--- The value of a key, without metamethods.
---@param t table
---@param key any
---@return any
function rawget(t, key) end

--- Sets the value of a key, without metamethods.
---@param t table
---@param key any
---@param value any
---@return table
function rawset(t, key, value) end

--- The arguments from the n-th on; with `"#"` their number.
---@param n integer|"#"
---@param ... any
---@return any ...
function select(n, ...) end

--- The number that a value is, or nil.
---@overload fun(value: string, base: integer): integer?
---@param value any
---@return number?
---@nodiscard
function tonumber(value) end

--- A value as text.
---@param value any
---@return string
---@nodiscard
function tostring(value) end

--- The type of a value.
---@param value any
---@return "nil"|"number"|"string"|"boolean"|"table"|"function"|"thread"|"userdata"
---@nodiscard
function type(value) end

--- The values of a list.
---@generic T
---@param list T[]
---@param i? integer
---@param j? integer
---@return T ...
function unpack(list, i, j) end

---@class oslib
os = {}

--- Seconds since luamilter was started.
---@return number
function os.clock() end

--- A time as text, or with `*t` as a table; `!` at the beginning for UTC.
---@param format? string as for strftime
---@param time? integer
---@return string|luamilter.date
function os.date(format, time) end

--- A date and time.
---@class luamilter.date
---@field year integer
---@field month integer
---@field day integer
---@field hour? integer
---@field min? integer
---@field sec? integer
---@field wday? integer from 1, Sunday
---@field yday? integer from 1
---@field isdst? boolean

--- Seconds from one time to another.
---@param later number
---@param earlier number
---@return number
function os.difftime(later, earlier) end

--- A variable of the environment.
---@param name string
---@return string? value
function os.getenv(name) end

--- Seconds since 1970, now or of a date.
---@param date? luamilter.date
---@return integer
function os.time(date) end

---@class iolib
---@field stdout luamilter.file
---@field stderr luamilter.file
io = {}

--- Opens a regular file.
---@param path string
---@param mode? "r"|"w"|"a"|"r+"|"w+"|"a+"|"rb"|"wb"|"ab"|"r+b"|"w+b"|"a+b"
---@return luamilter.file? file
---@return string? problem
---@return integer? errno
function io.open(path, mode) end

--- An iterator over the lines of a file, which is closed at its end.
---@param path string
---@return fun(): string?
function io.lines(path) end

--- `"file"`, `"closed file"`, or nil for what is none.
---@param value any
---@return "file"|"closed file"|nil
function io.type(value) end

--- Writes to standard output.
---@param ... string|number
---@return luamilter.file? file
---@return string? problem
---@return integer? errno
function io.write(...) end

--- An open file.
---@class luamilter.file
local file = {}

--- Closes the file.
---@return boolean? ok
---@return string? problem
---@return integer? errno
function file:close() end

--- Does nothing: what is written is not buffered.
---@return boolean? ok
function file:flush() end

--- An iterator over the lines that are left.
---@return fun(): string?
function file:lines() end

--- Reads a line, or as told: `"*l"`, `"*n"`, `"*a"`, or a number of bytes.
---@param ... string|integer
---@return string|number|nil ...
function file:read(...) end

--- Moves to a place, and gives it.
---@param whence? "set"|"cur"|"end"
---@param offset? integer
---@return integer? position
---@return string? problem
---@return integer? errno
function file:seek(whence, offset) end

--- Writes.
---@param ... string|number
---@return luamilter.file? file
---@return string? problem
---@return integer? errno
function file:write(...) end
