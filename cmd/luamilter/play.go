package main

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"luamilter/protocol"
)

// smtpClient is who hands the mail to the MTA in a replay.
type smtpClient struct {
	ip   netip.Addr
	helo string
}

// outcome is what a filter decided on a mail.
type outcome struct {
	verdict protocol.Verdict
	stage   protocol.Code // where
	refused []refusal
}

// refusal is the verdict on one recipient.
type refusal struct {
	address string
	verdict protocol.Verdict
}

// player plays an MTA that has received one mail.
type player struct {
	mta     *protocol.Client
	macros  []string // name, value, ... of --macro: sent with every command
	from    smtpClient
	mail    *email
	outcome outcome
}

// play sends the mail through the filter. The changes that it asks for are in the verdict.
func (p *player) play() (outcome, error) {
	_, err := p.mta.Negotiate(protocol.Offer{
		Version: protocol.Version, Actions: protocol.AllActions, Steps: protocol.AllSteps,
	})
	if err != nil {
		return outcome{}, err
	}
	for _, step := range []func() (done bool, err error){p.connection, p.envelope, p.content} {
		if done, err := step(); done || err != nil {
			return p.outcome, err
		}
	}
	return p.outcome, nil
}

// took notes the verdict on a command, and says whether it ends the mail.
func (p *player) took(stage protocol.Code, answer protocol.Answer) bool {
	switch answer.Verdict.Kind {
	case protocol.VerdictContinue, protocol.VerdictSkip:
		return false
	}
	p.outcome.verdict, p.outcome.stage = answer.Verdict, stage
	return true
}

func (p *player) connection() (bool, error) {
	name, family := "unknown", protocol.FamilyInet // as Postfix says without a PTR record
	if p.from.ip.Is6() {
		family = protocol.FamilyInet6
	}
	if p.from.ip.IsLoopback() {
		name = "localhost"
	}
	ip := p.from.ip.String()
	if err := p.send(protocol.StageConnect, "j", "localhost", "{daemon_name}", "localhost", "v", "luamilter replay",
		"_", name+" ["+ip+"]", "{client_name}", name, "{client_addr}", ip); err != nil {
		return true, err
	}
	answer, err := p.mta.Connect(name, family, replayPort, ip)
	if err != nil || p.took(protocol.CodeConnect, answer) {
		return true, err
	}
	if err := p.send(protocol.StageHelo); err != nil {
		return true, err
	}
	answer, err = p.mta.Helo(p.from.helo)
	return p.took(protocol.CodeHelo, answer), err
}

// replayPort is where the SMTP client seems to come from.
const replayPort = 49152

func (p *player) envelope() (bool, error) {
	_, domain, _ := strings.Cut(p.mail.sender, "@")
	if err := p.send(protocol.StageMail, "{mail_addr}", p.mail.sender, "{mail_host}", domain, "{mail_mailer}", "smtp"); err != nil {
		return true, err
	}
	answer, err := p.mta.Mail("<"+p.mail.sender+">", fmt.Sprintf("SIZE=%d", len(p.mail.text())))
	if err != nil || p.took(protocol.CodeMail, answer) {
		return true, err
	}
	var accepted []recipient
	for _, r := range p.mail.recipients {
		_, domain, _ := strings.Cut(r.address, "@")
		if err := p.send(protocol.StageRcpt, "{rcpt_addr}", r.address, "{rcpt_host}", domain, "{rcpt_mailer}", "smtp"); err != nil {
			return true, err
		}
		answer, err := p.mta.Rcpt("<" + r.address + ">")
		if err != nil {
			return true, err
		}
		if kind := answer.Verdict.Kind; kind == protocol.VerdictReject || kind == protocol.VerdictTempfail {
			p.outcome.refused = append(p.outcome.refused, refusal{r.address, answer.Verdict})
			continue
		}
		if p.took(protocol.CodeRcpt, answer) {
			return true, nil
		}
		accepted = append(accepted, r)
	}
	p.mail.recipients = accepted
	if len(accepted) == 0 {
		// No mail without a recipient: the client gives up.
		p.outcome.verdict, p.outcome.stage = p.outcome.refused[len(p.outcome.refused)-1].verdict, protocol.CodeRcpt
		return true, p.mta.Abort()
	}
	return false, nil
}

func (p *player) content() (bool, error) {
	if err := p.send(protocol.StageData, "i", "REPLAY"); err != nil {
		return true, err
	}
	answer, err := p.mta.Data()
	if err != nil || p.took(protocol.CodeData, answer) {
		return true, err
	}
	for _, h := range p.mail.headers {
		if h.own {
			continue
		}
		answer, err := p.mta.HeaderRaw(h.name, asSent(h.value))
		if err != nil || p.took(protocol.CodeHeader, answer) {
			return true, err
		}
	}
	if err := p.send(protocol.StageEOH, "i", "REPLAY"); err != nil {
		return true, err
	}
	answer, err = p.mta.EOH()
	if err != nil || p.took(protocol.CodeEOH, answer) {
		return true, err
	}
	if body := strings.ReplaceAll(p.mail.body, "\n", "\r\n"); body != "" {
		answer, err = p.mta.Body(body)
		if err != nil || p.took(protocol.CodeBody, answer) {
			return true, err
		}
	}
	if err := p.send(protocol.StageEOM, "i", "REPLAY"); err != nil {
		return true, err
	}
	answer, err = p.mta.EOM()
	p.outcome.verdict, p.outcome.stage = answer.Verdict, protocol.CodeEOM
	return true, err
}

// headerSizeLimit is that of Postfix (header_size_limit).
const headerSizeLimit = 102400

// asSent is what Postfix hands to a milter of the value of a header field: it ends at a NUL, and is cut where it is too long.
func asSent(value string) string {
	value, _, _ = strings.Cut(value, "\x00")
	return value[:min(len(value), headerSizeLimit)]
}

// send gives the macros of a stage to the command that follows: those of --macro, and the known ones that it does not name.
// The MTA's side of the protocol leaves out what a filter with a list of its own has not asked for.
func (p *player) send(stage protocol.Stage, known ...string) error {
	macros := slices.Clone(p.macros)
	for i := 0; i < len(known); i += 2 {
		if !hasMacro(p.macros, known[i]) {
			macros = append(macros, known[i], known[i+1])
		}
	}
	return p.mta.Macros(stage.Code(), macros...)
}

// hasMacro looks for a name among pairs of name and value.
func hasMacro(pairs []string, name string) bool {
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i] == name {
			return true
		}
	}
	return false
}
