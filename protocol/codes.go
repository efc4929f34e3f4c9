// Package protocol speaks the milter wire protocol, versions 2 to 6, on both sides: Server is what
// an MTA connects to, Client plays the MTA. It knows nothing of scripts and imports only the
// standard library.
//
// Names follow the C headers (libmilter/mfdef.h and mfapi.h): the constant for SMFIC_HELO is
// CodeHelo, so that a search that starts in any milter document ends here.
package protocol

import "fmt"

// Code is a command of the MTA (SMFIC_*), the first byte of a frame.
type Code byte

// The commands of the MTA.
const (
	CodeAbort   Code = 'A' // SMFIC_ABORT
	CodeBody    Code = 'B' // SMFIC_BODY
	CodeConnect Code = 'C' // SMFIC_CONNECT
	CodeMacro   Code = 'D' // SMFIC_MACRO
	CodeEOM     Code = 'E' // SMFIC_BODYEOB
	CodeHelo    Code = 'H' // SMFIC_HELO
	CodeQuitNC  Code = 'K' // SMFIC_QUIT_NC
	CodeHeader  Code = 'L' // SMFIC_HEADER
	CodeMail    Code = 'M' // SMFIC_MAIL
	CodeEOH     Code = 'N' // SMFIC_EOH
	CodeOptNeg  Code = 'O' // SMFIC_OPTNEG
	CodeQuit    Code = 'Q' // SMFIC_QUIT
	CodeRcpt    Code = 'R' // SMFIC_RCPT
	CodeData    Code = 'T' // SMFIC_DATA
	CodeUnknown Code = 'U' // SMFIC_UNKNOWN

	// CodeClose is never on the wire: the Server makes this event at the end of a connection.
	CodeClose Code = 0
)

// String gives the lower-case name, such as "eom"; for a byte that is no command, "command 0x7a".
func (c Code) String() string {
	switch c {
	case CodeAbort:
		return "abort"
	case CodeBody:
		return "body"
	case CodeConnect:
		return "connect"
	case CodeMacro:
		return "macro"
	case CodeEOM:
		return "eom"
	case CodeHelo:
		return "helo"
	case CodeQuitNC:
		return "quit_nc"
	case CodeHeader:
		return "header"
	case CodeMail:
		return "mail"
	case CodeEOH:
		return "eoh"
	case CodeOptNeg:
		return "optneg"
	case CodeQuit:
		return "quit"
	case CodeRcpt:
		return "rcpt"
	case CodeData:
		return "data"
	case CodeUnknown:
		return "unknown"
	case CodeClose:
		return "close"
	}
	return fmt.Sprintf("command 0x%02x", byte(c))
}

// NoReply is the step that says that a command gets no reply (SMFIP_NR_*), 0 if there is none.
func (c Code) NoReply() Step { return commands[c].noReply }

// ReplyCode is a reply of the milter (SMFIR_*), the first byte of a frame.
type ReplyCode byte

// The replies of the milter.
const (
	ReplyAddRcpt      ReplyCode = '+' // SMFIR_ADDRCPT
	ReplyDelRcpt      ReplyCode = '-' // SMFIR_DELRCPT
	ReplyAddRcptPar   ReplyCode = '2' // SMFIR_ADDRCPT_PAR
	ReplyShutdown     ReplyCode = '4' // SMFIR_SHUTDOWN
	ReplyAccept       ReplyCode = 'a' // SMFIR_ACCEPT
	ReplyReplaceBody  ReplyCode = 'b' // SMFIR_REPLBODY
	ReplyContinue     ReplyCode = 'c' // SMFIR_CONTINUE
	ReplyDiscard      ReplyCode = 'd' // SMFIR_DISCARD
	ReplyChangeFrom   ReplyCode = 'e' // SMFIR_CHGFROM
	ReplyConnFail     ReplyCode = 'f' // SMFIR_CONN_FAIL
	ReplyAddHeader    ReplyCode = 'h' // SMFIR_ADDHEADER
	ReplyInsertHeader ReplyCode = 'i' // SMFIR_INSHEADER
	ReplySetSymList   ReplyCode = 'l' // SMFIR_SETSYMLIST
	ReplyChangeHeader ReplyCode = 'm' // SMFIR_CHGHEADER
	ReplyProgress     ReplyCode = 'p' // SMFIR_PROGRESS
	ReplyQuarantine   ReplyCode = 'q' // SMFIR_QUARANTINE
	ReplyReject       ReplyCode = 'r' // SMFIR_REJECT
	ReplySkip         ReplyCode = 's' // SMFIR_SKIP
	ReplyTempfail     ReplyCode = 't' // SMFIR_TEMPFAIL
	ReplyReplyCode    ReplyCode = 'y' // SMFIR_REPLYCODE
)

// String gives the lower-case name, such as "tempfail"; for a byte that is no reply, "reply 0x7a".
func (r ReplyCode) String() string {
	switch r {
	case ReplyAddRcpt:
		return "addrcpt"
	case ReplyDelRcpt:
		return "delrcpt"
	case ReplyAddRcptPar:
		return "addrcpt_par"
	case ReplyShutdown:
		return "shutdown"
	case ReplyAccept:
		return "accept"
	case ReplyReplaceBody:
		return "replbody"
	case ReplyContinue:
		return "continue"
	case ReplyDiscard:
		return "discard"
	case ReplyChangeFrom:
		return "chgfrom"
	case ReplyConnFail:
		return "conn_fail"
	case ReplyAddHeader:
		return "addheader"
	case ReplyInsertHeader:
		return "insheader"
	case ReplySetSymList:
		return "setsymlist"
	case ReplyChangeHeader:
		return "chgheader"
	case ReplyProgress:
		return "progress"
	case ReplyQuarantine:
		return "quarantine"
	case ReplyReject:
		return "reject"
	case ReplySkip:
		return "skip"
	case ReplyTempfail:
		return "tempfail"
	case ReplyReplyCode:
		return "replycode"
	}
	return fmt.Sprintf("reply 0x%02x", byte(r))
}
