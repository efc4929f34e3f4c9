package main

import (
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"
)

// manCommand prints the manual page luamilter(1).
func manCommand(args []string, out, _ io.Writer) error {
	fs := newFlags("man")
	if err := parse(fs, args, out, manHelp); err != nil {
		return err
	}
	if fs.NArg() > 0 {
		return usageErrorf("man takes no arguments")
	}
	_, err := io.WriteString(out, manPage(describeCommands(), pageDate(os.Getenv("SOURCE_DATE_EPOCH"))))
	return err
}

// pageDate is today, or the date of the source where a build says it, so that each build of it gives the same page.
func pageDate(epoch string) string {
	date := time.Now()
	if seconds, err := strconv.ParseInt(epoch, 10, 64); err == nil {
		date = time.Unix(seconds, 0)
	}
	return date.UTC().Format(time.DateOnly)
}

// manPage says of each subcommand what its help says.
func manPage(commands []description, date string) string {
	var r roff
	fmt.Fprintf(&r, ".TH LUAMILTER 1 %s \"luamilter %s\" \"User Commands\"\n", date, version())
	r.request("nh") // a flag or a path is typed as it stands
	r.request("SH", "NAME")
	r.text("luamilter - Lua scripts as a milter for Postfix and Sendmail")
	r.request("SH", "SYNOPSIS")
	r.literal(synopsis(commands))
	r.help(manDescription)
	r.request("SH", "COMMANDS")
	for _, c := range commands {
		r.request("SS", "luamilter "+c.name)
		if c.help == "" {
			r.text(sentence(c.summary))
		}
		before, after, _ := strings.Cut(manReplacer.Replace(c.help), "%s")
		r.help(before)
		r.flags(c.flags)
		r.help(after)
	}
	r.help(manRest)
	return r.String()
}

// manReplacer takes out of a help what the page shows by its form, or says once for all commands.
var manReplacer = strings.NewReplacer("Usage:\n", "", "Flags:\n", "", environmentHelp, "")

func synopsis(commands []description) (lines []string) {
	for _, c := range commands {
		if c.usage != "" {
			lines = append(lines, "luamilter "+c.usage)
		}
	}
	return lines
}

// sentence makes one of a summary.
func sentence(summary string) string {
	return strings.ToUpper(summary[:1]) + summary[1:] + "."
}

// flags lists flags with their defaults.
func (r *roff) flags(flags []*pflag.Flag) {
	for _, f := range flags {
		name, usage := pflag.UnquoteUsage(f)
		if value := shownDefault(f); value != "" {
			usage += " (default " + value + ")"
		}
		if _, ok := flagTakes(f); !ok {
			name = ""
		}
		r.item("--"+f.Name, name)
		r.text(usage)
	}
}

// shownDefault is the default of a flag; "" where it says nothing.
func shownDefault(f *pflag.Flag) string {
	switch f.DefValue {
	case "0", "false", "true", "[]":
		return ""
	}
	if repeats(f) {
		return strings.Trim(f.DefValue, "[]")
	}
	return f.DefValue
}

const manHelp = `Prints the manual page luamilter(1) for man: luamilter man | man -l -

Usage:
  luamilter man
%s`

// manDescription and manRest are written as help texts are; a line in capitals is a heading.
const manDescription = `DESCRIPTION

luamilter runs Lua scripts as a mail filter (a milter) for Postfix and Sendmail: they can reject,
delay, change, discard or quarantine each message before it is accepted. Without a command it runs
the milter.
`

const manRest = `ENVIRONMENT

` + environmentHelp + `
SIGNALS

SIGHUP loads the scripts of a running milter again; one that does not load leaves the old ones at
work. SIGTERM and SIGINT stop accepting and let the messages in flight end, for --shutdown-timeout;
a second one exits at once.

FILES

  /etc/luamilter/filter.lua        the filter of the service
  /etc/default/luamilter           its flags, as LUAMILTER_ variables
  /var/lib/luamilter               the working folder of the service
  /run/luamilter                   its unix sockets, where --listen or --admin name some there
  /usr/share/luamilter/scripts     ready filters

EXIT STATUS

0 fine, 1 failed, 2 wrong usage.

EXAMPLES

A filter is checked, tried on a mail, and run:

  luamilter check filter.lua
  luamilter replay --script filter.lua mail.eml
  luamilter --script filter.lua --listen inet:127.0.0.1:7357

Postfix is told of it in main.cf:

  smtpd_milters = inet:127.0.0.1:7357
  non_smtpd_milters = inet:127.0.0.1:7357

SEE ALSO

postconf(5), lua(1)
`
