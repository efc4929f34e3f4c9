package main

import (
	"fmt"
	"slices"
	"strings"

	"luamilter/protocol"
)

// What the filters and the limit program are written to do; testdata/bench has the other side of each.
const (
	spammer    = "<spammer@bench.example>"
	refusal    = "550 5.7.1 no mail from spammers"
	footer     = "-- rewritten by the bench filter\r\n"
	added      = "copy@bench.example"
	limitValue = "limit"
)

// filterNames lists the filters in the order of tables.
func filterNames() []string { return []string{"noop", "addheader", "body", "rewrite"} }

// expectation is what a filter has to answer to a mail.
type expectation struct {
	refusal string // to MAIL from the spammer; "" if the filter takes it
	changes []protocol.Change
}

// expect gives what a filter has to do with a mail; the limit program answers constants in its place.
func expect(filter string, m *mail, limit bool) *expectation {
	e := &expectation{}
	if filter == "addheader" || filter == "body" {
		e.refusal = refusal
	}
	switch filter {
	case "addheader":
		e.changes = []protocol.Change{benchHeader(fmt.Sprintf("%d %s", len(m.header), m.subject), limit)}
	case "body":
		e.changes = []protocol.Change{benchHeader(fmt.Sprintf("%d %s %d", len(m.header), m.subject, m.hits), limit)}
	case "rewrite":
		subject, body := "[bench] "+m.subject, m.body+footer
		if limit {
			subject, body = limitValue, strings.Repeat("L", len(body))
		}
		e.changes = []protocol.Change{
			{Code: protocol.ReplyChangeHeader, Index: 1, Name: "Subject", Value: subject},
			{Code: protocol.ReplyAddRcpt, Value: added},
			{Code: protocol.ReplyReplaceBody, Value: body},
		}
	}
	return e
}

func benchHeader(value string, limit bool) protocol.Change {
	if limit {
		value = limitValue
	}
	return protocol.Change{Code: protocol.ReplyAddHeader, Name: "X-Bench", Value: value}
}

// wrongAnswer is an answer of a filter that is not the one it has to give. No rate is worth anything after it.
type wrongAnswer struct {
	step     protocol.Code
	want, in string
}

func (w *wrongAnswer) Error() string {
	return fmt.Sprintf("wrong answer to %v: want %s, got %s", w.step, w.want, w.in)
}

// checkContinue wants no verdict.
func checkContinue(step protocol.Code, a *protocol.Answer) error {
	if a.Verdict.Kind == protocol.VerdictContinue {
		return nil
	}
	return &wrongAnswer{step, "continue", describe(a)}
}

// checkRefused wants the refusal, word by word.
func (e *expectation) checkRefused(a *protocol.Answer) error {
	if a.Verdict.Kind == protocol.VerdictReject && a.Verdict.Reply.String() == e.refusal {
		return nil
	}
	return &wrongAnswer{protocol.CodeMail, "reject " + e.refusal, describe(a)}
}

// checkEnd wants the changes, in their order, and the message taken.
func (e *expectation) checkEnd(a *protocol.Answer) error {
	if a.Verdict.Kind == protocol.VerdictContinue && slices.EqualFunc(a.Verdict.Changes, e.changes, sameChange) {
		return nil
	}
	want := protocol.Answer{Verdict: protocol.Verdict{Changes: e.changes}}
	return &wrongAnswer{protocol.CodeEOM, describe(&want), describe(a)}
}

// sameChange compares what a filter has sent; Pieces are for those who send.
func sameChange(a, b protocol.Change) bool {
	return a.Code == b.Code && a.Index == b.Index && a.Name == b.Name && a.Value == b.Value && a.Params == b.Params &&
		a.NoSpace == b.NoSpace
}

// describe says an answer in one line.
func describe(a *protocol.Answer) string {
	s := a.Verdict.Kind.String()
	if reply := a.Verdict.Reply.String(); reply != "" {
		s += " " + reply
	}
	for _, c := range a.Verdict.Changes {
		s += fmt.Sprintf("; %.200s", c.String())
	}
	return s
}
