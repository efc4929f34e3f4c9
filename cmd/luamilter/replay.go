package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/netip"
	"os"
	"strings"
	"time"

	"luamilter/engine"
	"luamilter/engine/mta"
	"luamilter/protocol"
)

// replayFlags are the flags of replay.
type replayFlags struct {
	hostFlags
	from    string
	hasFrom bool // "" is a sender too
	rcpts   []string
	ip      string
	helo    string
	macros  []string
}

func (f *replayFlags) parse(args []string, out io.Writer) (mails []string, err error) {
	fs := newFlags("replay")
	f.registerScripts(fs)
	fs.StringVar(&f.from, "from", "", "`ADDRESS` of the sender (default that of Return-Path, or of From)")
	fs.StringArrayVar(&f.rcpts, "rcpt", nil,
		"`ADDRESS` of a recipient; may be given several times (default those of To, or postmaster@localhost)")
	fs.StringVar(&f.ip, "ip", "192.0.2.1", "`ADDRESS` of the SMTP client")
	fs.StringVar(&f.helo, "helo", "", "`NAME` that the SMTP client gives in HELO (default the domain of the sender, or localhost)")
	fs.StringArrayVar(&f.macros, "macro", nil, "macro such as auth_authen=joe, `NAME=VALUE`; may be given several times")
	f.registerRunning(fs)
	f.registerLoading(fs)
	if err := parse(fs, args, out, replayHelp); err != nil {
		return nil, err
	}
	f.hasFrom = fs.Changed("from")
	if fs.NArg() == 0 {
		return nil, usageErrorf("no mail: replay takes the names of mail files")
	}
	return fs.Args(), f.validate()
}

func (f *replayFlags) validate() error {
	if _, err := netip.ParseAddr(f.ip); err != nil {
		return usageErrorf("--ip: %q is no IP address", f.ip)
	}
	for _, m := range f.macros {
		if name, _, ok := strings.Cut(m, "="); !ok || strings.Trim(name, "{}") == "" {
			return usageErrorf("--macro: %q is not NAME=VALUE", m)
		}
	}
	return f.needScripts()
}

// replayCommand puts each mail through the filter on a connection of its own.
func replayCommand(args []string, out, errOut io.Writer) error {
	f := replayFlags{hostFlags: defaultHostFlags()}
	files, err := f.parse(args, out)
	if err != nil {
		return err
	}
	handler := newLogHandler(errOut, f.logFormat.value, f.logLevel.value)
	if f.logLevel.value == "info" {
		handler = scriptLog{handler}
	}
	config := f.config(slog.New(handler))
	generation, err := engine.Load(context.Background(), config)
	if err != nil {
		return err
	}
	host := engine.NewHost(config, generation)
	dial, stop := mta.ServeInside(&protocol.Server{
		Handler: host, Log: config.Log,
		MaxConnections: len(files), // the server may still be closing the last one when the next comes
		IdleTimeout:    f.patience(),
	})
	failed := false
	for _, file := range files {
		if err := f.replay(file, dial, out); err != nil {
			fmt.Fprintf(errOut, "luamilter: %s\n", err)
			failed = true
		}
	}
	if err := stop(); err != nil {
		return err
	}
	if failed || host.Failures() > 0 {
		return errReported
	}
	return nil
}

// replay puts one mail through the filter and prints what came of it.
func (f *replayFlags) replay(file string, dial func() (net.Conn, error), out io.Writer) error {
	data, err := readMail(file)
	if err != nil {
		return err
	}
	mail := f.address(mta.ParseMail(data))
	conn, err := dial()
	if err != nil {
		return err
	}
	result, err := f.play(conn, &mail)
	if err != nil {
		conn.Close()
		return fmt.Errorf("%s: %w", file, err)
	}
	before, after := mail, result.Delivered(&mail)
	before.Recipients = result.Left // those that were refused are told of in another way
	report(out, file, result, &before, &after)
	return nil
}

// play sends a mail over a connection of its own.
func (f *replayFlags) play(conn net.Conn, mail *mta.Mail) (mta.Outcome, error) {
	client := protocol.NewClient(conn)
	client.SetTimeout(f.patience())
	session, err := mta.Open(client, f.connection(mail))
	if err != nil {
		return mta.Outcome{}, err
	}
	result, err := session.Send(mail)
	if err == nil {
		_ = session.Quit() // the verdict is there
	}
	return result, err
}

// patience is how long each side of a replay waits for the other: longer than the filter may take, so that its own time
// limits show.
func (f *replayFlags) patience() time.Duration {
	return time.Duration(f.messageTimeout+f.callbackTimeout) + time.Minute
}

// address gives the mail its envelope.
func (f *replayFlags) address(m mta.Mail) mta.Mail {
	m.Sender = m.DefaultSender()
	if f.hasFrom {
		m.Sender = mta.Bare(f.from)
	}
	addresses := f.rcpts
	if len(addresses) == 0 {
		addresses = m.DefaultRecipients()
	}
	for _, a := range addresses {
		m.Recipients = append(m.Recipients, mta.Recipient{Address: mta.Bare(a)})
	}
	return m
}

// connection is the SMTP client that hands over the mail.
func (f *replayFlags) connection(m *mta.Mail) mta.Connection {
	c := mta.Connection{
		Address: netip.MustParseAddr(f.ip).Unmap().WithZone("").String(),
		Helo:    f.helo,
		Macros:  mta.Macros{Always: f.macroPairs()},
	}
	if c.Helo == "" {
		_, c.Helo, _ = strings.Cut(m.Sender, "@")
	}
	return c
}

// macroPairs are the --macro flags as name, value, ... ; MTAs put braces around a name of several letters.
func (f *replayFlags) macroPairs() []string {
	var pairs []string
	for _, m := range f.macros {
		name, value, _ := strings.Cut(m, "=")
		if name = strings.Trim(name, "{}"); len(name) > 1 {
			name = "{" + name + "}"
		}
		pairs = append(pairs, name, value)
	}
	return pairs
}

// readMail reads a mail file; - is standard input.
func readMail(file string) (string, error) {
	var data []byte
	var err error
	if file == "-" {
		data, err = io.ReadAll(os.Stdin)
	} else {
		data, err = os.ReadFile(file)
	}
	var reason *os.PathError
	if errors.As(err, &reason) {
		err = reason.Err
	}
	if err != nil {
		return "", fmt.Errorf("read mail %s: %w", file, err)
	}
	return string(data), nil
}

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
