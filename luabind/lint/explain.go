package lint

import (
	"fmt"
	"slices"
	"strings"

	"luamilter/luabind"
)

// Rule is one kind of finding.
type Rule struct {
	Name    string
	Summary string // what it finds
	Why     string
	Bad     string // a script in which it finds something
	Good    string // the same without the mistake
}

// Explain is the text about a rule; the error names the nearest one.
func Explain(name string) (string, error) {
	i := slices.IndexFunc(rules, func(r Rule) bool { return r.Name == name })
	if i < 0 {
		var known []string
		for _, r := range rules {
			known = append(known, r.Name)
		}
		return "", fmt.Errorf("there is no rule %q%s", name, didYouMean(name, "", known))
	}
	r := rules[i]
	return fmt.Sprintf("%s: %s\n\n%s\n\nWrong:\n\n%s\nRight:\n\n%s", r.Name, r.Summary, r.Why, indented(r.Bad), indented(r.Good)), nil
}

func indented(script string) string {
	var b strings.Builder
	for line := range strings.Lines(script) {
		b.WriteString("    " + line)
	}
	return b.String()
}

// List is a line for each rule.
func List() string {
	var b strings.Builder
	for _, r := range rules {
		fmt.Fprintf(&b, "  %-24s %s\n", r.Name, r.Summary)
	}
	return b.String()
}

// Rules are all that there are, by name.
func Rules() []Rule { return slices.Clone(rules) }

