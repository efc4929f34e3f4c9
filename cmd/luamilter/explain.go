package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/url"
	"slices"

	"luamilter/engine"
)

// explainCommand tells of a message how the running milter came to its verdict.
func explainCommand(args []string, out, _ io.Writer) error {
	var address string
	format := word{"text", []string{"text", "json"}}
	fs := newFlags("explain")
	fs.StringVar(&address, "admin", "", "`ADDR` of the admin server of the running milter")
	fs.Var(&format, "format", "`FORMAT`: text or json")
	if err := parse(fs, args, out, explainHelp); err != nil {
		return err
	}
	if fs.NArg() != 1 || fs.Arg(0) == "" {
		return usageErrorf("explain takes one argument, the queue id of a message")
	}
	client, err := newAdminClient(address)
	if err != nil {
		return err
	}
	entries, err := client.find(fs.Arg(0))
	if err != nil {
		return err
	}
	for i, e := range entries {
		if format.value == "json" {
			text, err := asJSON(e)
			if err != nil {
				return err
			}
			fmt.Fprintf(out, "%s\n", text)
			continue
		}
		if i > 0 {
			fmt.Fprintln(out)
		}
		writeEntry(out, e)
	}
	return nil
}

// mostAnswer bounds what is read of an answer: 100 entries of 48 KiB, each byte of which may be escaped.
const mostAnswer = 32 << 20

// find asks for the entries of a queue id or of a connection, oldest first.
func (c *adminClient) find(id string) ([]*engine.Entry, error) {
	ctx, cancel := context.WithTimeout(context.Background(), 3*adminAnswerTime)
	defer cancel()
	body, err := c.get(ctx, "/messages/"+url.PathEscape(id))
	if err != nil {
		return nil, err
	}
	defer body.Close()
	var answer messagesAnswer
	if err := json.NewDecoder(io.LimitReader(body, mostAnswer)).Decode(&answer); err != nil {
		return nil, fmt.Errorf("read what luamilter at %s answers: %w", c.address, err)
	}
	slices.Reverse(answer.Messages)
	return answer.Messages, nil
}

const explainHelp = `Tells how a running milter came to decide on a message that has ended lately: each callback with the
time that it took and what it returned, the line of Lua that decided, log lines of the scripts (of
every level), changes, and failures.

Usage:
  luamilter explain [--admin ADDR] QUEUEID

Flags:
%s
` + environmentHelp + `
ADDR is what the milter was given as --admin. QUEUEID is the name that the MTA has for the message; a
message that was refused before it had one, and a refused connection, are found by the name of the
connection, as conn= in the log. The milter keeps as many messages as its --journal-size says.

Exit codes: 0 fine, 1 failed or not found, 2 wrong usage.
`
