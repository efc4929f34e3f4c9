package main

import (
	"fmt"
	"io"
	"strings"

	"github.com/aymanbagabas/go-udiff"

	"luamilter/engine/mta"
	"luamilter/protocol"
)

// report prints the verdict on a mail, the recipients that were refused, and what has become of envelope and mail.
func report(out io.Writer, file string, o mta.Outcome, before, after *mta.Mail, diff string) {
	fmt.Fprintf(out, "%s: %s\n", printable(file), summary(o, before, after))
	for _, line := range refusedLines(&o) {
		fmt.Fprintf(out, "  %s\n", line)
	}
	for _, line := range mta.EnvelopeChanges(before, after) {
		fmt.Fprintf(out, "  %s\n", printable(line))
	}
	fmt.Fprint(out, diff)
}

// refusedLines name the recipients that were refused, with the replies.
func refusedLines(o *mta.Outcome) []string {
	var lines []string
	for _, r := range o.Refused {
		lines = append(lines, fmt.Sprintf("RCPT TO:<%s>: %s", printable(r.Address), withReply(r.Verdict, "")))
	}
	return lines
}

// summary is the verdict in one line; the further lines of a reply follow indented.
func summary(o mta.Outcome, before, after *mta.Mail) string {
	at := atStage(o.Stage)
	switch o.Verdict.Kind {
	case protocol.VerdictContinue, protocol.VerdictAccept:
		switch {
		case after.Quarantined:
			return fmt.Sprintf("accept, in quarantine: %s", printable(after.Reason))
		case len(mta.EnvelopeChanges(before, after)) == 0 && before.Text() == after.Text():
			return "accept" + at + ", unchanged"
		}
		return "accept" + at + ", changed"
	}
	return withReply(o.Verdict, at)
}

// atStage says where a verdict was given, if that is not the end of the message.
func atStage(stage protocol.Code) string {
	if stage == protocol.CodeEOM {
		return ""
	}
	return " at " + stage.String()
}

func withReply(v protocol.Verdict, at string) string {
	reply := mta.ReplyTo(v)
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

// printableLines is printable for a text of several lines with tabs.
func printableLines(s string) string {
	var b strings.Builder
	for i, line := range strings.Split(s, "\n") {
		if i > 0 {
			b.WriteByte('\n')
		}
		for j, field := range strings.Split(line, "\t") {
			if j > 0 {
				b.WriteByte('\t')
			}
			b.WriteString(printable(field))
		}
	}
	return b.String()
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

// counted is a number with its noun: "1 change", "2 changes".
func counted(n int, noun string) string {
	if n != 1 {
		noun += "s"
	}
	return fmt.Sprintf("%d %s", n, noun)
}
