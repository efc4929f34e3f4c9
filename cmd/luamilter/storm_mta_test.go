package main_test

import (
	"fmt"
	"strings"
	"time"

	"luamilter/protocol"
)

// mta is an MTA that wants each message let pass with the header fields of the storm.
type mta struct{ *protocol.Client }

func dialMTA(listen string) (*mta, error) {
	conn, err := dial(listen)
	if err != nil {
		return nil, err
	}
	c := &mta{protocol.NewClient(conn)}
	c.SetTimeout(patience)
	got, err := c.Negotiate(protocol.Offer{Version: protocol.Version, Actions: protocol.AllActions, Steps: protocol.AllSteps})
	if err == nil && got.Steps&protocol.StepNoReplyMail != 0 {
		err = fmt.Errorf("MAIL gets no reply, so the test cannot tell when a message has begun")
	}
	if err == nil {
		err = c.hello()
	}
	if err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

func (c *mta) hello() error {
	if err := passed(c.Connect("client.example", protocol.FamilyInet, 1025, "192.0.2.1")); err != nil {
		return err
	}
	return passed(c.Helo("client.example"))
}

// next is another SMTP client on the same connection.
func (c *mta) next() error {
	if err := c.QuitNC(); err != nil {
		return err
	}
	return c.hello()
}

// aborted is a message that ends after RCPT.
func (c *mta) aborted() error {
	if err := passed(c.Mail("<a@client.example>")); err != nil {
		return err
	}
	if err := passed(c.Rcpt("<b@here.example>")); err != nil {
		return err
	}
	return c.Abort()
}

// end leaves in good order: the milter closes.
func (c *mta) end() error {
	defer c.Close()
	if err := c.Quit(); err != nil {
		return err
	}
	if code, data, err := c.Receive(); err == nil {
		return fmt.Errorf("after QUIT: got %v %q, want the connection closed", code, data)
	}
	return nil
}

// message sends a message; hold, unless it is nil, is called while it is in flight.
func (c *mta) message(hold func()) (mail, error) {
	m := mail{began: time.Now()}
	if err := passed(c.Mail("<a@client.example>")); err != nil {
		return m, err
	}
	m.answered = time.Now()
	for _, step := range []func() (protocol.Answer, error){
		func() (protocol.Answer, error) { return c.Rcpt("<b@here.example>") },
		c.Data,
		func() (protocol.Answer, error) { return c.Header("Subject", "test") },
		c.EOH,
		func() (protocol.Answer, error) { return c.Body("Hello.\r\n") },
	} {
		if err := passed(step()); err != nil {
			return m, err
		}
	}
	if hold != nil {
		hold()
	}
	a, err := c.EOM()
	if err := passed(a, err); err != nil {
		return m, err
	}
	var fields []string
	for _, change := range a.Verdict.Changes {
		fields = append(fields, change.Name+": "+change.Value)
	}
	m.by, err = parseFields(fields)
	return m, err
}

func passed(a protocol.Answer, err error) error {
	if err == nil && a.Verdict.Kind != protocol.VerdictContinue {
		err = fmt.Errorf("got verdict %v %q, want continue", a.Verdict.Kind, a.Verdict.Reply)
	}
	return err
}

// parseFields reads the one header field of each script: its versions at MAIL and at the end of the message.
func parseFields(fields []string) (versions, error) {
	var v, end versions
	all := strings.Join(fields, "\n")
	const format = "X-Plain: %d/%d %d/%d\nX-Volume: %d/%d %d/%d"
	_, err := fmt.Sscanf(all, format, &v.plain.script, &v.plain.module, &end.plain.script, &end.plain.module,
		&v.volume.script, &v.volume.module, &end.volume.script, &end.volume.module)
	if err != nil || len(fields) != 2 {
		return v, fmt.Errorf("got %q, want one field of each script", fields)
	}
	if v != end {
		return v, fmt.Errorf("%v at MAIL and %v at the end of one message", v, end)
	}
	return v, nil
}
