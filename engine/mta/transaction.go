package mta

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"luamilter/protocol"
)

// Outcome is what a milter decided on a mail.
type Outcome struct {
	Verdict protocol.Verdict // at CodeEOM with the changes
	Stage   protocol.Code    // where
	Refused []Refusal        // the recipients that the milter refused
	Left    []Recipient      // those that neither it nor the MTA refused
	Aborted bool             // the client gave up after Stage: there is no verdict
}

// Refusal is the verdict on one recipient.
type Refusal struct {
	Address string
	Verdict protocol.Verdict
}

// Send hands over a mail and gives the verdict on it. After an error the connection is of no more use.
func (s *Session) Send(m *Mail) (Outcome, error) { return s.SendUntil(m, protocol.CodeEOM) }

// SendUntil is Send by a client that gives the mail up (RSET) behind the command last, if no verdict ends it before:
// CodeMail, CodeRcpt (all recipients), CodeData, CodeHeader (all fields), CodeEOH or CodeBody.
func (s *Session) SendUntil(m *Mail, last protocol.Code) (Outcome, error) {
	if s.standing != nil {
		out := *s.standing
		out.Left = m.accepted()
		return out, nil
	}
	if len(m.Recipients) == 0 && last != protocol.CodeMail {
		return Outcome{}, errors.New("the mail has no recipient")
	}
	if err := s.reset(); err != nil {
		return Outcome{}, err
	}
	t := &transaction{s: s, mail: m, out: Outcome{Left: m.accepted()}}
	err := t.run(last)
	return t.out, err
}

// transaction is one mail on its way.
type transaction struct {
	s    *Session
	mail *Mail
	told int // of out.Left, the recipients that the milter has let pass
	out  Outcome
}

func (t *transaction) run(last protocol.Code) error {
	for _, step := range []struct {
		code protocol.Code
		send func() (done bool, err error)
	}{
		{protocol.CodeMail, t.sender},
		{protocol.CodeRcpt, t.recipients},
		{protocol.CodeData, t.data},
		{protocol.CodeHeader, t.header},
		{protocol.CodeEOH, t.endOfHeader},
		{protocol.CodeBody, t.body},
		{protocol.CodeEOM, t.end},
	} {
		if done, err := step.send(); done || err != nil {
			return err
		}
		if step.code == last {
			t.out.Stage, t.out.Aborted = last, true
			return t.s.reset()
		}
	}
	return nil
}

// took notes the verdict on a command, and says whether it ends the mail.
func (t *transaction) took(stage protocol.Code, answer protocol.Answer) bool {
	t.s.begun = true
	if !final(answer.Verdict.Kind) {
		return false
	}
	t.out.Verdict, t.out.Stage = answer.Verdict, stage
	t.s.stopAt(stage, answer)
	return true
}

// final reports that a verdict ends more than the command that it answers.
func final(kind protocol.VerdictKind) bool {
	return kind != protocol.VerdictContinue && kind != protocol.VerdictSkip
}

// put sends a command of the mail, and says whether the answer ends it.
func (t *transaction) put(ev protocol.Event, known ...string) (bool, error) {
	answer, err := t.s.put(ev, known...)
	if err != nil {
		return true, err
	}
	return t.took(ev.Code, answer), nil
}

func (t *transaction) sender() (bool, error) {
	m := t.mail
	_, domain, _ := strings.Cut(m.Sender, "@")
	params := strings.Fields(m.SenderParams)
	if len(params) == 0 {
		params = []string{fmt.Sprintf("SIZE=%d", len(m.Text()))}
	}
	return t.put(protocol.Event{Code: protocol.CodeMail, Mailbox: "<" + m.Sender + ">", Params: params},
		"{mail_addr}", m.Sender, "{mail_host}", domain, "{mail_mailer}", "smtp")
}

func (t *transaction) recipients() (bool, error) {
	for _, r := range t.mail.Recipients {
		var done bool
		var err error
		if r.Rejected.IsZero() {
			done, err = t.recipient(r)
		} else {
			err = t.rejected(r)
		}
		if done || err != nil {
			return true, err
		}
	}
	if len(t.out.Left) > 0 {
		return false, nil
	}
	// No mail without a recipient: the client gives up.
	t.out.Verdict, t.out.Stage = t.lastRefusal(), protocol.CodeRcpt
	return true, t.s.reset()
}

