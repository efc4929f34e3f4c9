package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"syscall"
	"time"

	"luamilter/engine/mta"
	"luamilter/protocol"
)

// sendFlags are the flags of send.
type sendFlags struct {
	envelopeFlags
	milter  string
	timeout timeLimit
	version word

	network, socket string // of the milter
}

func (f *sendFlags) parse(args []string, out io.Writer) (file string, err error) {
	fs := newFlags("send")
	fs.StringVar(&f.milter, "milter", "inet:127.0.0.1:7357", "`ADDR` where the milter listens, as main.cf has it")
	f.envelopeFlags.register(fs)
	fs.Var(&f.timeout, "timeout", "longest `TIME` to wait for the milter each time")
	fs.Var(&f.version, "protocol", "newest `VERSION` of the protocol that is offered: 2, 3, 4 or 6, as milter_protocol of Postfix")
	if err := parse(fs, args, out, sendHelp); err != nil {
		return "", err
	}
	switch {
	case fs.NArg() == 0:
		return "", usageErrorf("no mail: send takes the name of a mail file, or - for standard input")
	case fs.NArg() > 1:
		return "", usageErrorf("more than one mail: %q", fs.Arg(1))
	}
	if f.network, f.socket, err = protocol.ParseAddr(f.milter); err != nil {
		return "", usageErrorf("--milter: %w", err)
	}
	if f.network == "fd" || f.network == "systemd" {
		return "", usageErrorf("--milter: %s is an address to listen at, not one to connect to", f.milter)
	}
	return fs.Arg(0), f.envelopeFlags.validate(fs)
}

// sendCommand sends one mail to a milter that runs, and prints the dialogue.
func sendCommand(args []string, out, errOut io.Writer) error {
	f := sendFlags{timeout: timeLimit(30 * time.Second), version: word{"6", []string{"2", "3", "4", "6"}}}
	file, err := f.parse(args, out)
	if err != nil {
		return err
	}
	data, err := readInput("mail", file)
	if err != nil {
		return err
	}
	mail := f.address(mta.ParseMail(data))
	conn, err := f.dial()
	if err != nil {
		return err
	}
	defer conn.Close()
	o, err := f.play(conn, &mail, out)
	if err != nil {
		return errors.New(printable(conn.explain(f.milter, time.Duration(f.timeout), err).Error()))
	}
	before, after := mail, o.Delivered(&mail)
	before.Recipients = o.Left
	diff := mailDiff(file, before.Text(), after.Text())
	if isTerminal(out) {
		diff = printableLines(diff)
	}
	fmt.Fprintln(out)
	report(out, file, o, &before, &after, diff)
	return nil
}

// play tells the session, and prints each command with its answer.
func (f *sendFlags) play(conn net.Conn, mail *mta.Mail, out io.Writer) (mta.Outcome, error) {
	client := protocol.NewClient(conn)
	client.SetTimeout(time.Duration(f.timeout))
	from := f.connection(mail)
	from.Offer = mta.OfferOf(uint32(f.version.value[0] - '0'))
	from.Observe = func(e mta.Exchange) { printExchange(out, e) }
	session, err := mta.Open(client, from)
	if err != nil {
		return mta.Outcome{}, err
	}
	o, err := session.Send(mail)
	if err != nil {
		return mta.Outcome{}, err
	}
	if err := session.Quit(); err != nil && o.Verdict.Kind != protocol.VerdictShutdown {
		return mta.Outcome{}, fmt.Errorf("quit: %w", err)
	}
	return o, nil
}

// dial connects to the milter.
func (f *sendFlags) dial() (*recordedConn, error) {
	conn, err := net.DialTimeout(f.network, f.socket, time.Duration(f.timeout))
	if err != nil {
		return nil, dialError(f.milter, "start the milter, or say with --milter where it is", err)
	}
	return &recordedConn{Conn: conn}, nil
}

// dialError says what to do about an address where nobody can be reached.
func dialError(address, remedy string, err error) error {
	var failure *net.OpError
	switch {
	case errors.Is(err, syscall.ECONNREFUSED):
		return fmt.Errorf("nothing listens at %s: %s", address, remedy)
	case errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("there is no socket at %s: %s", address, remedy)
	case errors.Is(err, os.ErrPermission):
		return fmt.Errorf("this user may not open %s: see --socket-mode and --socket-group of luamilter run", address)
	case errors.As(err, &failure):
		err = failure.Err
	}
	return fmt.Errorf("connect to %s: %w", address, err)
}

const sendHelp = `Sends one mail to a milter that runs, as an MTA would, and prints what is said: each line that
begins with ">" is a command, with the macros that go with it below; each that begins with "<" is
the answer and how long it took. At the end stand the verdict, and what has become of the mail.

Usage:
  luamilter send [--milter ADDR] MAIL [flags]

MAIL is a file with a mail, its lines ended by LF or CRLF; - is standard input. ADDR is written as
for --listen of luamilter run.

Flags:
%s
` + environmentHelp + `
Exit codes: 0 fine, whatever the verdict; 1 the mail cannot be read, or the milter cannot be
reached, does not answer, or breaks the protocol; 2 wrong usage.
`
