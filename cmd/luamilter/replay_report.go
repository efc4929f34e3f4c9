package main

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"luamilter/engine/mta"
	"luamilter/protocol"
)

// What becomes of mails without a verdict, for the summary.
const (
	kindUnread   = "not read"
	kindUnjudged = "not judged"
)

// report is what is printed of one mail.
func (r *replay) report(name string, mail *mta.Mail, o *mta.Outcome) result {
	res := result{kind: outcomeKind(o)}
	before, after := *mail, o.Delivered(mail)
	before.Recipients = o.Left // those that were refused are told of in another way
	switch {
	case r.flags.format.value == "json":
		line := mailJSON{Mail: name, MessageID: messageID(mail), Sender: mail.Sender, judgement: judged(o)}
		for _, to := range mail.Recipients {
			line.Recipients = append(line.Recipients, to.Address)
		}
		if r.flags.diff {
			line.Diff = mailDiff(name, before.Text(), after.Text())
		}
		res.text = jsonLine(line)
	case r.several && !r.flags.diff:
		res.text = fmt.Sprintf("%s: %s\n", printable(name), inOneLine(o))
	default:
		var b strings.Builder
		report(&b, name, *o, &before, &after, r.diff(name, &before, &after))
		res.text = b.String()
	}
	return res
}

// diff is a unified diff. In a file it is what patch(1) can apply; a terminal is not given what it would obey.
func (r *replay) diff(name string, before, after *mta.Mail) string {
	text := mailDiff(name, before.Text(), after.Text())
	if r.onTerminal {
		return printableLines(text)
	}
	return text
}

// outcomeKind is what the summary counts.
func outcomeKind(o *mta.Outcome) string {
	if !o.Passed() {
		return o.Verdict.Kind.String() + atStage(o.Stage)
	}
	text := "accept" + atStage(o.Stage)
	switch _, held := quarantine(o); {
	case held:
		return text + ", in quarantine"
	case len(o.Verdict.Changes) == 0:
		return text + ", unchanged"
	}
	return text + ", changed"
}

// quarantine looks for the reason to hold the mail.
func quarantine(o *mta.Outcome) (reason string, held bool) {
	for _, c := range o.Verdict.Changes {
		if c.Code == protocol.ReplyQuarantine {
			reason, held = c.Value, true
		}
	}
	return reason, held
}

// inOneLine is the verdict with its reply, what was changed, and how many recipients were refused.
func inOneLine(o *mta.Outcome) string {
	text := strings.ReplaceAll(withReply(o.Verdict, atStage(o.Stage)), "\n    ", " | ")
	if o.Passed() {
		text = "accept" + atStage(o.Stage)
		if reason, held := quarantine(o); held {
			text += ", in quarantine: " + printable(reason)
		}
		switch n := len(o.Verdict.Changes); n {
		case 0:
			text += ", unchanged"
		default:
			text += ", " + counted(n, "change")
		}
	}
	if n := len(o.Refused); n > 0 {
		text += ", " + counted(n, "recipient") + " refused"
	}
	return text
}

// judgement is an outcome for reading and comparing.
type judgement struct {
	Verdict string            `json:"verdict"`
	Stage   string            `json:"stage"`
	Reply   string            `json:"reply,omitempty"`
	Refused []refusedReceiver `json:"refused,omitempty"`
	Changes []string          `json:"changes,omitempty"`
}

// refusedReceiver is a recipient that the filter refused.
type refusedReceiver struct {
	Recipient string `json:"recipient"`
	Verdict   string `json:"verdict"`
	Reply     string `json:"reply"`
}

func judged(o *mta.Outcome) judgement {
	j := judgement{Verdict: o.Verdict.Kind.String(), Stage: o.Stage.String(), Reply: mta.ReplyTo(o.Verdict).String()}
	if o.Passed() {
		j.Verdict = protocol.VerdictAccept.String()
	}
	for _, r := range o.Refused {
		j.Refused = append(j.Refused, refusedReceiver{r.Address, r.Verdict.Kind.String(), mta.ReplyTo(r.Verdict).String()})
	}
	for _, c := range o.Verdict.Changes {
		j.Changes = append(j.Changes, c.String())
	}
	return j
}

// mailJSON is the line of a mail with --format json.
type mailJSON struct {
	Mail       string   `json:"mail"`
	MessageID  string   `json:"message_id,omitempty"`
	Sender     string   `json:"sender"`
	Recipients []string `json:"recipients"`
	judgement
	Diff string `json:"diff,omitempty"`
}

// failureJSON is the line of a mail on which there is no verdict.
type failureJSON struct {
	Mail  string `json:"mail"`
	Error string `json:"error"`
}

func messageID(m *mta.Mail) string {
	id, _ := m.Field("Message-ID")
	return id
}

// jsonLine is a value as one line that is safe to print.
func jsonLine(value any) string {
	text, err := asJSON(value)
	if err != nil {
		return fmt.Sprintf("{\"error\":%q}\n", err)
	}
	return string(text) + "\n"
}

// print prints the result of a mail, and counts it.
func (r *replay) print(t *task) {
	r.mails++
	r.tally[t.result.kind]++
	r.bar.add(t.behind)
	if err := t.result.err; err != nil {
		r.failed = true
		fmt.Fprintf(r.errOut, "luamilter: %s\n", printable(err.Error()))
		if r.flags.format.value == "json" {
			t.result.text = jsonLine(failureJSON{t.mail.Name, err.Error()})
		}
	}
	fmt.Fprint(r.out, t.result.text)
}

// summary ends the output on several mails: how many there were of each kind, the most first.
func (r *replay) summary(interrupted bool) {
	if interrupted {
		fmt.Fprintln(r.errOut, "luamilter: interrupted: there are more mails")
	}
	if r.flags.format.value == "json" || r.mails == 1 && !r.several && !interrupted {
		return
	}
	if r.before != nil {
		fmt.Fprintf(r.out, "\n%d of %s judged differently\n", r.tally[kindDiffers], counted(r.mails, "mail"))
		delete(r.tally, kindDiffers)
		delete(r.tally, kindSame)
	} else {
		fmt.Fprintf(r.out, "\n%s\n", counted(r.mails, "mail"))
	}
	kinds := slices.SortedFunc(maps.Keys(r.tally), func(a, b string) int {
		if n := r.tally[b] - r.tally[a]; n != 0 {
			return n
		}
		return strings.Compare(a, b)
	})
	for _, kind := range kinds {
		fmt.Fprintf(r.out, "  %d %s\n", r.tally[kind], kind)
	}
	if n := r.now.host.Failures(); n > 0 {
		fmt.Fprintf(r.out, "  %s of a script\n", counted(int(n), "failure"))
	}
}