func (t *transaction) recipient(r Recipient) (bool, error) {
	_, domain, _ := strings.Cut(r.Address, "@")
	answer, err := t.s.put(rcptEvent(r), "{rcpt_addr}", r.Address, "{rcpt_host}", domain, "{rcpt_mailer}", "smtp")
	if err != nil {
		return true, err
	}
	if kind := answer.Verdict.Kind; kind == protocol.VerdictReject || kind == protocol.VerdictTempfail {
		t.out.Refused = append(t.out.Refused, Refusal{r.Address, answer.Verdict})
		t.out.Left = slices.Delete(t.out.Left, t.told, t.told+1)
		return false, nil
	}
	t.told++
	return t.took(protocol.CodeRcpt, answer), nil
}

// rejected tells of a recipient that the MTA refuses, as Postfix does: what the milter says to it counts for nothing.
func (t *transaction) rejected(r Recipient) error {
	if t.s.got.Steps&protocol.StepRcptRejected == 0 {
		return nil
	}
	_, err := t.s.put(rcptEvent(r),
		"{rcpt_addr}", strings.Join(r.Rejected.Lines, " "), "{rcpt_host}", r.Rejected.EnhancedCode, "{rcpt_mailer}", "error")
	return err
}

func rcptEvent(r Recipient) protocol.Event {
	return protocol.Event{Code: protocol.CodeRcpt, Mailbox: "<" + r.Address + ">", Params: strings.Fields(r.Params)}
}

// lastRefusal is what the client was told last when no recipient was left.
func (t *transaction) lastRefusal() protocol.Verdict {
	if n := len(t.out.Refused); n > 0 {
		return t.out.Refused[n-1].Verdict
	}
	reply := t.mail.Recipients[len(t.mail.Recipients)-1].Rejected
	if reply.Code < 500 {
		return protocol.Verdict{Kind: protocol.VerdictTempfail, Reply: reply}
	}
	return protocol.Verdict{Kind: protocol.VerdictReject, Reply: reply}
}

// queueID is the macro that MTAs send from DATA on.
func (t *transaction) queueID() (name, value string) {
	return "i", cmp.Or(t.mail.QueueID, DefaultQueueID)
}

func (t *transaction) data() (bool, error) {
	name, value := t.queueID()
	return t.put(protocol.Event{Code: protocol.CodeData}, name, value)
}

func (t *transaction) header() (bool, error) {
	for h := range t.mail.Shown {
		done, err := t.put(protocol.Event{Code: protocol.CodeHeader, Name: h.Name, Value: asSent(h.Value)})
		if done || err != nil {
			return done, err
		}
	}
	return false, nil
}

// headerSizeLimit is that of Postfix (header_size_limit).
const headerSizeLimit = 102400

// asSent is what Postfix hands to a milter of the value of a header field: it ends at a NUL, and is cut where it is too long.
func asSent(value string) string {
	value, _, _ = strings.Cut(value, "\x00")
	return value[:min(len(value), headerSizeLimit)]
}

func (t *transaction) endOfHeader() (bool, error) {
	name, value := t.queueID()
	return t.put(protocol.Event{Code: protocol.CodeEOH}, name, value)
}

// chunkSize is the most of a body that one packet carries (MILTER_CHUNK_SIZE).
const chunkSize = 65535

func (t *transaction) body() (bool, error) {
	for body := strings.ReplaceAll(t.mail.Body, "\n", "\r\n"); body != ""; {
		n := min(len(body), chunkSize)
		if done, err := t.put(protocol.Event{Code: protocol.CodeBody, Body: body[:n]}); done || err != nil {
			return done, err
		}
		body = body[n:]
	}
	return false, nil
}

// end notes the verdict whatever it is.
func (t *transaction) end() (bool, error) {
	name, value := t.queueID()
	answer, err := t.s.put(protocol.Event{Code: protocol.CodeEOM}, name, value)
	if err != nil {
		return true, err
	}
	t.s.begun = false
	t.out.Verdict, t.out.Stage = answer.Verdict, protocol.CodeEOM
	t.s.stopAt(protocol.CodeEOM, answer)
	return true, nil
}
