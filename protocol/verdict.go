package protocol

import "fmt"

// VerdictKind is what a callback decides.
type VerdictKind uint8

// The verdicts.
const (
	VerdictContinue VerdictKind = iota // SMFIS_CONTINUE
	VerdictAccept                      // SMFIS_ACCEPT
	VerdictReject                      // SMFIS_REJECT
	VerdictTempfail                    // SMFIS_TEMPFAIL
	VerdictDiscard                     // SMFIS_DISCARD
	VerdictSkip                        // SMFIS_SKIP: from CodeBody only, elsewhere VerdictContinue
	VerdictShutdown                    // SMFIR_SHUTDOWN: 421, and the MTA closes its connection
)

// String gives the lower-case name, such as "tempfail".
func (k VerdictKind) String() string {
	switch k {
	case VerdictContinue:
		return "continue"
	case VerdictAccept:
		return "accept"
	case VerdictReject:
		return "reject"
	case VerdictTempfail:
		return "tempfail"
	case VerdictDiscard:
		return "discard"
	case VerdictSkip:
		return "skip"
	case VerdictShutdown:
		return "shutdown"
	}
	return fmt.Sprintf("verdict %d", uint8(k))
}

// final reports that the verdict ends more than the callback it came from.
func (k VerdictKind) final() bool {
	return k != VerdictContinue && k != VerdictSkip
}

// code is the reply that says the verdict without a text.
func (k VerdictKind) code() ReplyCode {
	switch k {
	case VerdictAccept:
		return ReplyAccept
	case VerdictReject:
		return ReplyReject
	case VerdictTempfail:
		return ReplyTempfail
	case VerdictDiscard:
		return ReplyDiscard
	case VerdictSkip:
		return ReplySkip
	case VerdictShutdown:
		return ReplyShutdown
	}
	return ReplyContinue
}

// Verdict is the answer to an Event.
type Verdict struct {
	Kind    VerdictKind
	Reply   Reply    // with VerdictReject, VerdictTempfail and VerdictShutdown
	Changes []Change // used on CodeEOM with VerdictContinue and VerdictAccept only
	Done    func()   // on CodeEOM: called when Changes are no longer used; may be nil
}

// replyCheck finds a Reply that cannot go with the Kind.
func (v *Verdict) replyCheck() error {
	if err := v.Reply.Check(v.Kind); err != nil {
		return fmt.Errorf("encode %w", err)
	}
	return nil
}

// appendVerdict appends the reply that says a verdict which replyCheck has found right, without its
// changes.
func appendVerdict(dst []byte, v *Verdict) []byte {
	if v.Reply.Code == 0 {
		return appendBare(dst, byte(v.Kind.code()))
	}
	dst, start := beginFrame(dst, byte(ReplyReplyCode))
	dst = v.Reply.appendText(dst, "\r\n", true)
	return endFrame(append(dst, 0), start)
}

// decodeVerdict reads a reply that is a verdict. A text with code 421 is VerdictShutdown. The bool
// is false for a reply that is none.
func decodeVerdict(code ReplyCode, data string) (v Verdict, ok bool, err error) {
	switch code {
	case ReplyContinue:
	case ReplyAccept:
		v.Kind = VerdictAccept
	case ReplyReject:
		v.Kind = VerdictReject
	case ReplyTempfail:
		v.Kind = VerdictTempfail
	case ReplyDiscard:
		v.Kind = VerdictDiscard
	case ReplySkip:
		v.Kind = VerdictSkip
	case ReplyShutdown:
		v.Kind = VerdictShutdown
	case ReplyReplyCode:
		v, err = decodeReplyCode(data)
		if err != nil {
			return Verdict{}, true, decodeError(code, err)
		}
		return v, true, nil
	default:
		return Verdict{}, false, nil
	}
	if data != "" {
		return Verdict{}, true, decodeError(code, errData)
	}
	return v, true, nil
}

func decodeReplyCode(data string) (Verdict, error) {
	text, err := onlyString(data)
	if err != nil {
		return Verdict{}, err
	}
	r, err := parseReply(text)
	if err != nil {
		return Verdict{}, err
	}
	v := Verdict{Kind: VerdictReject, Reply: r}
	switch {
	case r.Code == 421:
		v.Kind = VerdictShutdown
	case r.Code < 500:
		v.Kind = VerdictTempfail
	}
	return v, nil
}
