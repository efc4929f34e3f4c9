---@meta test
-- luacheck: ignore 1 2 4 631
-- What a test may call. docs/testing.md tells more of it.

--- Cases of a filter, and what looks at the result.
---@class luamilter.module.test
local test = {}

--- Adds a case, which runs when the file has been read. Each case has a host of its own: the scripts are loaded anew, and the
--- clock is that of the machine.
---@param name string
---@param fn fun()
function test.case(name, fn) end

--- Runs `fn` before each case.
---@param fn fun()
function test.before(fn) end

--- Runs `fn` after each case, failed or not.
---@param fn fun()
function test.after(fn) end

--- Replaces what the filter sets with `local NAME = ...` at the top of its file: for all cases, or in a case for this one, before
--- its first mail.
---@param settings table<string, string|number|boolean|table>
function test.settings(settings) end

--- Puts one mail through the filter, in an SMTP session of its own. All options may be left out.
---@param options? luamilter.test.send
---@return luamilter.test.result
function test.send(options) end

--- Begins an SMTP session that may have several mails. It ends with the case, if not before.
---@param options? luamilter.test.connection
---@return luamilter.test.session
function test.session(options) end

--- Stops the clock of the filter, and of the test, at a time. The zone of the text becomes that of `os.date`; seconds are in UTC.
---@param time string|number `"2026-01-02T03:04:05Z"`, or seconds since 1970
function test.clock(time) end

--- Moves the clock on; what the filter gave to `every` runs when it is due.
---@param seconds number
---@return luamilter.test.result result with `log`, `callbacks` and `failure`
function test.advance(seconds) end

--- Fails unless both are equal, tables by what is in them.
---@param got any
---@param want any
---@param note? string said in front of the failure
function test.equal(got, want, note) end

--- Fails if both are equal.
---@param got any
---@param unwanted any
---@param note? string
function test.not_equal(got, unwanted, note) end

--- Fails unless the text matches the pattern of Lua.
---@param text string?
---@param pattern string
---@param note? string
function test.match(text, pattern, note) end

--- Fails if the text matches the pattern of Lua. What is no text does not match.
---@param text string?
---@param pattern string
---@param note? string
function test.no_match(text, pattern, note) end

--- Fails unless the text has the other one in it, or the table a value that is equal.
---@param whole string|table
---@param value any
---@param note? string
function test.contains(whole, value, note) end

--- Fails for nil and false.
---@param value any
---@param note? string
function test.ok(value, note) end

---@param value any
---@param note? string
function test.is_true(value, note) end

---@param value any
---@param note? string
function test.is_false(value, note) end

---@param value any
---@param note? string
function test.is_nil(value, note) end

--- Fails unless `fn` raises an error, whose text matches the pattern of Lua if there is one.
---@param fn fun()
---@param pattern? string
---@param note? string
---@return any error
function test.error(fn, pattern, note) end

--- Fails.
---@param note? string
function test.fail(note) end

--- The SMTP client, and the MTA that it talks to.
---@class luamilter.test.connection
---@field ip? string of the client; 192.0.2.1. For the family unix the path
---@field hostname? string of the client; unknown
---@field family? "inet"|"inet6"|"unix"|"unknown" by the address
---@field port? integer 49152
---@field helo? string|false client.example; false leaves it out
---@field macros? table<string, string|table<string, string>> `{auth_authen = "joe", mail = {x = "only with MAIL"}}`
---@field offer? luamilter.test.offer what the MTA offers: everything

--- An MTA that offers less.
---@class luamilter.test.offer
---@field version? integer of the protocol: 2 to 6
---@field without? string|string[] names of actions and steps that are not offered: `{"SMFIF_CHGBODY", "SMFIP_SKIP"}`
---@field actions? string[] all that are offered
---@field steps? string[] all that are offered

