package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"time"

	"luamilter/protocol"
)

// adminClient asks the admin server of a running milter.
type adminClient struct {
	address string // as the operator wrote it
	http    *http.Client
}

// adminHost is the host of the requests of an adminClient, which no DNS is asked for.
const adminHost = "luamilter"

// adminAnswerTime is how long the milter may take to begin an answer.
const adminAnswerTime = 10 * time.Second

// newAdminClient takes the forms of --admin of run, but those that only a process that inherits a socket can use.
func newAdminClient(name string) (*adminClient, error) {
	if name == "" {
		return nil, usageErrorf("give --admin ADDR, that of the running milter (or LUAMILTER_ADMIN)")
	}
	network, address, err := protocol.ParseAddr(name)
	if err != nil {
		return nil, usageErrorf("--admin: %w", err)
	}
	if network == "fd" || network == "systemd" {
		return nil, usageErrorf("--admin %s: give the address that the running milter logs as that of its admin server", name)
	}
	dialer := &net.Dialer{Timeout: adminAnswerTime}
	transport := &http.Transport{
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, network, address)
		},
		ResponseHeaderTimeout: adminAnswerTime,
	}
	stay := func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse } // whoever answers, it is not luamilter
	return &adminClient{name, &http.Client{Transport: transport, CheckRedirect: stay}}, nil
}

// answerError is a refusal by the milter.
type answerError struct {
	status int
	text   string
}

func (e *answerError) Error() string { return e.text }

// get asks for a path; the caller closes the body. An answer other than 200 is an *answerError.
func (c *adminClient) get(ctx context.Context, path string) (io.ReadCloser, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+adminHost+path, nil)
	if err != nil {
		return nil, err
	}
	answer, err := c.http.Do(request)
	if err != nil {
		var failure *net.OpError
		if errors.As(err, &failure) && failure.Op == "dial" {
			return nil, dialError(c.address, "start luamilter with --admin, or give the address that it has", err)
		}
		return nil, fmt.Errorf("cannot ask luamilter at %s: %w", c.address, withoutURL(err))
	}
	if answer.StatusCode == http.StatusOK {
		return answer.Body, nil
	}
	defer answer.Body.Close()
	return nil, &answerError{answer.StatusCode, refusedText(answer)}
}

// withoutURL is the reason in an error of package http, whose URL says nothing here.
func withoutURL(err error) error {
	if wrapped, ok := err.(interface{ Unwrap() error }); ok && wrapped.Unwrap() != nil {
		return wrapped.Unwrap()
	}
	return err
}

// refusedText is what an answer says in its JSON, or its status.
func refusedText(answer *http.Response) string {
	var said errorAnswer
	body := io.LimitReader(answer.Body, 64<<10)
	if json.NewDecoder(body).Decode(&said) == nil && said.Error != "" {
		return printable(strings.TrimSpace(said.Error))
	}
	return fmt.Sprintf("the admin server answers %s: is it a luamilter of this version?", printable(answer.Status))
}
