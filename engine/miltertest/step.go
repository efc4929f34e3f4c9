package miltertest

import (
	"fmt"

	"luamilter/protocol"
)

// stage is how far a connection has come.
type stage int

const (
	fresh stage = iota
	negotiated
	connected // and so on, one for each step
	greeted
	sent   // MAIL
	rcpted // RCPT
	inData
	inHeader
	atEOH
	inBody
	ended
	dead = stage(99) // no step is made up any more
)

// step is a command that a message consists of.
type step struct {
	to      stage
	name    string // of what the filter may turn off
	code    protocol.Code
	off     protocol.Step
	noReply protocol.Step
	made    string // what is sent if the script skips it
}

// steps are those before the end of the message, in their order: that of stage, from connected on. What is made up is
// that of the model.
var steps = [...]step{
	{connected, "SMFIP_NOCONNECT", protocol.CodeConnect, protocol.StepNoConnect, protocol.StepNoReplyConnect,
		"test.example.com\x004" + clientPort + "12.34.56.78\x00"},
	{greeted, "SMFIP_NOHELO", protocol.CodeHelo, protocol.StepNoHelo, protocol.StepNoReplyHelo, "test.example.com\x00"},
	{sent, "SMFIP_NOMAIL", protocol.CodeMail, protocol.StepNoMail, protocol.StepNoReplyMail, "<sender@example.com>\x00"},
	{rcpted, "SMFIP_NORCPT", protocol.CodeRcpt, protocol.StepNoRcpt, protocol.StepNoReplyRcpt, "<recipient@example.com>\x00"},
	{inData, "SMFIP_NODATA", protocol.CodeData, protocol.StepNoData, protocol.StepNoReplyData, ""},
	{inHeader, "SMFIP_NOHDRS", protocol.CodeHeader, protocol.StepNoHeaders, protocol.StepNoReplyHeader,
		"From\x00<sender@example.com>\x00"},
	{atEOH, "SMFIP_NOEOH", protocol.CodeEOH, protocol.StepNoEOH, protocol.StepNoReplyEOH, ""},
	{inBody, "SMFIP_NOBODY", protocol.CodeBody, protocol.StepNoBody, protocol.StepNoReplyBody, "Dummy message body.\r\n"},
}

// clientHost and clientPort are where the mail comes from if the script does not say; clientPort is 12345.
const (
	clientHost = "test.example.com"
	clientPort = "\x30\x39"
)

// unknownCommand may come between the steps.
var unknownCommand = step{name: "SMFIP_NOUNKNOWN", code: protocol.CodeUnknown, off: protocol.StepNoUnknown,
	noReply: protocol.StepNoReplyUnknown}

func stepTo(to stage) *step { return &steps[to-connected] }

// bring makes up the steps that the script has skipped, up to a stage. What the filter says to them is noted, but ends
// nothing.
func (c *conn) bring(to stage) error {
	if c.at < negotiated && to >= negotiated {
		err := c.offer(protocol.Offer{Version: protocol.Version, Actions: protocol.AllActions, Steps: protocol.AllSteps})
		if err != nil {
			return err
		}
	}
	for c.at < to {
		s := stepTo(c.at + 1)
		if c.got&s.off == 0 {
			before := c.reply
			if err := c.exchange(s, s.made); err != nil {
				return err
			}
			if c.got&s.noReply != 0 {
				c.reply = before
			}
		}
		c.at = s.to
	}
	return nil
}

// step does a step that the script asks for, behind those that it has skipped. What it returns is for the script to see;
// a step that the filter has turned off ends the script.
func (c *call) step(conn *conn, to stage, payload string) error {
	s := stepTo(to)
	c.ready(conn, s, to-1)
	if err := conn.exchange(s, payload); err != nil {
		return err
	}
	conn.at = to
	return nil
}

// ready brings the connection to a stage, for a step that must not be turned off.
func (c *call) ready(conn *conn, s *step, at stage) {
	c.bring(conn, at)
	if conn.got&s.off != 0 {
		c.fail("negotiated %s", s.name)
	}
}

// bring is that of the connection; where it fails the script does.
func (c *call) bring(conn *conn, at stage) {
	if err := conn.bring(at); err != nil {
		c.fail("%s", fmt.Errorf("before it: %w", err))
	}
}
