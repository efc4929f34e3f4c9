package protocol

import (
	"errors"
	"fmt"
	"net"
	"slices"
	"strings"
	"time"
)

// Client plays an MTA to a milter: for tests, for replay, for benchmarks. It keeps to what was
// negotiated: steps that were turned off are not sent, and what gets no reply is kept back until
// something does, as Postfix does. It leaves to the caller what a verdict means for the commands
// that follow. It is not safe for concurrent use.
type Client struct {
	conn    net.Conn
	frames  frameReader
	out     []byte
	got     Options
	timeout time.Duration

	macroFor Code
	macros   []string
	skip     Code // the event the milter wants no more of in this message
}

// NewClient starts a dialogue over a connection to a milter. It sends nothing.
func NewClient(conn net.Conn) *Client {
	return &Client{conn: conn}
}

// SetTimeout bounds the wait for each reply, SMFIR_PROGRESS beginning it anew, and each write. 0, as
// at first, waits for ever.
func (c *Client) SetTimeout(d time.Duration) {
	c.timeout = d
	if d <= 0 {
		_ = c.conn.SetDeadline(time.Time{}) // a connection on which this fails fails at the next use
	}
}

// Negotiate sends the offer and gives the milter's answer. An answer that would make Postfix or
// Sendmail hang up is an error.
func (c *Client) Negotiate(offer Offer) (Options, error) {
	c.out = appendOffer(c.out, offer)
	code, data, err := c.receive()
	if err != nil {
		return Options{}, fmt.Errorf("negotiate: %w", err)
	}
	if Code(code) != CodeOptNeg {
		return Options{}, fmt.Errorf("negotiate: answered with %v", code)
	}
	got, err := decodeOptions(data)
	if err == nil {
		err = offer.normalized().checkAnswer(got)
	}
	if err != nil {
		return Options{}, fmt.Errorf("negotiate: %w", err)
	}
	c.got = got
	return got, nil
}

// Macros sets the macros, pairs of name and value, that go with the next command if that is code.
// Names come with or without braces. If the milter has asked for other macros at that stage, only
// those are sent.
func (c *Client) Macros(code Code, pairs ...string) error {
	if len(pairs)%2 != 0 {
		return fmt.Errorf("macros for %v: %w", code, errOddMacros)
	}
	if scopeOf(code) < 0 {
		return fmt.Errorf("macros for %v: it has none", code)
	}
	wanted, chosen := c.chosenMacros(code)
	c.macroFor, c.macros = code, c.macros[:0]
	for i := 0; i < len(pairs); i += 2 {
		name := bracedMacro(pairs[i])
		if !chosen || slices.ContainsFunc(wanted, func(w string) bool { return bareMacro(w) == bareMacro(name) }) {
			c.macros = append(c.macros, name, pairs[i+1])
		}
	}
	return nil
}

// chosenMacros gives the list of macros the milter wants with a command, if it sent one.
func (c *Client) chosenMacros(code Code) (names []string, ok bool) {
	for stage, list := range c.got.Macros {
		if stage.Code() == code {
			return list, true
		}
	}
	return nil, false
}

// Connect sends SMFIC_CONNECT. For FamilyUnknown, port and address are not sent.
func (c *Client) Connect(hostname string, family Family, port uint16, address string) (Answer, error) {
	return c.event(&Event{Code: CodeConnect, Hostname: hostname, Family: family, Port: port, Address: address})
}

// Helo sends SMFIC_HELO.
func (c *Client) Helo(name string) (Answer, error) {
	return c.event(&Event{Code: CodeHelo, Name: name})
}

// Mail sends SMFIC_MAIL. The address goes as it is, so it should have its <>.
func (c *Client) Mail(mailbox string, params ...string) (Answer, error) {
	return c.event(&Event{Code: CodeMail, Mailbox: mailbox, Params: params})
}

// Rcpt sends SMFIC_RCPT. The address goes as it is, so it should have its <>.
func (c *Client) Rcpt(mailbox string, params ...string) (Answer, error) {
	return c.event(&Event{Code: CodeRcpt, Mailbox: mailbox, Params: params})
}

// Data sends SMFIC_DATA.
func (c *Client) Data() (Answer, error) { return c.event(&Event{Code: CodeData}) }

// Header sends SMFIC_HEADER. The value is that after the space that follows the colon, which is
// added where StepLeadingSpace was negotiated.
func (c *Client) Header(name, value string) (Answer, error) {
	return c.event(&Event{Code: CodeHeader, Name: name, Value: value})
}

// HeaderRaw sends SMFIC_HEADER. raw is all that stands after the colon; the first space is removed
// where StepLeadingSpace was not negotiated.
func (c *Client) HeaderRaw(name, raw string) (Answer, error) {
	value, spaced := strings.CutPrefix(raw, " ")
	return c.event(&Event{Code: CodeHeader, Name: name, Value: value, NoSpace: !spaced})
}

