---@meta test
-- test.lua: what require "test" gives in a test that luamilter test runs, for editors with lua-language-server. Nothing here
-- runs. See docs/testing.md, or luamilter docs testing.

--- what tests are written with
---@class luamilter.test
local test = {}

--- Adds a case, which runs once the file has loaded.
---
--- Context: at the top of the file
---@param name string each case has another one
---@param fn fun()
function test.case(name, fn) end

--- Runs a function in front of each case.
---
--- Context: at the top of the file
---@param fn fun()
function test.before(fn) end

--- Runs a function behind each case.
---
--- Context: at the top of the file
---@param fn fun()
function test.after(fn) end

--- One mail in a connection of its own; the options of `session` may be given as well.
---
--- Context: in a case
---
--- Errors: an option that is not known.
---@param mail? luamilter.test.mail
---@return luamilter.test.result
function test.send(mail) end

--- What `send` takes. Without `mail` and `text` what is missing of header and body is made up.
---@class luamilter.test.mail: luamilter.test.client
---@field from? string the sender, with or without `<>`; `sender@example.com`
---@field params? string|table<string, string|number|boolean> ESMTP parameters of MAIL
---@field to? string|luamilter.test.recipient|(string|luamilter.test.recipient)[] `recipient@example.org`
---@field mail? string a file with a mail, beside the test; sender and recipients are taken from it
---@field text? string the same as text
---@field header? string|string[]|table<string, string|number> lines, or fields by name
---@field body? string
---@field id? string the queue id
---@field abort? "mail"|"rcpt"|"data"|"header"|"eoh"|"body" the client gives up behind this step
---@field may_fail? boolean true: the case does not fail if the filter does

--- The client of a connection, and the mail server that it talks to.
---@class luamilter.test.client
---@field ip? string its address, or the path of its socket
---@field hostname? string
---@field family? "inet"|"inet6"|"unix"|"unknown"
---@field port? integer
---@field helo? string|false `client.example`; false: it says none
---@field macros? table<string, any> `{name = value}`, or `{stage = {name = value}}` for one command
---@field offer? luamilter.test.offer a mail server that can do less

--- What a mail server offers.
---@class luamilter.test.offer
---@field version? integer
---@field actions? string|string[]
---@field steps? string|string[]
---@field without? string|string[] names of actions or steps that it does not have

--- One recipient.
---@class luamilter.test.recipient
---@field address string
---@field params? string|table<string, string|number|boolean>
---@field rejected? boolean|string the mail server refuses it: true, or its reply

--- What came of a mail.
---@class luamilter.test.result
---@field verdict "accept"|"reject"|"tempfail"|"discard"|"shutdown"|"continue"|"aborted"
---@field stage string? the step at which it was decided: `mail`, `eom`
---@field reply string? what the client hears: `550 5.7.1 no`
---@field code integer? of the reply
---@field xcode string? of the reply
---@field changes luamilter.test.change[] in the order in which they came
---@field refused table<integer|string, luamilter.test.refusal> the recipients that the filter refused, by address too
---@field mail luamilter.test.delivered? the mail as it would be delivered; nil if it is not
---@field quarantine string? the reason
---@field log luamilter.test.line[]
---@field callbacks table<string, luamilter.test.calls> how often each was called, and for how long
---@field failure luamilter.test.failure? the first failure of the filter; to look at it is to expect it
---@field failures luamilter.test.failure[]

--- One change; it has the fields that its kind needs.
---@class luamilter.test.change
---@field kind string `add_header`, `replace_body` and so on
---@field name string?
---@field value string?
---@field index integer?
---@field address string?
---@field params string?
---@field reason string?
---@field body string?

--- A recipient that the filter refused.
---@class luamilter.test.refusal
---@field address string
---@field verdict "reject"|"tempfail"
---@field reply string
---@field code integer
---@field xcode string?

--- A log line.
---@class luamilter.test.line
---@field level "debug"|"info"|"warn"|"error"
---@field text string
---@field callback string?
---@field fields table<string, string>

--- The calls of one callback.
---@class luamilter.test.calls
---@field count integer
---@field seconds number

--- Why a callback failed.
---@class luamilter.test.failure
---@field script string
---@field callback string
---@field kind string
---@field message string
---@field traceback string

--- A mail as it would be delivered.
---@class luamilter.test.delivered
---@field text string header and body, with LF
---@field body string
---@field sender string
---@field recipients string[]
local mail = {}

--- The n-th field of that name, without white space around it; nil if there is none.
---@param name string
---@param n? integer from 1, which is the default
---@return string? value
function mail:header(name, n) end

--- A connection for several mails.
---
--- Context: in a case
---
--- Errors: an option that is not known.
---@param client? luamilter.test.client
---@return luamilter.test.session
function test.session(client) end

--- A connection.
---@class luamilter.test.session
local session = {}

--- One mail in this connection.
---@param mail? luamilter.test.mail
---@return luamilter.test.result
function session:send(mail) end

--- The client says HELO again, as it does after STARTTLS.
---@param name string
---@return luamilter.test.result
function session:helo(name) end

--- An SMTP command that the mail server does not know.
---@param command string
---@return luamilter.test.result
function session:unknown(command) end

--- The client says QUIT.
---@return luamilter.test.result
function session:quit() end

--- Sets the clock of the filter.
---
--- Context: in a case
---@param time number|string seconds since 1970, or text such as `2026-01-02T03:04:05Z`
function test.clock(time) end

--- Moves the clock on, and runs what was given to `every` as it becomes due.
---
--- Context: in a case
---@param seconds number
---@return luamilter.test.result
function test.advance(seconds) end

--- Fails the case unless both are the same; tables are compared by what is in them.
---
--- Context: in a case
---@param got any
---@param want any
---@param note? string
function test.equal(got, want, note) end

--- Fails the case if both are the same.
---
--- Context: in a case
---@param got any
---@param unwanted any
---@param note? string
function test.not_equal(got, unwanted, note) end

--- Fails the case unless a pattern of Lua matches the text.
---
--- Context: in a case
---@param text any
---@param pattern string
---@param note? string
function test.match(text, pattern, note) end

--- Fails the case if a pattern of Lua matches the text.
---
--- Context: in a case
---@param text any
---@param pattern string
---@param note? string
function test.no_match(text, pattern, note) end

--- Fails the case unless a text has the other in it, or a table the value.
---
--- Context: in a case
---@param whole any
---@param value any
---@param note? string
function test.contains(whole, value, note) end

--- Fails the case if the value is nil or false.
---
--- Context: in a case
---@param value any
---@param note? string
function test.ok(value, note) end

--- Fails the case unless the value is true.
---
--- Context: in a case
---@param value any
---@param note? string
function test.is_true(value, note) end

--- Fails the case unless the value is false.
---
--- Context: in a case
---@param value any
---@param note? string
function test.is_false(value, note) end

--- Fails the case unless the value is nil.
---
--- Context: in a case
---@param value any
---@param note? string
function test.is_nil(value, note) end

--- Fails the case unless the function raises an error, which it gives.
---
--- Context: in a case
---@param fn fun()
---@param pattern? string that the error has to match
---@param note? string
---@return any
function test.error(fn, pattern, note) end

--- Fails the case.
---
--- Context: in a case
---@param note? string
function test.fail(note) end

return test
