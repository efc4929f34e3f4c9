package luabind

import (
	"fmt"
	"slices"

	"luamilter/protocol"
)

// Callback is a global function of a script that the host calls.
type Callback int

// The callbacks, in the order in which an SMTP session reaches them.
const (
	OnLoad Callback = iota
	OnConnect
	OnHelo
	OnMail
	OnRcpt
	OnData
	OnUnknown
	OnHeader
	OnEOH
	OnBody
	OnEOM
	OnMessage
	OnAbort
	OnClose
	globalCallbacks

	// OnTimer is a function that was given to every(); it is no global of the script.
	OnTimer       = globalCallbacks
	callbackCount = OnTimer + 1
)

// callbacks says of each callback which command of the protocol leads to it and how that step is negotiated.
var callbacks = [callbackCount]struct {
	name    string
	code    protocol.Code
	off     protocol.Step // SMFIP_NO*: the MTA need not send it
	noReply protocol.Step // SMFIP_NR_*: the MTA need not wait for an answer
}{
	OnLoad:    {name: "on_load"},
	OnConnect: {"on_connect", protocol.CodeConnect, protocol.StepNoConnect, protocol.StepNoReplyConnect},
	OnHelo:    {"on_helo", protocol.CodeHelo, protocol.StepNoHelo, protocol.StepNoReplyHelo},
	OnMail:    {"on_mail", protocol.CodeMail, protocol.StepNoMail, protocol.StepNoReplyMail},
	OnRcpt:    {"on_rcpt", protocol.CodeRcpt, protocol.StepNoRcpt, protocol.StepNoReplyRcpt},
	OnData:    {"on_data", protocol.CodeData, protocol.StepNoData, protocol.StepNoReplyData},
	OnUnknown: {"on_unknown", protocol.CodeUnknown, protocol.StepNoUnknown, protocol.StepNoReplyUnknown},
	OnHeader:  {"on_header", protocol.CodeHeader, protocol.StepNoHeaders, protocol.StepNoReplyHeader},
	OnEOH:     {"on_eoh", protocol.CodeEOH, protocol.StepNoEOH, protocol.StepNoReplyEOH},
	OnBody:    {"on_body", protocol.CodeBody, protocol.StepNoBody, protocol.StepNoReplyBody},
	OnEOM:     {name: "on_eom", code: protocol.CodeEOM},
	OnMessage: {name: "on_message"}, // called after on_eom, for the same command
	OnAbort:   {name: "on_abort", code: protocol.CodeAbort},
	OnClose:   {name: "on_close", code: protocol.CodeClose},
	OnTimer:   {name: "every"},
}

// OffSteps are the steps that an MTA can leave out, QuietSteps those that it can go on from without waiting for an answer.
const (
	OffSteps = protocol.StepNoConnect | protocol.StepNoHelo | protocol.StepNoMail | protocol.StepNoRcpt | protocol.StepNoData |
		protocol.StepNoHeaders | protocol.StepNoEOH | protocol.StepNoBody | protocol.StepNoUnknown
	QuietSteps = protocol.StepNoReplyConnect | protocol.StepNoReplyHelo | protocol.StepNoReplyMail | protocol.StepNoReplyRcpt |
		protocol.StepNoReplyData | protocol.StepNoReplyUnknown | protocol.StepNoReplyHeader | protocol.StepNoReplyEOH |
		protocol.StepNoReplyBody

	reductions = OffSteps | QuietSteps
)

// alwaysAsked are the steps that the host needs itself, for conn, msg and the log.
const alwaysAsked = protocol.StepNoConnect | protocol.StepNoHelo | protocol.StepNoMail | protocol.StepNoRcpt

// String is the callback's name in a script: "on_mail".
func (c Callback) String() string { return callbacks[c].name }

// callbackFor is CallbackFor by the byte of the wire; 0, which no command leads to, stands for none.
var callbackFor = func() (byCode [256]Callback) {
	for cb := OnConnect; cb < globalCallbacks; cb++ {
		if cb != OnMessage {
			byCode[callbacks[cb].code] = cb
		}
	}
	return byCode
}()

// CallbackFor is the callback that a command of the protocol leads to.
func CallbackFor(code protocol.Code) (Callback, bool) {
	cb := callbackFor[code]
	return cb, cb != 0
}

// inMessage says whether changes of a message may be asked for.
func (c Callback) inMessage() bool { return c >= OnMail && c <= OnMessage && c != OnUnknown }

// AtChange says why a change can't be asked for in the callback, "" where it can.
func (c Callback) AtChange() string {
	if c.inMessage() {
		return ""
	}
	return fmt.Sprintf("not in %s: a message can be changed from on_mail to on_message", c)
}

// AtVerdict says why the callback can't give the verdict that a global function makes, "" where it can.
func (c Callback) AtVerdict(function string) string {
	for kind := protocol.VerdictContinue; kind <= protocol.VerdictShutdown; kind++ {
		if kind.String() == function {
			return misplaced(c, kind)
		}
	}
	return ""
}

// IsVerdict says whether a global function makes a verdict.
func IsVerdict(function string) bool { return verdictFunctions[function] != nil }

// IsChange says whether a global function changes the message.
func IsChange(function string) bool {
	return changeFunctions[function] != nil && function != "progress"
}

// CallbackNamed is the callback that a global function of that name is.
func CallbackNamed(name string) (Callback, bool) {
	i := slices.Index(callbackNames[:], name)
	return Callback(max(i, 0)), i >= 0
}

// HasVerdict says whether what the callback returns is told to the MTA.
func (c Callback) HasVerdict() bool { return c > OnLoad && c < OnAbort }
