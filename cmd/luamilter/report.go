package main

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/aymanbagabas/go-udiff"

	"luamilter/protocol"
)

// report prints the verdict on a mail, the recipients that were refused, and what has become of envelope and mail.
func report(out io.Writer, file string, o outcome, before, after *email) {
	fmt.Fprintf(out, "%s: %s\n", file, summary(o, before, after))
	for _, r := range o.refused {
		fmt.Fprintf(out, "  RCPT TO:<%s>: %s\n", printable(r.address), withReply(r.verdict, ""))
	}
	for _, line := range envelopeChanges(before, after) {
		fmt.Fprintf(out, "  %s\n", printable(line))
	}
	fmt.Fprint(out, mailDiff(file, before.text(), after.text()))
}

// summary is the verdict in one line; the further lines of a reply follow indented.
func summary(o outcome, before, after *email) string {
	at := ""
	if o.stage != protocol.CodeEOM {
		at = " at " + o.stage.String()
	}
	switch o.verdict.Kind {
	case protocol.VerdictContinue, protocol.VerdictAccept:
		switch {
		case after.quarantined:
			return fmt.Sprintf("accept, in quarantine: %s", printable(after.reason))
		case len(envelopeChanges(before, after)) == 0 && before.text() == after.text():
			return "accept" + at + ", unchanged"
		}
		return "accept" + at + ", changed"
	}
	return withReply(o.verdict, at)
}

func withReply(v protocol.Verdict, at string) string {
	reply := v.Reply
	if reply.Code == 0 {
		reply = bareReply(v.Kind)
	}
	text := v.Kind.String() + at
	if reply.Code == 0 {
		return text
	}
	lines := strings.Split(reply.String(), "\n")
	for i, line := range lines {
		lines[i] = printable(line)
	}
	return text + ": " + strings.Join(lines, "\n    ")
}

// bareReply is what Postfix tells its client for a verdict that comes without a reply.
func bareReply(kind protocol.VerdictKind) protocol.Reply {
	switch kind {
	case protocol.VerdictReject:
		return protocol.Reply{Code: 550, EnhancedCode: "5.7.1", Lines: []string{"Command rejected"}}
	case protocol.VerdictTempfail:
		return protocol.Reply{Code: 451, EnhancedCode: "4.7.1", Lines: []string{"Service unavailable - try again later"}}
	case protocol.VerdictShutdown:
		return protocol.Reply{Code: 421, EnhancedCode: "4.7.0", Lines: []string{"Server closing connection"}}
	}
	return protocol.Reply{}
}

// envelopeChanges are the SMTP commands that are gone, and those that have come.
func envelopeChanges(before, after *email) []string {
	var lines []string
	was, is := before.commands(), after.commands()
	for _, c := range was {
		if !slices.Contains(is, c) {
			lines = append(lines, "-"+c)
		}
	}
	for _, c := range is {
		if !slices.Contains(was, c) {
			lines = append(lines, "+"+c)
		}
	}
	return lines
}

// commands is the envelope in SMTP.
func (m *email) commands() []string {
	list := []string{strings.TrimSpace("MAIL FROM:<" + m.sender + "> " + m.senderArgs)}
	for _, r := range m.recipients {
		list = append(list, strings.TrimSpace("RCPT TO:<"+r.address+"> "+r.args))
	}
	return list
}

// mailDiff is a unified diff that patch(1) can apply to a mail file with LF; "" if nothing has changed.
func mailDiff(file, before, after string) string {
	if before == after {
		return ""
	}
	edits := udiff.Lines(before, after)
	diff, err := udiff.ToUnified(file, file, before, edits, udiff.DefaultContextLines)
	if err != nil {
		return fmt.Sprintf("  no diff: %s\n", err)
	}
	return diff
}

// printable keeps what a mail or a filter says from giving orders to the terminal.
func printable(s string) string {
	var b strings.Builder
	for _, r := range s {
		if r < ' ' || r == 0x7f || r >= 0x80 && r < 0xa0 {
			fmt.Fprintf(&b, `\x%02x`, r)
		} else {
			b.WriteRune(r)
		}
	}
	return b.String()
}
