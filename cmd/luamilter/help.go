package main

import (
	"fmt"
	"io"
	"strings"
)

// helpCommand prints the overview, or the help of the command that is named.
func helpCommand(args []string, out, errOut io.Writer) error {
	if len(args) > 0 {
		for _, c := range commands() {
			if c.name == args[0] && c.name != "help" {
				return c.run([]string{"--help"}, out, errOut)
			}
		}
		if args[0] != "--help" && args[0] != "-h" {
			return usageErrorf("there is no command %q", args[0])
		}
	}
	var list strings.Builder
	for _, c := range commands() {
		fmt.Fprintf(&list, "  %-12s %s\n", c.name, c.summary)
	}
	fmt.Fprintf(out, overview, list.String())
	return nil
}

const overview = `luamilter runs Lua scripts as a milter for Postfix and Sendmail.

Usage:
  luamilter [run] --script FILE [--script FILE ...] [--listen ADDR ...] [flags]
  luamilter check FILE...
  luamilter replay --script FILE MAIL...
  luamilter open-header --key FILE [MAIL]
  luamilter version

Commands:
%s
luamilter COMMAND --help lists the flags of a command.

Exit codes: 0 fine, 1 failed, 2 wrong usage.
`

const runHelp = `Runs the milter.

Usage:
  luamilter [run] --script FILE [--script FILE ...] [--listen ADDR ...] [flags]

Flags:
%s
` + environmentHelp + `
ADDR is one of
  inet:PORT@HOST  inet6:PORT@HOST    a TCP port, as Sendmail writes it
  inet:HOST:PORT  inet:[IPV6]:PORT   a TCP port, as Postfix writes it
  inet:PORT                          a TCP port on every IPv4 address
  unix:/PATH  local:/PATH  /PATH     a unix socket
  fd:N                               a listening socket that was inherited
  systemd                            the sockets of a systemd socket unit

Callbacks of several scripts run in the order of --script. After start the lines for main.cf
and sendmail.mc are printed.

SIGHUP loads the scripts again; one that does not load leaves the old ones at work. SIGTERM and
SIGINT let messages in flight end; a second one exits at once.

--admin takes the same forms of ADDR, except systemd, for HTTP: GET /healthz, GET /status (JSON),
GET /metrics (Prometheus), and POST /reload, which waits for the outcome. Nobody is asked for a
password, so an address that other machines reach also wants --admin-allow-remote.

Exit codes: 0 fine, 1 failed, 2 wrong usage.
`

const checkHelp = `Loads and lints scripts, each on its own, and prints what they define and what is negotiated
with an MTA for them. Problems are printed as "file:line: message".

Usage:
  luamilter check FILE... [flags]

Flags:
%s
` + environmentHelp + `
Exit codes: 0 fine (there may be warnings), 1 a script does not load, 2 wrong usage.
`

const replayHelp = `Puts mails through a filter as an MTA would, and prints the verdict, the reply, and the changes:
those of the envelope as SMTP commands, those of the mail as a unified diff.

Usage:
  luamilter replay --script FILE [--script FILE ...] MAIL... [flags]

MAIL is a file with a mail, its lines ended by LF or CRLF; - is standard input.

Flags:
%s
` + environmentHelp + `
Macros are sent with every command, as if the MTA were configured so; a script that asks for
certain macros with negotiate{macros=...} gets only these.

Exit codes: 0 fine, whatever the verdict; 1 a mail cannot be read, or a script does not load or
fails; 2 wrong usage.
`

const openHeaderHelp = `Prints, as a line of JSON for each, what the filter encrypted_header.lua has put into header fields
of a mail; only the owner of the private key can.

Usage:
  luamilter open-header --key FILE [--field NAME] [MAIL]
  luamilter open-header --new-key FILE

MAIL is a file with a mail, or with its header; - is standard input, which is read if there is
none. With --new-key it makes a key, and prints the public one as a line for the filter.

Flags:
%s
` + environmentHelp + `
Exit codes: 0 fine; 1 there is no such field, or one that this key does not open; 2 wrong usage.
`

const versionHelp = `Prints the version.

Usage:
  luamilter version
%s`

const environmentHelp = `Each flag is also read from the environment: --on-error from LUAMILTER_ON_ERROR and so on, lists
separated by commas. A flag on the command line wins; an empty variable counts as not set.
`
