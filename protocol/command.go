package protocol

// state is where a connection is in the dialogue, one bit of a set.
type state uint8

const (
	stateStart      state = 1 << iota // before SMFIC_OPTNEG
	stateNegotiated                   // after it
	stateNext                         // after SMFIC_QUIT_NC: either that or SMFIC_CONNECT
	stateReady                        // the client has said something, no message
	stateMail                         // in a message: the envelope
	stateData                         // after DATA
	stateHeaders                      // after a header field
	stateBody                         // after the end of the header

	inMessage  = stateMail | stateData | stateHeaders | stateBody
	noMessage  = stateNegotiated | stateNext | stateReady
	negotiated = noMessage | inMessage
)

// String says for an error where the dialogue was.
func (s state) String() string {
	switch s {
	case stateStart:
		return "before negotiation"
	case stateNegotiated:
		return "after negotiation"
	case stateNext:
		return "after quit_nc"
	case stateReady:
		return "outside of a message"
	case stateMail:
		return "in the envelope"
	case stateData:
		return "after data"
	case stateHeaders:
		return "in the header"
	case stateBody:
		return "after the header"
	}
	return "nowhere"
}

// command is what the dialogue knows of one SMFIC_*.
type command struct {
	from    state // where it may come; 0 for a byte that is no command
	to      state // where it leads; 0 stays
	off     Step  // the step that turns it off
	noReply Step  // the step that turns its reply off
}

// commands is indexed by Code. Within a message steps may be missing, because they were turned off;
// they may not go back. What MTAs send out of order besides is an ABORT too many and one missing.
var commands = [256]command{
	CodeOptNeg:  {from: stateStart | stateNext, to: stateNegotiated},
	CodeMacro:   {from: negotiated},
	CodeConnect: {stateNegotiated | stateNext, stateReady, StepNoConnect, StepNoReplyConnect},
	CodeHelo:    {negotiated, stateReady, StepNoHelo, StepNoReplyHelo},
	CodeMail:    {negotiated, stateMail, StepNoMail, StepNoReplyMail},
	CodeRcpt:    {stateMail, stateMail, StepNoRcpt, StepNoReplyRcpt},
	CodeData:    {stateMail, stateData, StepNoData, StepNoReplyData},
	CodeHeader:  {stateMail | stateData | stateHeaders, stateHeaders, StepNoHeaders, StepNoReplyHeader},
	CodeEOH:     {stateMail | stateData | stateHeaders, stateBody, StepNoEOH, StepNoReplyEOH},
	CodeBody:    {inMessage, stateBody, StepNoBody, StepNoReplyBody},
	CodeEOM:     {from: inMessage, to: stateReady},
	CodeUnknown: {from: negotiated, off: StepNoUnknown, noReply: StepNoReplyUnknown},
	CodeAbort:   {from: negotiated},
	CodeQuit:    {from: stateStart | negotiated},
	CodeQuitNC:  {from: negotiated, to: stateNext},
}

// inTransaction reports the commands that belong to a message.
func inTransaction(code Code) bool {
	switch code {
	case CodeRcpt, CodeData, CodeHeader, CodeEOH, CodeBody, CodeEOM:
		return true
	}
	return false
}
