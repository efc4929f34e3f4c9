package main

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"net"
	"os/exec"
	"regexp"
	"strings"
	"syscall"

	"github.com/rogpeppe/go-internal/testscript"

	"luamilter/protocol"
)

// cmdDeliver sends one message as an MTA does: "deliver ADDR ID SENDER RECIPIENT..." with - for no queue id. What was
// answered is then stdout.
func cmdDeliver(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 4 {
		ts.Fatalf("usage: deliver ADDR ID SENDER RECIPIENT...")
	}
	network, address, err := protocol.ParseAddr(args[0])
	ts.Check(err)
	if network == "unix" {
		address = ts.MkAbs(address)
	}
	conn, err := net.DialTimeout(network, address, patience)
	ts.Check(err)
	defer conn.Close()
	mta := protocol.NewClient(conn)
	mta.SetTimeout(patience)
	_, err = mta.Negotiate(protocol.Offer{Version: protocol.Version, Actions: protocol.AllActions, Steps: protocol.AllSteps})
	ts.Check(err)
	say := func(step string, a protocol.Answer, err error) bool {
		ts.Check(err)
		if a.Verdict.Kind != protocol.VerdictContinue {
			fmt.Fprintf(ts.Stdout(), "%s: %s %s\n", step, a.Verdict.Kind, a.Verdict.Reply)
		}
		return a.Verdict.Kind == protocol.VerdictContinue
	}
	a, err := mta.Connect("mx.example", protocol.FamilyInet, 1025, "192.0.2.1")
	if !say("connect", a, err) {
		return
	}
	a, err = mta.Helo("helo.example")
	say("helo", a, err)
	if a, err = mta.Mail("<" + args[2] + ">"); !say("mail", a, err) {
		return
	}
	if args[1] != "-" {
		ts.Check(mta.Macros(protocol.CodeRcpt, "i", args[1]))
	}
	for _, r := range args[3:] {
		a, err = mta.Rcpt("<" + r + ">")
		say("rcpt", a, err)
	}
	for _, name := range []string{"Subject", "To", "X"} {
		a, err = mta.Header(name, "some value")
		say("header", a, err)
	}
	a, err = mta.Body("body\r\n")
	say("body", a, err)
	a, err = mta.EOM()
	say("eom", a, err)
	fmt.Fprintf(ts.Stdout(), "changes: %d\n", len(a.Verdict.Changes))
	ts.Check(mta.Quit())
}

// tailing is a luamilter tail that a transcript has in the background.
type tailing struct {
	cmd    *exec.Cmd
	stdout *bufio.Reader
	stderr *bufio.Reader
}

type tailingKey struct{}

// cmdTail follows a milter: "tail start ARG..." runs luamilter tail, "tail line REGEXP" wants its next line to match, "tail
// said REGEXP" the next one on its stderr, and "tail stop" interrupts it, to which it must exit with 0 and nothing more.
func cmdTail(ts *testscript.TestScript, neg bool, args []string) {
	t := ts.Value(tailingKey{}).(*tailing)
	switch {
	case !neg && len(args) > 0 && args[0] == "start":
		t.start(ts, args[1:])
	case !neg && len(args) == 2 && args[0] == "line":
		wantLine(ts, t.stdout, args[1])
	case !neg && len(args) == 2 && args[0] == "said":
		wantLine(ts, t.stderr, args[1])
	case !neg && len(args) == 1 && args[0] == "stop":
		ts.Check(t.cmd.Process.Signal(syscall.SIGINT))
		for _, r := range []io.Reader{t.stdout, t.stderr} {
			if rest, err := io.ReadAll(r); err != nil || len(rest) > 0 {
				ts.Fatalf("got %q and %v, want nothing more", rest, err)
			}
		}
		ts.Check(t.cmd.Wait())
	default:
		ts.Fatalf("usage: tail start ARG... | tail line REGEXP | tail said REGEXP | tail stop")
	}
}

func (t *tailing) start(ts *testscript.TestScript, args []string) {
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	ts.Defer(cancel)
	t.cmd = exec.CommandContext(ctx, "luamilter", append([]string{"tail"}, args...)...)
	t.cmd.Dir = ts.MkAbs(".")
	t.cmd.Env = []string{"PATH=" + ts.Getenv("PATH"), "GORACE=" + ts.Getenv("GORACE"), "LUAMILTER_ADMIN=" + ts.Getenv("LUAMILTER_ADMIN")}
	stdout, err := t.cmd.StdoutPipe()
	ts.Check(err)
	stderr, err := t.cmd.StderrPipe()
	ts.Check(err)
	t.stdout, t.stderr = bufio.NewReader(stdout), bufio.NewReader(stderr)
	ts.Check(t.cmd.Start())
	ts.Defer(func() {
		if t.cmd.ProcessState == nil {
			_ = t.cmd.Process.Kill()
			_ = t.cmd.Wait()
		}
	})
}

func wantLine(ts *testscript.TestScript, r *bufio.Reader, want string) {
	line, err := r.ReadString('\n')
	if err != nil {
		ts.Fatalf("got %q and %v, want a line %s", line, err, want)
	}
	if !regexp.MustCompile(want).MatchString(strings.TrimSuffix(line, "\n")) {
		ts.Fatalf("got %q, want %s", line, want)
	}
}