--- A mail, and the end of it.
---@class luamilter.test.mail
---@field from? string sender@example.com; of a whole mail its Return-Path or From
---@field params? string|table<string, string|true> ESMTP parameters of the sender; the SIZE
---@field to? string|luamilter.test.recipient|(string|luamilter.test.recipient)[] recipient@example.org; of a whole mail its To
---@field mail? string a file with the whole mail, beside the test
---@field text? string the whole mail
---@field header? string|string[]|table<string, string> a text, lines, or fields by name
---@field body? string
---@field id? string queue id; REPLAY
---@field abort? "mail"|"rcpt"|"data"|"header"|"eoh"|"body" the client gives up behind this command
---@field may_fail? boolean true: that the filter fails does not fail the case
---@field macros? table<string, string|table<string, string>>

--- A recipient with more than an address.
---@class luamilter.test.recipient
---@field address string
---@field params? string|table<string, string|true>
---@field rejected? true|string the MTA itself refuses it: `"550 5.1.1 User unknown"`

--- What `test.send` takes.
---@class luamilter.test.send: luamilter.test.connection, luamilter.test.mail

--- An SMTP session.
---@class luamilter.test.session
---@field result luamilter.test.result what became of CONNECT and HELO
local session = {}

--- Puts a mail through the filter.
---@param options? luamilter.test.mail
---@return luamilter.test.result
function session:send(options) end

--- Says HELO again, as a client does after STARTTLS.
---@param name string
---@return luamilter.test.result
function session:helo(name) end

--- Sends a command that the MTA does not know.
---@param command string
---@return luamilter.test.result
function session:unknown(command) end

--- Ends the session; the result has what `on_close` logs.
---@return luamilter.test.result
function session:quit() end

--- What became of a mail, or of another step of a session.
---@class luamilter.test.result
---@field verdict "accept"|"reject"|"tempfail"|"discard"|"shutdown"|"continue"|"aborted"
---@field stage string? where it was made: connect, helo, mail, rcpt, data, header, eoh, body, eom or unknown
---@field reply string? as the SMTP client sees it: `550 5.7.1 not here`; several lines with LF between them
---@field code integer? of the reply
---@field xcode string? of the reply
---@field refused table<integer|string, luamilter.test.refusal> the recipients that the filter refused, in order and by address
---@field changes luamilter.test.change[] in the order in which the MTA gets them
---@field quarantine string? the reason
---@field mail luamilter.test.delivered? as it would be delivered; nil if it is not
---@field log luamilter.test.line[] what the filter logged meanwhile
---@field callbacks table<string, luamilter.test.calls> by name
---@field failure luamilter.test.failure? the first failure of the filter. To read it is to expect one
---@field failures luamilter.test.failure[] all of them

--- A refused recipient.
---@class luamilter.test.refusal
---@field address string
---@field verdict "reject"|"tempfail"
---@field reply string
---@field code integer
---@field xcode string?

--- A change of the message.
---@class luamilter.test.change
---@field kind string the name of the function, such as `add_header`
---@field name string? of the field
---@field value string? of the field
---@field index integer? of the field
---@field address string?
---@field params string?
---@field body string?
---@field reason string? of the quarantine

--- A mail as it would be delivered.
---@class luamilter.test.delivered
---@field text string header and body, lines with LF
---@field body string
---@field sender string
---@field recipients string[]
local delivered = {}

--- The n-th field of that name without white space around it; nil if there is none.
---@param name string
---@param n? integer from 1, which is the default
---@return string? value
function delivered:header(name, n) end

--- A log line.
---@class luamilter.test.line
---@field level "debug"|"info"|"warn"|"error"
---@field text string
---@field callback string?
---@field fields table<string, string>

--- How often a callback ran.
---@class luamilter.test.calls
---@field count integer
---@field seconds number in all

--- A callback that failed.
---@class luamilter.test.failure
---@field script string
---@field callback string
---@field kind string error, result, time, memory, oversize ...
---@field message string with file and line
---@field traceback string

return test
