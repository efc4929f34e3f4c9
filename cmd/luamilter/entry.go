package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"

	"luamilter/engine"
)

// mostInLine is how many recipients are named in a line.
const mostInLine = 3

// entryLine is an entry on one line.
func entryLine(e *engine.Entry) string {
	parts := []string{
		e.Time.Local().Format(time.TimeOnly),
		verdictText(e),
		orDash(e.ID),
		e.Client,
	}
	if e.Kind != engine.EntryConnection {
		parts = append(parts, envelopeText(e))
	}
	if e.Reply != "" {
		parts = append(parts, e.Reply)
	}
	if e.Line != "" {
		parts = append(parts, "("+e.Line+")")
	}
	if n := len(e.Changes) + e.Left.Changes; n > 0 {
		parts = append(parts, counted(n, "change"))
	}
	if n := len(e.Failures) + e.Left.Failures; n > 0 {
		parts = append(parts, counted(n, "failure"))
	}
	if e.Kind != engine.EntryRecipient {
		parts = append(parts, shortTime(time.Duration(e.Took)))
	}
	return printable(strings.Join(parts, "  "))
}

// verdictText is the verdict, with the stage if that says something.
func verdictText(e *engine.Entry) string {
	switch {
	case e.Kind == engine.EntryRecipient:
		return e.Verdict + " of a recipient"
	case e.Kind == engine.EntryConnection:
		return e.Verdict + " of a connection at " + e.Stage
	case e.Stage == "eom" || e.Verdict == "aborted":
		return e.Verdict
	}
	return e.Verdict + " at " + e.Stage
}

// envelopeText is "<sender> -> <recipient>, <recipient>".
func envelopeText(e *engine.Entry) string {
	var to []string
	for _, r := range e.Recipients[:min(len(e.Recipients), mostInLine)] {
		to = append(to, "<"+r+">")
	}
	if more := len(e.Recipients) + e.Left.Recipients - len(to); more > 0 {
		to = append(to, fmt.Sprintf("%d more", more))
	}
	return "<" + e.Sender + "> -> " + orDash(strings.Join(to, ", "))
}

func orDash(s string) string {
	if s == "" {
		return "-"
	}
	return s
}

// writeEntry prints all that is known of an entry.
func writeEntry(out io.Writer, e *engine.Entry) {
	fmt.Fprintf(out, "%s %s, connection %s, generation %d (%s)\n", e.Kind, printable(orDash(e.ID)), printable(e.Connection),
		e.Generation, printable(e.Hash))
	field := func(name, value string) {
		if value != "" {
			fmt.Fprintf(out, "  %-10s %s\n", name, printable(value))
		}
	}
	field("ended", e.Time.Local().Format("2006-01-02 15:04:05.000"))
	field("client", e.Client)
	field("helo", e.Helo)
	if e.Kind != engine.EntryConnection {
		field("sender", "<"+e.Sender+">")
	}
	for _, r := range e.Recipients {
		field("recipient", "<"+r+">")
	}
	leftOut(out, e.Left.Recipients)
	if e.Kind == engine.EntryMessage {
		field("size", counted(int(e.Bytes), "byte")+" of header and body, as far as the scripts were sent them")
	}
	field("verdict", e.Verdict+" at "+e.Stage)
	for i, line := range strings.Split(e.Reply, "\n") {
		if i == 0 {
			field("reply", line)
		} else {
			fmt.Fprintf(out, "  %-10s %s\n", "", printable(line))
		}
	}
	field("decided in", e.Line)
	writeCalls(out, e)
	writeLog(out, e)
	if len(e.Changes) > 0 {
		fmt.Fprintln(out, "changes")
	}
	for _, c := range e.Changes {
		fmt.Fprintf(out, "  %s\n", printable(c))
	}
	leftOut(out, e.Left.Changes)
	writeFailures(out, e)
}

func leftOut(out io.Writer, n int) {
	if n > 0 {
		fmt.Fprintf(out, "  and %d more\n", n)
	}
}

// writeCalls prints the callbacks in the order in which they ran.
func writeCalls(out io.Writer, e *engine.Entry) {
	if len(e.Callbacks) == 0 {
		return
	}
	fmt.Fprintf(out, "callbacks\n")
	table := tabwriter.NewWriter(out, 0, 0, 2, ' ', 0)
	for _, c := range e.Callbacks {
		times, decided := "", ""
		if c.Count != 1 {
			times = strconv.Itoa(c.Count) + " times"
		}
		if c.Verdict != "" {
			decided = c.Verdict
			if c.Line != "" {
				decided += " (" + c.Line + ")"
			}
			reply, _, _ := strings.Cut(c.Reply, "\n")
			decided = strings.TrimSpace(decided + " " + reply)
		}
		row := fmt.Sprintf("  %s\t%s\t%s\t%s\t%s", c.Callback, printable(c.Script), shortTime(time.Duration(c.Took)), times, printable(decided))
		fmt.Fprintln(table, strings.TrimRight(row, "\t"))
	}
	_ = table.Flush() // nobody to tell that nobody reads
	leftOut(out, e.Left.Callbacks)
}

func writeLog(out io.Writer, e *engine.Entry) {
	if len(e.Log)+e.Left.Log > 0 {
		fmt.Fprintln(out, "log lines")
	}
	for _, l := range e.Log {
		fmt.Fprintf(out, "  %s\n", printable(strings.TrimSpace(fmt.Sprintf("%-5s %s %s: %s %s", l.Level, l.Script, l.Callback, l.Text, l.Fields))))
	}
	leftOut(out, e.Left.Log)
}

func writeFailures(out io.Writer, e *engine.Entry) {
	if len(e.Failures) > 0 {
		fmt.Fprintln(out, "failures")
	}
	for _, f := range e.Failures {
		fmt.Fprintf(out, "  %s\n", printable(fmt.Sprintf("%s %s: %s (kind %s, answered with %s)", f.Script, f.Callback, f.Error, f.Kind, f.Answer)))
		for line := range strings.SplitSeq(strings.TrimSpace(f.Traceback), "\n") {
			if line != "" {
				fmt.Fprintf(out, "    %s\n", printable(strings.ReplaceAll(line, "\t", "  ")))
			}
		}
	}
	leftOut(out, e.Left.Failures)
}
