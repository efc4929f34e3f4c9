package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strings"
	"syscall"
	"time"

	"luamilter/engine/mta"
	"luamilter/protocol"
)

// printExchange prints a command, and its answer if it has one.
func printExchange(out io.Writer, e mta.Exchange) {
	fmt.Fprintf(out, "> %s\n", printable(shortened(commandLine(&e.Event))))
	for i := 0; i+1 < len(e.Macros); i += 2 {
		fmt.Fprintf(out, "    %s=%s\n", printable(e.Macros[i]), printable(shortened(e.Macros[i+1])))
	}
	switch {
	case e.Err != nil || e.Silent:
	case e.Event.Code == protocol.CodeOptNeg:
		fmt.Fprintf(out, "< version %d (%s)\n", e.Options.Version, shortTime(e.Took))
		printOptions(out, "    ", e.Options)
	default:
		printAnswer(out, e)
	}
}

// printOptions prints what was negotiated.
func printOptions(out io.Writer, indent string, o protocol.Options) {
	named := func(bits fmt.Stringer, none bool) string {
		if none {
			return "none"
		}
		return strings.ReplaceAll(bits.String(), "|", " ")
	}
	fmt.Fprintf(out, "%sactions %s\n", indent, named(o.Actions, o.Actions == 0))
	fmt.Fprintf(out, "%ssteps   %s\n", indent, named(o.Steps, o.Steps == 0))
	for stage := protocol.StageConnect; stage <= protocol.StageEOH; stage++ {
		if names, ok := o.Macros[stage]; ok {
			list := strings.Join(names, " ")
			if list == "" {
				list = "none"
			}
			fmt.Fprintf(out, "%smacros  %s: %s\n", indent, stage, printable(list))
		}
	}
}

// commandLine says in words what a command has in it.
func commandLine(ev *protocol.Event) string {
	switch ev.Code {
	case protocol.CodeOptNeg:
		return "NEGOTIATE"
	case protocol.CodeConnect:
		return fmt.Sprintf("CONNECT %s %s %s port %d", ev.Hostname, ev.Family, ev.Address, ev.Port)
	case protocol.CodeHelo:
		return "HELO " + ev.Name
	case protocol.CodeMail:
		return strings.TrimSpace("MAIL FROM:" + ev.Mailbox + " " + strings.Join(ev.Params, " "))
	case protocol.CodeRcpt:
		return strings.TrimSpace("RCPT TO:" + ev.Mailbox + " " + strings.Join(ev.Params, " "))
	case protocol.CodeHeader:
		return "HEADER " + ev.Name + ":" + ev.Value
	case protocol.CodeBody:
		return "BODY " + counted(len(ev.Body), "byte")
	}
	return strings.ToUpper(ev.Code.String())
}

// printAnswer prints a verdict, and in front of it the changes that came with it.
func printAnswer(out io.Writer, e mta.Exchange) {
	for _, c := range e.Answer.Verdict.Changes {
		fmt.Fprintf(out, "< %s\n", printable(shortened(c.String())))
	}
	text := e.Answer.Verdict.Kind.String()
	if reply := e.Answer.Verdict.Reply; reply.Code != 0 {
		text = withReply(e.Answer.Verdict, "")
	}
	if n := e.Answer.Progress; n > 0 {
		text += ", after " + counted(n, "progress message")
	}
	fmt.Fprintf(out, "< %s (%s)\n", text, shortTime(e.Took))
}

// shortTime is a time with as many digits as matter.
func shortTime(d time.Duration) string {
	if d < time.Millisecond {
		return d.Round(time.Microsecond).String()
	}
	return d.Round(100 * time.Microsecond).String()
}

// recordedConn keeps the beginning of what came last, to show it when it is no answer of a milter.
type recordedConn struct {
	net.Conn
	last []byte
	any  bool // something has come at all
}

// Write begins the next answer.
func (c *recordedConn) Write(p []byte) (int, error) {
	c.last = c.last[:0]
	return c.Conn.Write(p)
}

func (c *recordedConn) Read(p []byte) (int, error) {
	const kept = 60
	n, err := c.Conn.Read(p)
	c.any = c.any || n > 0
	c.last = append(c.last, p[:min(n, kept-len(c.last))]...)
	return n, err
}

// explain says of an error of the dialogue what has happened, and shows what came if that was not understood.
func (c *recordedConn) explain(milter string, timeout time.Duration, err error) error {
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded) && !c.any:
		return fmt.Errorf("%s: nothing came in %v: is that a milter?", milter, timeout)
	case errors.Is(err, os.ErrDeadlineExceeded):
		err = fmt.Errorf("%s: no whole answer in %v", place(err), timeout)
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		err = fmt.Errorf("%s: the milter closed the connection", place(err))
	}
	if len(c.last) == 0 {
		return fmt.Errorf("%s: %w", milter, err)
	}
	return fmt.Errorf("%s: %w; what came begins with %q%s", milter, err, c.last, hintOn(string(c.last)))
}

// place is the command that an error concerns, without what the system says.
func place(err error) string {
	name, _, _ := strings.Cut(err.Error(), ": ")
	return name
}

// hintOn guesses who says such a thing.
func hintOn(answer string) string {
	switch {
	case strings.HasPrefix(answer, "220 "), strings.HasPrefix(answer, "220-"):
		return " as an SMTP or FTP server says it"
	case strings.HasPrefix(answer, "HTTP/"):
		return " as an HTTP server says it"
	case strings.HasPrefix(answer, "\x15\x03"):
		return " as TLS says it"
	}
	return ""
}
