package miltertest

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"strings"
	"time"

	"luamilter/protocol"
)

// conn is a connection to a milter, the first argument of most functions of mt.
type conn struct {
	run    *run
	client *protocol.Client
	open   bool
	unbind func() bool

	at      stage
	got     protocol.Step   // negotiated
	actions protocol.Action // negotiated
	reply   protocol.ReplyCode
	changes changes
}

// newConn takes over a connection. It is closed when the script has to end.
func (r *run) newConn(nc net.Conn) *conn {
	c := &conn{run: r, client: protocol.NewClient(nc), open: true}
	c.unbind = context.AfterFunc(r.ctx, func() { nc.Close() })
	r.conns[c] = true
	return c
}

func (c *conn) close() {
	c.open = false
	c.unbind()
	c.client.Close()
	delete(c.run.conns, c)
}

// send sends a frame at once.
func (c *conn) send(code protocol.Code, payload string) error {
	c.run.trace("sent %v: cmd %c, len %d", code, printable(byte(code)), len(payload))
	c.client.SetTimeout(c.run.timeout)
	if err := c.client.Send(code, []byte(payload)); err != nil {
		return fmt.Errorf("mt.milter_write() failed: %w", c.reason(err))
	}
	return nil
}

// receive waits for a frame.
func (c *conn) receive() (protocol.ReplyCode, string, error) {
	c.client.SetTimeout(c.run.timeout)
	code, data, err := c.client.Receive()
	if err != nil {
		return 0, "", fmt.Errorf("mt.milter_read() failed: %w", c.reason(err))
	}
	name := code.String()
	if protocol.Code(code) == protocol.CodeOptNeg {
		name = protocol.CodeOptNeg.String()
	}
	c.run.trace("received %s: cmd %c, len %d", name, printable(byte(code)), len(data))
	return code, string(data), nil
}

// reason words what a reader of a script needs to know.
func (c *conn) reason(err error) error {
	switch {
	case errors.Is(err, os.ErrDeadlineExceeded):
		return fmt.Errorf("no reply within %v", c.run.timeout)
	case errors.Is(err, net.ErrClosed) && c.run.ctx.Err() != nil:
		return context.Cause(c.run.ctx)
	}
	return err
}

// printable is a byte of a milter's for a terminal.
func printable(b byte) byte {
	if b < ' ' || b > '~' {
		return '?'
	}
	return b
}

// exchange sends a command and notes the reply, which is "continue" where none was negotiated.
func (c *conn) exchange(s *step, payload string) error {
	if err := c.send(s.code, payload); err != nil {
		return err
	}
	reply := protocol.ReplyContinue
	if c.got&s.noReply == 0 {
		var err error
		if reply, _, err = c.receive(); err != nil {
			return err
		}
	}
	c.reply = reply
	return nil
}

// offer negotiates. The answer is taken as it is: whether an MTA would is for mt.test_option and mt.test_action to find out.
func (c *conn) offer(o protocol.Offer) error {
	payload := binary.BigEndian.AppendUint32(nil, o.Version)
	payload = binary.BigEndian.AppendUint32(payload, uint32(o.Actions))
	payload = binary.BigEndian.AppendUint32(payload, uint32(o.Steps))
	if err := c.send(protocol.CodeOptNeg, string(payload)); err != nil {
		return err
	}
	code, data, err := c.receive()
	if err != nil {
		return err
	}
	if protocol.Code(code) != protocol.CodeOptNeg || len(data) < 12 {
		c.at = dead
		return fmt.Errorf("the filter answers the negotiation with %v of %d bytes", code, len(data))
	}
	c.actions = protocol.Action(binary.BigEndian.Uint32([]byte(data[4:])))
	c.got = protocol.Step(binary.BigEndian.Uint32([]byte(data[8:])))
	c.at = negotiated
	return nil
}

// lookUp gives the address of a host as text, IPv6 first where it has both, as getaddrinfo does.
func lookUp(ctx context.Context, host string) (string, error) {
	addresses, err := net.DefaultResolver.LookupIPAddr(ctx, host)
	if err != nil || len(addresses) == 0 {
		return "", fmt.Errorf("host '%s' unknown", host)
	}
	return addresses[0].IP.String(), nil
}

// target reads where mt.connect is to connect to: what libmilter takes, and a path alone, which may be relative.
func target(s string) (network, address string, err error) {
	scheme, rest, ok := strings.Cut(s, ":")
	if !ok {
		return protocol.ParseAddr("unix:" + s)
	}
	if port, host, ok := strings.Cut(rest, "@"); ok {
		if _, err := strconv.Atoi(port); err != nil {
			n, err := net.LookupPort("tcp", port)
			if err != nil {
				return "", "", err
			}
			rest = strconv.Itoa(n) + "@" + host
		}
	}
	network, address, err = protocol.ParseAddr(strings.ToLower(scheme) + ":" + rest)
	if err == nil && network == "fd" {
		err = errors.New("no address")
	}
	return network, address, err
}

// dial connects, and tries again while it is refused.
func (r *run) dial(s string, tries int, interval time.Duration) (net.Conn, error) {
	if r.Filter != nil {
		return r.Filter.Dial(r.ctx)
	}
	network, address, err := target(s)
	if err != nil {
		return nil, errAddress
	}
	for {
		nc, err := (&net.Dialer{}).DialContext(r.ctx, network, address)
		if err == nil {
			return nc, nil
		}
		if tries--; tries <= 0 || !r.sleep(interval) {
			var op *net.OpError
			if errors.As(err, &op) {
				err = op.Err
			}
			return nil, fmt.Errorf("%s: %w", s, err)
		}
	}
}

var errAddress = errors.New("no address of a milter")

// sleep waits, and says whether the script may go on.
func (r *run) sleep(d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-r.ctx.Done():
		return false
	}
}
