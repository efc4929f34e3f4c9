package mta

import (
	"slices"

	"luamilter/protocol"
)

// Passed reports that the mail goes on its way.
func (o *Outcome) Passed() bool {
	return !o.Aborted && (o.Verdict.Kind == protocol.VerdictContinue || o.Verdict.Kind == protocol.VerdictAccept)
}

// Delivered is the mail as it goes on its way: without the recipients that were refused, and with the changes.
func (o *Outcome) Delivered(m *Mail) Mail {
	after := m.Clone()
	after.Recipients = slices.Clone(o.Left)
	after.Apply(o.Verdict.Changes)
	return after
}

// EnvelopeChanges are the SMTP commands that are gone, with a "-" in front, and those that have come, with a "+".
func EnvelopeChanges(before, after *Mail) []string {
	was, is := before.Envelope(), after.Envelope()
	return append(missing("-", was, is), missing("+", is, was)...)
}

// missing lists what is not among others. A mail may have very many recipients.
func missing(sign string, list, others []string) []string {
	known := make(map[string]bool, len(others))
	for _, c := range others {
		known[c] = true
	}
	var lines []string
	for _, c := range list {
		if !known[c] {
			lines = append(lines, sign+c)
		}
	}
	return lines
}

// ReplyTo is what the SMTP client hears of a verdict: its reply, or what Postfix says where it comes without one. A verdict
// that lets the mail pass has none.
func ReplyTo(v protocol.Verdict) protocol.Reply {
	if v.Reply.Code != 0 {
		return v.Reply
	}
	switch v.Kind {
	case protocol.VerdictReject:
		return protocol.Reply{Code: 550, EnhancedCode: "5.7.1", Lines: []string{"Command rejected"}}
	case protocol.VerdictTempfail:
		return protocol.Reply{Code: 451, EnhancedCode: "4.7.1", Lines: []string{"Service unavailable - try again later"}}
	case protocol.VerdictShutdown:
		return protocol.Reply{Code: 421, EnhancedCode: "4.7.0", Lines: []string{"Server closing connection"}}
	}
	return protocol.Reply{}
}
