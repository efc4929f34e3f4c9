package protocol

import (
	"fmt"
	"strings"
)

// Version is the newest version of the protocol that is spoken (SMFI_PROT_VERSION), MinVersion the
// oldest (SMFI_PROT_VERSION_MIN).
const (
	Version    uint32 = 6
	MinVersion uint32 = 2
)

// Action is a set of changes a milter may make to a message (SMFIF_*).
type Action uint32

// The actions.
const (
	ActionAddHeaders    Action = 0x001 // SMFIF_ADDHDRS: add and insert
	ActionChangeBody    Action = 0x002 // SMFIF_CHGBODY
	ActionAddRcpt       Action = 0x004 // SMFIF_ADDRCPT
	ActionDelRcpt       Action = 0x008 // SMFIF_DELRCPT
	ActionChangeHeaders Action = 0x010 // SMFIF_CHGHDRS: change and delete
	ActionQuarantine    Action = 0x020 // SMFIF_QUARANTINE
	ActionChangeFrom    Action = 0x040 // SMFIF_CHGFROM
	ActionAddRcptPar    Action = 0x080 // SMFIF_ADDRCPT_PAR
	ActionSetSymList    Action = 0x100 // SMFIF_SETSYMLIST

	ActionsV1  Action = 0x00F // SMFI_V1_ACTS: meant by an MTA that offers 0
	ActionsV2  Action = 0x03F // SMFI_V2_ACTS
	AllActions Action = 0x1FF // SMFI_CURR_ACTS, version 6
)

// Step is a set of protocol options (SMFIP_*): steps that the MTA need not send, steps that get no
// reply, and extensions.
type Step uint32

// The steps.
const (
	StepNoConnect      Step = 0x000001 // SMFIP_NOCONNECT
	StepNoHelo         Step = 0x000002 // SMFIP_NOHELO
	StepNoMail         Step = 0x000004 // SMFIP_NOMAIL
	StepNoRcpt         Step = 0x000008 // SMFIP_NORCPT
	StepNoBody         Step = 0x000010 // SMFIP_NOBODY
	StepNoHeaders      Step = 0x000020 // SMFIP_NOHDRS
	StepNoEOH          Step = 0x000040 // SMFIP_NOEOH
	StepNoReplyHeader  Step = 0x000080 // SMFIP_NR_HDR
	StepNoUnknown      Step = 0x000100 // SMFIP_NOUNKNOWN
	StepNoData         Step = 0x000200 // SMFIP_NODATA
	StepSkip           Step = 0x000400 // SMFIP_SKIP: the MTA understands VerdictSkip
	StepRcptRejected   Step = 0x000800 // SMFIP_RCPT_REJ: also send recipients the MTA rejects
	StepNoReplyConnect Step = 0x001000 // SMFIP_NR_CONN
	StepNoReplyHelo    Step = 0x002000 // SMFIP_NR_HELO
	StepNoReplyMail    Step = 0x004000 // SMFIP_NR_MAIL
	StepNoReplyRcpt    Step = 0x008000 // SMFIP_NR_RCPT
	StepNoReplyData    Step = 0x010000 // SMFIP_NR_DATA
	StepNoReplyUnknown Step = 0x020000 // SMFIP_NR_UNKN
	StepNoReplyEOH     Step = 0x040000 // SMFIP_NR_EOH
	StepNoReplyBody    Step = 0x080000 // SMFIP_NR_BODY
	StepLeadingSpace   Step = 0x100000 // SMFIP_HDR_LEADSPC

	StepsV1  Step = 0x00003F // SMFI_V1_PROT: meant by an MTA that offers 0
	StepsV2  Step = 0x00007F // SMFI_V2_PROT
	AllSteps Step = 0x1FFFFF // SMFI_CURR_PROT, version 6
)

// stepsInternal is SMFI_INTERNAL: bits that the MTA and libmilter use for the size of body chunks
// (SMFIP_MDS_*). Sendmail changes a global value of its own when one is answered, so none ever is.
const stepsInternal Step = 0x70000000

// Stage is a point of the dialogue that has a list of macros of its own (SMFIM_*).
type Stage int

// The stages. The number of StageEOH is above that of StageEOM.
const (
	StageConnect Stage = 0 // SMFIM_CONNECT
	StageHelo    Stage = 1 // SMFIM_HELO
	StageMail    Stage = 2 // SMFIM_ENVFROM
	StageRcpt    Stage = 3 // SMFIM_ENVRCPT
	StageData    Stage = 4 // SMFIM_DATA
	StageEOM     Stage = 5 // SMFIM_EOM
	StageEOH     Stage = 6 // SMFIM_EOH

	stageLast = StageEOH
)

