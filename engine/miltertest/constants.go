package miltertest

import "luamilter/protocol"

// The checks of mt.eom_check.
const (
	headerAdded     = 1 // MT_HDRADD
	headerInserted  = 2 // MT_HDRINSERT
	headerChanged   = 3 // MT_HDRCHANGE
	headerDeleted   = 4 // MT_HDRDELETE
	rcptAdded       = 5 // MT_RCPTADD
	rcptDeleted     = 6 // MT_RCPTDELETE
	bodyChanged     = 7 // MT_BODYCHANGE
	quarantined     = 8 // MT_QUARANTINE
	smtpReplyWanted = 9 // MT_SMTPREPLY
)

// constants are the globals of the model; it has no others.
var constants = map[string]uint32{
	"MT_HDRADD": headerAdded, "MT_HDRINSERT": headerInserted, "MT_HDRCHANGE": headerChanged, "MT_HDRDELETE": headerDeleted,
	"MT_RCPTADD": rcptAdded, "MT_RCPTDELETE": rcptDeleted, "MT_BODYCHANGE": bodyChanged, "MT_QUARANTINE": quarantined,
	"MT_SMTPREPLY": smtpReplyWanted,

	"SMFIR_CONTINUE": uint32(protocol.ReplyContinue), "SMFIR_ACCEPT": uint32(protocol.ReplyAccept),
	"SMFIR_REJECT": uint32(protocol.ReplyReject), "SMFIR_TEMPFAIL": uint32(protocol.ReplyTempfail),
	"SMFIR_DISCARD": uint32(protocol.ReplyDiscard), "SMFIR_REPLYCODE": uint32(protocol.ReplyReplyCode),
	"SMFIR_SKIP": uint32(protocol.ReplySkip),

	"SMFIC_CONNECT": uint32(protocol.CodeConnect), "SMFIC_HELO": uint32(protocol.CodeHelo),
	"SMFIC_MAIL": uint32(protocol.CodeMail), "SMFIC_RCPT": uint32(protocol.CodeRcpt),

	"SMFIP_NOCONNECT": uint32(protocol.StepNoConnect), "SMFIP_NOHELO": uint32(protocol.StepNoHelo),
	"SMFIP_NOMAIL": uint32(protocol.StepNoMail), "SMFIP_NORCPT": uint32(protocol.StepNoRcpt),
	"SMFIP_NOBODY": uint32(protocol.StepNoBody), "SMFIP_NOHDRS": uint32(protocol.StepNoHeaders),
	"SMFIP_NOEOH": uint32(protocol.StepNoEOH), "SMFIP_NOUNKNOWN": uint32(protocol.StepNoUnknown),
	"SMFIP_NODATA": uint32(protocol.StepNoData), "SMFIP_SKIP": uint32(protocol.StepSkip),
	"SMFIP_RCPT_REJ": uint32(protocol.StepRcptRejected), "SMFIP_HDR_LEADSPC": uint32(protocol.StepLeadingSpace),
	"SMFIP_NR_CONN": uint32(protocol.StepNoReplyConnect), "SMFIP_NR_HELO": uint32(protocol.StepNoReplyHelo),
	"SMFIP_NR_MAIL": uint32(protocol.StepNoReplyMail), "SMFIP_NR_RCPT": uint32(protocol.StepNoReplyRcpt),
	"SMFIP_NR_DATA": uint32(protocol.StepNoReplyData), "SMFIP_NR_UNKN": uint32(protocol.StepNoReplyUnknown),
	"SMFIP_NR_HDR": uint32(protocol.StepNoReplyHeader), "SMFIP_NOHREPL": uint32(protocol.StepNoReplyHeader),
	"SMFIP_NR_EOH": uint32(protocol.StepNoReplyEOH), "SMFIP_NR_BODY": uint32(protocol.StepNoReplyBody),
	// how much data the other side takes; internal to Sendmail
	"SMFIP_MDS_256K": 0x10000000, "SMFIP_MDS_1M": 0x20000000,

	"SMFIF_ADDHDRS": uint32(protocol.ActionAddHeaders), "SMFIF_CHGBODY": uint32(protocol.ActionChangeBody),
	"SMFIF_MODBODY": uint32(protocol.ActionChangeBody), "SMFIF_ADDRCPT": uint32(protocol.ActionAddRcpt),
	"SMFIF_DELRCPT": uint32(protocol.ActionDelRcpt), "SMFIF_CHGHDRS": uint32(protocol.ActionChangeHeaders),
	"SMFIF_QUARANTINE": uint32(protocol.ActionQuarantine), "SMFIF_CHGFROM": uint32(protocol.ActionChangeFrom),
	"SMFIF_ADDRCPT_PAR": uint32(protocol.ActionAddRcptPar), "SMFIF_SETSYMLIST": uint32(protocol.ActionSetSymList),
}
