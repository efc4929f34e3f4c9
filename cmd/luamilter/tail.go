package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os/signal"
	"strconv"
	"syscall"
	"time"

	"luamilter/engine"
)

// tailCommand follows what a running milter decides, until it is interrupted.
func tailCommand(args []string, out, errOut io.Writer) error {
	t := tail{out: out, errOut: errOut, format: word{"text", []string{"text", "json"}}}
	if err := t.parse(args, out); err != nil {
		return err
	}
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second signal does not wait for who reads the output
	return t.follow(ctx)
}

// tail is what the command is told, and how far it is.
type tail struct {
	out, errOut io.Writer
	admin       string
	matches     []string
	format      word
	last        count

	client    *adminClient
	connected bool      // at some time
	lost      bool      // the connection, and that was said
	newest    time.Time // of the entries that were seen; of the first connection before one was
}

func (t *tail) parse(args []string, out io.Writer) (err error) {
	fs := newFlags("tail")
	fs.StringVar(&t.admin, "admin", "", "`ADDR` of the admin server of the running milter")
	fs.StringArrayVar(&t.matches, "match", nil, "show only what matches `KEY=PATTERN`; may be given several times")
	fs.Var(&t.last, "last", "show the last `NUMBER` first")
	fs.Var(&t.format, "format", "`FORMAT` of a line: text or json")
	if err := parse(fs, args, out, tailHelp); err != nil {
		return err
	}
	if fs.NArg() > 0 {
		return usageErrorf("tail takes no argument %q; see --match", fs.Arg(0))
	}
	if _, err := engine.ParseMatches(t.matches); err != nil {
		return usageErrorf("--match: %w", err)
	}
	t.client, err = newAdminClient(t.admin)
	return err
}

// tailPause is the time between two tries to reach a milter that is gone.
const tailPause = time.Second

// follow goes on when the milter restarts.
func (t *tail) follow(ctx context.Context) error {
	for {
		err := t.stream(ctx)
		var refused *answerError
		switch {
		case ctx.Err() != nil:
			return nil
		case !t.connected, errors.As(err, &refused) && refused.status != http.StatusServiceUnavailable, errors.Is(err, errOutput):
			return err
		case !t.lost:
			t.lost = true
			fmt.Fprintf(t.errOut, "luamilter: %v; trying again until it is back\n", err)
		}
		select {
		case <-ctx.Done():
			return nil
		case <-time.After(tailPause):
		}
	}
}

// errOutput says that nobody takes what is printed.
var errOutput = errors.New("cannot write")

// tailPatience is how long nothing may come from the milter, which has a heartbeat.
const tailPatience = 4 * eventBeat

var errSilent = fmt.Errorf("nothing has come from it for %v", tailPatience)

// stream prints what one connection brings.
func (t *tail) stream(ctx context.Context) error {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	body, err := t.client.get(ctx, "/events?"+t.query().Encode())
	if err != nil {
		return err
	}
	defer body.Close()
	if t.lost {
		fmt.Fprintf(t.errOut, "luamilter: it is back at %s\n", t.admin)
	}
	if !t.connected {
		t.newest = time.Now()
	}
	t.connected, t.lost = true, false
	silent := time.AfterFunc(tailPatience, func() { cancel(errSilent) })
	defer silent.Stop()
	err = readEvents(body, func() { silent.Reset(tailPatience) }, t.event)
	switch {
	case errors.Is(err, errOutput):
		return err
	case context.Cause(ctx) != nil:
		err = context.Cause(ctx)
	case err == nil:
		err = errors.New("it has ended")
	}
	return fmt.Errorf("lost luamilter at %s: %w", t.admin, err)
}

// query asks for the last entries at first, and later for those that came while there was no connection.
func (t *tail) query() url.Values {
	q := url.Values{"match": t.matches}
	if t.connected {
		q.Set("after", t.newest.Format(time.RFC3339Nano))
	} else {
		q.Set("last", strconv.Itoa(t.last.value))
	}
	return q
}

// event prints one event.
func (t *tail) event(name string, data []byte) error {
	switch name {
	case eventGap:
		var gap gapEvent
		if err := json.Unmarshal(data, &gap); err != nil {
			return fmt.Errorf("read event %s: %w", name, err)
		}
		fmt.Fprintf(t.errOut, "luamilter: %d messages are left out: they came faster than they could be shown\n", gap.Missed)
		return nil
	case eventEntry:
		return t.print(data)
	}
	return nil // of a later version
}

func (t *tail) print(data []byte) error {
	var e engine.Entry
	if err := json.Unmarshal(data, &e); err != nil {
		return fmt.Errorf("read event %s: %w", eventEntry, err)
	}
	t.newest = e.Time
	line := entryLine(&e)
	if t.format.value == "json" {
		text, err := asJSON(&e)
		if err != nil {
			return err
		}
		line = string(text)
	}
	if _, err := fmt.Fprintln(t.out, line); err != nil {
		return fmt.Errorf("%w: %w", errOutput, err)
	}
	return nil
}

const tailHelp = `Follows a running milter: prints a line for each message as it ends, and for each connection
and recipient that a script refuses.

Usage:
  luamilter tail [--admin ADDR] [--match KEY=PATTERN ...] [flags]

Flags:
%s
` + environmentHelp + `
ADDR is what the milter was given as --admin. A line says: the time, the verdict with the SMTP
stage if that is not the end of the message, the queue id, the client, sender and recipients, the
reply, the line of Lua that decided, how many changes were made, and the time that all callbacks
took. luamilter explain QUEUEID tells more of one.

In --match, KEY is one of
  sender recipient client helo    as in the line; client by name or by address
  verdict stage reply             such as reject, mail, 550*
  line                            of Lua that decided: filter.lua:12, or filter.lua for any
  id                              the queue id, or the connection's name in the log
  kind                            message, recipient or connection
and * in PATTERN stands for any text; case does not matter. KEY!=PATTERN shows what does not match.
Several have to match all: --match 'sender=*@spam.example' --match verdict=reject

When the milter restarts, tail waits for it and goes on with what came meanwhile. It ends when it
is interrupted (Ctrl-C).

Exit codes: 0 fine, 1 failed, 2 wrong usage.
`