// rules are sorted by name.
var rules = []Rule{
	{
		"accept-in-rcpt", "accept() in on_rcpt, which accepts the whole message (warning)",
		"reject() and tempfail() in on_rcpt concern one recipient, accept() does not: the script sees nothing more of the message,\n" +
			"neither its other recipients nor its body.",
		"function on_rcpt(recipient)\n  if recipient:find(\"^postmaster@\") then\n    return accept()\n  end\n  return reject(\"not here\")\nend\n",
		"function on_rcpt(recipient)\n  if recipient:find(\"^postmaster@\") then\n    return continue()\n  end\n  return reject(\"not here\")\nend\n",
	},
	{
		"argument-count", "calls of the host's functions with too few arguments (error) or too many (warning)",
		"Too few raise an error when the call is reached. Lua drops what is too much without a word.",
		"local address = require \"address\"\n\nfunction on_mail()\n  print(address.parse())\nend\n",
		"local address = require \"address\"\n\nfunction on_mail(sender)\n  print(address.parse(sender))\nend\n",
	},
	{
		luabind.RuleAssignedLocal, "a local of the file that a function assigns (warning)",
		"Callbacks run in several Lua states, each with locals of its own, so the next callback may see another value. Fields of msg\n" +
			"last until the message ends, those of conn as long as the connection.",
		"local count = 0\n\nfunction on_header()\n  count = count + 1\nend\n",
		"function on_header()\n  msg.count = (msg.count or 0) + 1\nend\n",
	},
	{
		"bad-argument", "arguments that a function of the API never takes (error)",
		"The functions themselves are called with what stands in the script, so the message is the one that the log would have.",
		"function on_mail()\n  return reject(450, \"4.7.1\", \"come back later\")\nend\n",
		"function on_mail()\n  return tempfail(450, \"4.7.1\", \"come back later\")\nend\n",
	},
	{
		"change-outside-message", "a change of the message in a callback that belongs to none (error)",
		"A message can be changed from on_mail to on_message; elsewhere the call raises an error.",
		"function on_connect()\n  add_header(\"X-Seen\", \"yes\")\nend\n",
		"function on_eom()\n  add_header(\"X-Seen\", \"yes\")\nend\n",
	},
	{
		luabind.RuleDroppedVerdict, "a verdict that is made and not returned (error); one that a function of the script returns (warning)",
		"A verdict is a value; only what a callback returns is told to the mail server. The script does not load.",
		"function on_mail(sender)\n  if sender == \"\" then\n    reject(\"no bounces\")\n  end\nend\n",
		"function on_mail(sender)\n  if sender == \"\" then\n    return reject(\"no bounces\")\n  end\nend\n",
	},
	{
		luabind.RuleGlobalAssignment, "a global that a function assigns (warning)",
		"Globals are read-only once the script has loaded: all messages would share them. Use a local, or a field of msg or conn.",
		"function on_mail(sender)\n  last_sender = sender\nend\n",
		"function on_mail(sender)\n  conn.last_sender = sender\nend\n",
	},
	{
		"host-field", "an assignment to a field of conn or msg that is the host's (error)",
		"What the mail server said of connection and envelope can't be changed there. change_sender and add_recipient change the\n" +
			"envelope; fields of other names are the script's own.",
		"function on_mail()\n  msg.sender = \"postmaster@example.org\"\nend\n",
		"function on_mail()\n  change_sender(\"postmaster@example.org\")\nend\n",
	},
	{
		luabind.RuleLoad, "the script does not load (error)",
		"Its file was run, as the host does at start and at each reload, and raised an error; or the file can't be read.",
		"error(\"no settings\")\n\nfunction on_mail() end\n",
		"function on_mail() end\n",
	},
	{
		"load-only", "negotiate, every or a new require in a callback (error)",
		"What is agreed with the mail server, the timers and the modules are the same for all Lua states, so they are settled while the\n" +
			"script loads.",
		"function on_connect()\n  local log = require \"log\"\n  log.info(\"hello\")\nend\n",
		"local log = require \"log\"\n\nfunction on_connect()\n  log.info(\"hello\")\nend\n",
	},
	{
		"macro-stage", "a macro that the mail server has not sent where it is read (warning)",
		"Postfix and Sendmail send only the macros of a list for each stage, and some have no value before a later one. macro() is nil\n" +
			"then. negotiate asks for other lists; each takes the place of the mail server's own. --mta names the one that counts.",
		"function on_connect()\n  print(macro(\"client_ptr\"))\nend\n",
		"negotiate{macros={connect={\"{client_ptr}\"}}}\n\nfunction on_connect()\n  print(macro(\"client_ptr\"))\nend\n",
	},
	{
		"misplaced-verdict", "a verdict that the callback can't give (error)",
		"discard() needs a message, so not in on_connect and on_helo; skip() is for on_body; in on_unknown only one command is judged.",
		"function on_helo(name)\n  if name == \"localhost\" then\n    return discard()\n  end\nend\n",
		"function on_helo(name)\n  if name == \"localhost\" then\n    return reject()\n  end\nend\n",
	},
	{
		"msg-outside-message", "a field of msg where there is no message (setting: error, reading: warning)",
		"Before on_mail and in on_close there is no message. Fields of conn last as long as the connection.",
		"function on_helo(name)\n  msg.helo = name\nend\n",
		"function on_helo(name)\n  conn.greeting = name\nend\n",
	},
	{
		luabind.RuleNoCallback, "a script without any callback (error)",
		"It would never be called. Perhaps the functions are local, or it is a module that another script requires.",
		"local function on_mail()\n  return accept()\nend\nassert(on_mail)\n",
		"function on_mail()\n  return accept()\nend\n",
	},
	{
		"removed-function", "what Lua has and the host has not (called: error, read: warning)",
		"A filter runs inside the mail server's time limits, next to others: it can't end the process, run programs or load bytecode.",
		"function on_mail()\n  os.exit(1)\nend\n",
		"function on_mail()\n  return tempfail()\nend\n",
	},
	{
		"reply-text", "a code or an xcode in the text of a reply (warning)",
		"The client would read it behind the code and the xcode that stand there by themselves. An xcode is 5.x.y or 4.x.y, as the code.",
		"function on_mail()\n  return reject(\"550 5.1.8 no such domain\")\nend\n",
		"function on_mail()\n  return reject(550, \"5.1.8\", \"no such domain\")\nend\n",
	},
	{
		luabind.RuleSyntax, "a file that is no Lua (error)",
		"The parser stopped at this token; the mistake is there or before it.",
		"function on_mail()\n  return reject(550 \"no\")\nend\n",
		"function on_mail()\n  return reject(550, \"no\")\nend\n",
	},
	{
		luabind.RuleUnknownCallback, "a global on_* function that the host does not call (error)",
		"It would never run. A function of the script's own needs another name, or local in front.",
		"function on_recipient()\n  return accept()\nend\n",
		"function on_rcpt()\n  return continue()\nend\n",
	},
	{
		"unknown-field", "a field that a library, a module, conn or msg does not have (called: error, read: warning)",
		"The value is nil, and to call it an error.",
		"function on_mail(sender)\n  return sender == string.lowr(sender) and accept() or nil\nend\n",
		"function on_mail(sender)\n  return sender == string.lower(sender) and accept() or nil\nend\n",
	},
	{
		"unknown-global", "a global that nothing sets (called or indexed: error, read: warning)",
		"The value is nil. Most often the name is mistyped, a local is used outside of its block, or require is missing.",
		"function on_mail()\n  add_heeder(\"X-Seen\", \"yes\")\nend\n",
		"function on_mail()\n  add_header(\"X-Seen\", \"yes\")\nend\n",
	},
	{
		"unused-local", "a local that is never read (warning)",
		"Something was forgotten, or it can go. A name that begins with _ says that it is not wanted; parameters and the variables of\n" +
			"loops are left alone.",
		"function on_mail(sender)\n  local domain = sender:match(\"@(.*)$\")\nend\n",
		"function on_mail(sender)\n  local domain = sender:match(\"@(.*)$\")\n  print(domain)\nend\n",
	},
	{
		"useless-verdict", "a verdict returned from on_load, on_abort or on_close (error)",
		"Nothing waits for an answer there. To refuse a version of the script, raise an error in on_load.",
		"function on_close()\n  return accept()\nend\n",
		"function on_close()\n  print(\"closed\")\nend\n",
	},
	{
		"wrong-result", "a callback that returns what is no verdict (error)",
		"A callback returns a verdict, nil or nothing. Anything else counts as a failure of the script: --on-error decides.",
		"function on_mail()\n  return true\nend\n",
		"function on_mail()\n  return accept()\nend\n",
	},
}