// Code gives the command whose macros the stage lists.
func (s Stage) Code() Code {
	switch s {
	case StageConnect:
		return CodeConnect
	case StageHelo:
		return CodeHelo
	case StageMail:
		return CodeMail
	case StageRcpt:
		return CodeRcpt
	case StageData:
		return CodeData
	case StageEOM:
		return CodeEOM
	case StageEOH:
		return CodeEOH
	}
	return CodeClose
}

// String gives the lower-case name of the stage, such as "mail"; "stage 9" for an unknown one.
func (s Stage) String() string {
	if s < StageConnect || s > stageLast {
		return fmt.Sprintf("stage %d", int(s))
	}
	return s.Code().String()
}

// ActionName is one action with its name in mfapi.h.
type ActionName struct {
	Name string
	Bit  Action
}

// StepName is one step with its name in mfdef.h.
type StepName struct {
	Name string
	Bit  Step
}

// ActionNames lists the actions in the order of their bits.
func ActionNames() []ActionName {
	return []ActionName{
		{"SMFIF_ADDHDRS", ActionAddHeaders},
		{"SMFIF_CHGBODY", ActionChangeBody},
		{"SMFIF_ADDRCPT", ActionAddRcpt},
		{"SMFIF_DELRCPT", ActionDelRcpt},
		{"SMFIF_CHGHDRS", ActionChangeHeaders},
		{"SMFIF_QUARANTINE", ActionQuarantine},
		{"SMFIF_CHGFROM", ActionChangeFrom},
		{"SMFIF_ADDRCPT_PAR", ActionAddRcptPar},
		{"SMFIF_SETSYMLIST", ActionSetSymList},
	}
}

// StepNames lists the steps in the order of their bits.
func StepNames() []StepName {
	return []StepName{
		{"SMFIP_NOCONNECT", StepNoConnect},
		{"SMFIP_NOHELO", StepNoHelo},
		{"SMFIP_NOMAIL", StepNoMail},
		{"SMFIP_NORCPT", StepNoRcpt},
		{"SMFIP_NOBODY", StepNoBody},
		{"SMFIP_NOHDRS", StepNoHeaders},
		{"SMFIP_NOEOH", StepNoEOH},
		{"SMFIP_NR_HDR", StepNoReplyHeader},
		{"SMFIP_NOUNKNOWN", StepNoUnknown},
		{"SMFIP_NODATA", StepNoData},
		{"SMFIP_SKIP", StepSkip},
		{"SMFIP_RCPT_REJ", StepRcptRejected},
		{"SMFIP_NR_CONN", StepNoReplyConnect},
		{"SMFIP_NR_HELO", StepNoReplyHelo},
		{"SMFIP_NR_MAIL", StepNoReplyMail},
		{"SMFIP_NR_RCPT", StepNoReplyRcpt},
		{"SMFIP_NR_DATA", StepNoReplyData},
		{"SMFIP_NR_UNKN", StepNoReplyUnknown},
		{"SMFIP_NR_EOH", StepNoReplyEOH},
		{"SMFIP_NR_BODY", StepNoReplyBody},
		{"SMFIP_HDR_LEADSPC", StepLeadingSpace},
	}
}

// String lists the SMFIF_ names joined by "|"; bits without a name come last, in hexadecimal.
func (a Action) String() string {
	var names []string
	for _, n := range ActionNames() {
		if a&n.Bit != 0 {
			names = append(names, n.Name)
			a &^= n.Bit
		}
	}
	return joinBits(names, uint32(a))
}

// String lists the SMFIP_ names joined by "|"; bits without a name come last, in hexadecimal.
func (s Step) String() string {
	var names []string
	for _, n := range StepNames() {
		if s&n.Bit != 0 {
			names = append(names, n.Name)
			s &^= n.Bit
		}
	}
	return joinBits(names, uint32(s))
}

func joinBits(names []string, rest uint32) string {
	if rest != 0 || len(names) == 0 {
		names = append(names, fmt.Sprintf("0x%x", rest))
	}
	return strings.Join(names, "|")
}

// Offer is what the MTA can do: its SMFIC_OPTNEG.
type Offer struct {
	Version uint32
	Actions Action
	Steps   Step
}

// Options is what a milter answers to an Offer, and what holds from then on.
type Options struct {
	Version uint32 // 0 asks for the highest that both know
	Actions Action
	Steps   Step

	// Macros lists by stage the macros the MTA shall send there instead of its own choice
	// (smfi_setsymlist); an empty list asks for none. Names come with or without braces.
	Macros map[Stage][]string
}
