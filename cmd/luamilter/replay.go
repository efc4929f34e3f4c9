package main

import (
	"errors"
	"io"
	"log/slog"
	"time"

	"luamilter/engine/mailbox"
)

// replayFlags are the flags of replay.
type replayFlags struct {
	hostFlags
	envelopeFlags
	compare []string
	diff    bool
	jobs    count
	format  word
}

func (f *replayFlags) parse(args []string, out io.Writer) (mails []string, err error) {
	fs := newFlags("replay")
	f.registerScripts(fs)
	fs.StringArrayVar(&f.compare, "compare", nil,
		"Lua `FILE` of the version before: only mails that it judged differently are shown; may be given several times")
	fs.BoolVar(&f.diff, "diff", false, "show each mail before and after as a unified diff (default for a single mail)")
	fs.Var(&f.jobs, "jobs", "`NUMBER` of mails in the filter at once; 0: by core count")
	fs.Var(&f.format, "format", "`FORMAT` of the output: text, or json with one object a line")
	f.envelopeFlags.register(fs)
	f.registerRunning(fs)
	f.registerLoading(fs)
	if err := parse(fs, args, out, replayHelp); err != nil {
		return nil, err
	}
	if fs.NArg() == 0 {
		return nil, usageErrorf("no mail: replay takes the names of mail files, mboxes, Maildirs and folders")
	}
	if err := f.envelopeFlags.validate(fs); err != nil {
		return nil, err
	}
	return fs.Args(), f.needScripts()
}

// replayCommand puts each mail through the filter on a connection of its own.
func replayCommand(args []string, out, errOut io.Writer) error {
	f := replayFlags{hostFlags: defaultHostFlags(), format: word{"text", []string{"text", "json"}}}
	paths, err := f.parse(args, out)
	if err != nil {
		return err
	}
	r := &replay{flags: &f, sources: mailbox.Find(paths), onTerminal: isTerminal(out), tally: map[string]int{}}
	r.bar = newProgressBar(errOut, r.size())
	r.out, r.errOut = r.bar.over(out), r.bar.over(errOut)
	config := f.config(slog.New(f.logHandler(r.errOut)))
	if r.now, err = newJudge(config, f.patience()); err != nil {
		return err
	}
	if len(f.compare) > 0 {
		config.Scripts = f.compare
		if r.before, err = newJudge(config, f.patience()); err != nil {
			return errors.Join(err, r.now.close())
		}
	}
	return errors.Join(r.run(), r.close())
}

// patience is how long each side of a replay waits for the other: longer than the filter may take, so that its own time
// limits show.
func (f *replayFlags) patience() time.Duration {
	return time.Duration(f.messageTimeout+f.callbackTimeout) + time.Minute
}

// logHandler keeps of the host's information only what comes from a script, unless all is asked for.
func (f *replayFlags) logHandler(w io.Writer) slog.Handler {
	handler := newLogHandler(w, f.logFormat.value, f.logLevel.value)
	if f.logLevel.value == "info" {
		return scriptLog{handler}
	}
	return handler
}

const replayHelp = `Puts mails through a filter as an MTA would, and prints the verdict, the reply, and the changes:
those of the envelope as SMTP commands, those of the mail as a unified diff.

Usage:
  luamilter replay --script FILE [--script FILE ...] MAIL... [flags]
  luamilter replay --script FILE --compare OLD_FILE MAIL... [flags]

MAIL is a file with a mail, its lines ended by LF or CRLF, an mbox file, a Maildir (with the folders
in it), or a folder of .eml files; - is standard input, a mail or an mbox. The mails of an mbox are
called FILE#1, FILE#2 and so on. A mail larger than --max-message-size is not read.

Of a single mail the diff is shown. Several get a line each, in their order, and a summary; --diff
shows the diffs as well. They go through the filter --jobs at a time, each on a connection of its
own. With --compare both versions judge each mail; shown are those that they judge differently, in
verdict, stage, reply, refused recipients or changes. SIGINT ends it with the summary so far.

Flags:
%s
` + environmentHelp + `
Macros are sent with every command, as if the MTA were configured so; a script that asks for
certain macros with negotiate{macros=...} gets only these.

Exit codes: 0 fine, whatever the verdict; 1 a mail cannot be read, or a script does not load or
fails, or it was interrupted; 2 wrong usage.
`
