package main

import (
	"fmt"
	"reflect"
	"slices"
	"strings"

	"luamilter/engine/mta"
)

// What the summary counts with --compare.
const (
	kindSame    = "same"
	kindDiffers = "different"
)

// comparisonJSON is the line of a mail with --compare and --format json.
type comparisonJSON struct {
	Mail      string    `json:"mail"`
	MessageID string    `json:"message_id,omitempty"`
	Old       judgement `json:"old"`
	New       judgement `json:"new"`
	Bodies    bool      `json:"other_body,omitempty"` // the changes are those of Old, but for a new body
	Diff      string    `json:"diff,omitempty"`
}

// compare is what is printed of a mail that two versions have judged: nothing if they agree.
func (r *replay) compare(name string, mail *mta.Mail, old, now *mta.Outcome) result {
	was, is := judged(old), judged(now)
	// The text of a change leaves out a new body.
	if reflect.DeepEqual(was, is) && reflect.DeepEqual(old.Verdict.Changes, now.Verdict.Changes) {
		return result{kind: kindSame}
	}
	res := result{kind: kindDiffers}
	before, after := old.Delivered(mail), now.Delivered(mail)
	if r.flags.format.value == "json" {
		line := comparisonJSON{Mail: name, MessageID: messageID(mail), Old: was, New: is, Bodies: reflect.DeepEqual(was, is)}
		if r.flags.diff {
			line.Diff = mailDiff(name, before.Text(), after.Text())
		}
		res.text = jsonLine(line)
		return res
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s:\n", printable(name))
	sameRefused, sameChanges := slices.Equal(was.Refused, is.Refused), slices.Equal(was.Changes, is.Changes)
	for _, side := range []struct {
		label string
		o     *mta.Outcome
		j     *judgement
	}{{"old", old, &was}, {"new", now, &is}} {
		fmt.Fprintf(&b, "  %s: %s\n", side.label, inOneLine(side.o))
		if !sameRefused {
			for _, line := range refusedLines(side.o) {
				fmt.Fprintf(&b, "       %s\n", line)
			}
		}
		if !sameChanges {
			for _, c := range side.j.Changes {
				fmt.Fprintf(&b, "       %s\n", printable(shortened(c)))
			}
		}
	}
	if reflect.DeepEqual(was, is) {
		b.WriteString("  the new body is another one\n")
	}
	if r.flags.diff {
		b.WriteString(r.diff(name, &before, &after))
	}
	res.text = b.String()
	return res
}

// shortened keeps a change from filling the screen.
func shortened(s string) string {
	const longest = 300
	if len(s) > longest {
		return fmt.Sprintf("%s... (%d bytes)", strings.ToValidUTF8(s[:longest], ""), len(s))
	}
	return s
}
