package luatest

import (
	"fmt"
	"io"
	"strings"
	"time"
)

// Report prints what came of test files, one after the other.
type Report struct {
	Out     io.Writer
	Verbose bool // each case, with its log lines and the time of its callbacks

	files, passed, failed, left int
}

// Add prints one file, unless all its cases were left out.
func (r *Report) Add(f *File) {
	r.left += f.Left
	if f.Problem == "" && len(f.Cases) == 0 {
		return
	}
	r.files++
	r.failed += f.Failed()
	r.passed += len(f.Cases)
	if f.Problem == "" {
		r.passed -= f.Failed()
	}
	switch {
	case f.Problem != "":
		fmt.Fprintf(r.Out, "FAIL  %s\n%s", printable(f.Path), indented(f.Problem, "    "))
	case f.Failed() > 0:
		fmt.Fprintf(r.Out, "FAIL  %s  %d of %s failed  %s\n", printable(f.Path), f.Failed(), plural(len(f.Cases), "case"), short(f.Took))
	default:
		fmt.Fprintf(r.Out, "ok    %s  %s  %s\n", printable(f.Path), plural(len(f.Cases), "case"), short(f.Took))
	}
	for i := range f.Cases {
		r.addCase(&f.Cases[i])
	}
}

func (r *Report) addCase(c *Case) {
	word := "ok  "
	if len(c.Failures) > 0 {
		word = "FAIL"
	} else if !r.Verbose {
		return
	}
	fmt.Fprintf(r.Out, "  %s  %s  %s\n", word, printable(strings.ReplaceAll(c.Name, "\n", " ")), short(c.Took))
	for _, f := range c.Failures {
		fmt.Fprint(r.Out, f.text("    "))
	}
	for _, l := range c.Log {
		fmt.Fprintf(r.Out, "    log: %s\n", l)
	}
	if r.Verbose {
		for _, calls := range c.Callbacks {
			fmt.Fprintf(r.Out, "    %s: %s, %s\n", calls.Name, plural(calls.Count, "call"), short(calls.Took))
		}
	}
}

// text is the failure with its place and the line there.
func (f *Failure) text(indent string) string {
	if f.Place == "" {
		return indented(f.Text, indent)
	}
	return fmt.Sprintf("%s%s: %s\n%s", indent, printable(f.Place), f.Source, indented(f.Text, indent+"  "))
}

// String is the line as the log of a running host has it, without what is the same in all lines.
func (l Line) String() string {
	var b strings.Builder
	b.WriteString(l.Level + " " + l.Text)
	if l.Callback != "" {
		b.WriteString(" callback=" + l.Callback)
	}
	for _, f := range l.Fields {
		fmt.Fprintf(&b, " %s=%q", f.Name, f.Value)
	}
	return cut(printable(strings.ReplaceAll(b.String(), "\n", " ")), mostShown)
}

// Summary prints how many cases there were.
func (r *Report) Summary() { fmt.Fprintf(r.Out, "%s\n", r.Counts()) }

// Counts is the summary as text.
func (r *Report) Counts() string {
	text := fmt.Sprintf("%d passed, %d failed in %s", r.passed, r.failed, plural(r.files, "file"))
	if r.left > 0 {
		text += fmt.Sprintf(", %d left out", r.left)
	}
	return text
}

// Failed says that a case failed, or a file could not be run.
func (r *Report) Failed() bool { return r.failed > 0 }

// Empty says that no case ran at all.
func (r *Report) Empty() bool { return r.passed+r.failed == 0 }

func indented(text, indent string) string {
	return indent + strings.ReplaceAll(text, "\n", "\n"+indent) + "\n"
}

func plural(n int, what string) string {
	if n == 1 {
		return "1 " + what
	}
	return fmt.Sprintf("%d %ss", n, what)
}

// short is a duration to three digits or so.
func short(d time.Duration) string {
	for _, unit := range []time.Duration{time.Second, time.Millisecond, time.Microsecond} {
		if d >= unit {
			return d.Round(unit / 100).String()
		}
	}
	return d.String()
}