// EOH sends SMFIC_EOH.
func (c *Client) EOH() (Answer, error) { return c.event(&Event{Code: CodeEOH}) }

// Body sends SMFIC_BODY, a chunk of more than 65535 bytes as several. It stops at the first verdict
// that is not VerdictContinue. An empty chunk is sent as one.
func (c *Client) Body(chunk string) (Answer, error) {
	for {
		n := min(len(chunk), maxReplyData)
		a, err := c.event(&Event{Code: CodeBody, Body: chunk[:n]})
		chunk = chunk[n:]
		if err != nil || a.Verdict.Kind != VerdictContinue || chunk == "" {
			return a, err
		}
	}
}

// EOM sends SMFIC_BODYEOB without data, and reads the changes and the verdict.
func (c *Client) EOM() (Answer, error) {
	defer func() { c.skip = 0 }()
	return c.event(&Event{Code: CodeEOM})
}

// Unknown sends SMFIC_UNKNOWN with the command line of the SMTP client.
func (c *Client) Unknown(command string) (Answer, error) {
	return c.event(&Event{Code: CodeUnknown, Value: command})
}

// Abort sends SMFIC_ABORT, to which there is no reply.
func (c *Client) Abort() error { return c.Send(CodeAbort, nil) }

// Quit sends SMFIC_QUIT, after which the milter closes the connection.
func (c *Client) Quit() error { return c.Send(CodeQuit, nil) }

// QuitNC sends SMFIC_QUIT_NC: another SMTP client follows on this connection.
func (c *Client) QuitNC() error { return c.Send(CodeQuitNC, nil) }

// Close closes the connection without a word.
func (c *Client) Close() error { return c.conn.Close() }

// Send sends a frame as it is, right or wrong, behind what was kept back.
func (c *Client) Send(code Code, payload []byte) error {
	c.macroFor, c.skip = 0, 0
	dst, start := beginFrame(c.out, byte(code))
	c.out = endFrame(append(dst, payload...), start)
	return c.flush()
}

// Receive sends what was kept back and gives the next frame as it is. The bytes may be kept.
func (c *Client) Receive() (ReplyCode, []byte, error) {
	code, data, err := c.receive()
	return code, []byte(data), err
}

// event sends a command with its macros, and reads the answer if there is to be one.
func (c *Client) event(ev *Event) (Answer, error) {
	cmd := &commands[ev.Code]
	hasMacros := c.macroFor == ev.Code
	c.macroFor = 0
	if c.skip != ev.Code {
		c.skip = 0
	}
	if c.got.Steps&cmd.off != 0 || c.skip != 0 {
		return Answer{}, nil
	}
	before := len(c.out)
	if hasMacros && len(c.macros) > 0 {
		out, err := appendMacroFrame(c.out, ev.Code, c.macros)
		if err != nil {
			return Answer{}, err
		}
		c.out = out
	}
	out, err := appendEvent(c.out, ev, c.leadingSpace())
	if err != nil {
		c.out = c.out[:before]
		return Answer{}, err
	}
	c.out = out
	if c.got.Steps&cmd.noReply != 0 {
		if len(c.out) < flushSize {
			return Answer{Sent: true}, nil
		}
		return Answer{Sent: true}, c.flush()
	}
	a, err := c.answer(ev.Code)
	if err != nil {
		return Answer{}, fmt.Errorf("%v: %w", ev.Code, err)
	}
	return a, nil
}

func (c *Client) leadingSpace() bool { return c.got.Steps&StepLeadingSpace != 0 }

// flush writes what was kept back.
func (c *Client) flush() error {
	if len(c.out) == 0 {
		return nil
	}
	if c.timeout > 0 {
		if err := c.conn.SetWriteDeadline(time.Now().Add(c.timeout)); err != nil {
			return err
		}
	}
	_, err := c.conn.Write(c.out)
	c.out = c.out[:0]
	return err
}

var errReplyEmpty = errors.New("reply of zero length")

// receive gives the next frame.
func (c *Client) receive() (ReplyCode, string, error) {
	if err := c.flush(); err != nil {
		return 0, "", err
	}
	if c.timeout > 0 {
		if err := c.conn.SetReadDeadline(time.Now().Add(c.timeout)); err != nil {
			return 0, "", err
		}
	}
	for {
		code, data, ok, err := c.frames.next()
		if errors.Is(err, errEmpty) {
			err = errReplyEmpty
		}
		if err != nil {
			return 0, "", err
		}
		if ok {
			return ReplyCode(code), text(data), nil
		}
		if err := c.frames.read(c.conn); err != nil {
			return 0, "", err
		}
	}
}
