package main

import (
	"errors"
	"net"
	"os"
	"strings"
	"syscall"
	"testing"

	"luamilter/engine/mta"
	"luamilter/protocol"
)

func TestDialErrorSaysWhatToDo(t *testing.T) {
	for _, c := range []struct {
		name  string
		cause error
		want  string
	}{
		{"nobody listens", syscall.ECONNREFUSED, "nothing listens at unix:s: start the milter"},
		{"there is no socket", syscall.ENOENT, "there is no socket at unix:s: start the milter"},
		{"it is the socket of others", syscall.EACCES, "this user may not open unix:s: see --socket-mode"},
		{"something else", syscall.EHOSTUNREACH, "connect to unix:s: connect: no route to host"},
		{"no answer", os.ErrDeadlineExceeded, "connect to unix:s: i/o timeout"},
	} {
		t.Run(c.name, func(t *testing.T) {
			cause := c.cause
			if number, ok := cause.(syscall.Errno); ok {
				cause = os.NewSyscallError("connect", number)
			}
			err := dialError("unix:s", "start the milter", &net.OpError{Op: "dial", Net: "unix", Err: cause})
			if !strings.HasPrefix(err.Error(), c.want) {
				t.Errorf("got %q, want %q", err, c.want)
			}
		})
	}
}

func TestAnExchangeGivesTheTerminalNoOrders(t *testing.T) {
	const order = "\x1b[2J"
	reply := protocol.Reply{Code: 550, Lines: []string{order}}
	for _, e := range []mta.Exchange{
		{Event: protocol.Event{Code: protocol.CodeOptNeg}, Options: protocol.Options{Macros: map[protocol.Stage][]string{protocol.StageMail: {order}}}},
		{Event: protocol.Event{Code: protocol.CodeConnect, Hostname: order}, Err: errors.New("x")},
		{Event: protocol.Event{Code: protocol.CodeHelo, Name: order}},
		{Event: protocol.Event{Code: protocol.CodeMail, Mailbox: order, Params: []string{order}}, Macros: []string{order, order}},
		{Event: protocol.Event{Code: protocol.CodeHeader, Name: "X", Value: order + "\n " + order}},
		{Answer: protocol.Answer{Verdict: protocol.Verdict{Kind: protocol.VerdictReject, Reply: reply}}},
		{Answer: protocol.Answer{Verdict: protocol.Verdict{Changes: []protocol.Change{{Code: protocol.ReplyAddHeader, Name: order, Value: order}}}}},
	} {
		var out strings.Builder
		printExchange(&out, e)
		if strings.Contains(out.String(), "\x1b") {
			t.Errorf("%v: %q", e.Event.Code, out.String())
		}
	}
}
