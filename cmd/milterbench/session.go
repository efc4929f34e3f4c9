package main

import (
	"errors"
	"fmt"
	"net"
	"syscall"
	"time"

	"luamilter/protocol"
)

// sessionTimeout bounds the life of one connection to a filter.
const sessionTimeout = 2 * time.Minute

// sender is who the mails come from that filters take.
const sender = "<alice@bench.example>"

// traffic is what one kind of run sends on each connection, and what it wants to hear.
type traffic struct {
	mail      *mail
	expect    *expectation
	macros    *macroSet
	writeSize int
}

func newTraffic(e *expectation, m *mail, writeSize int) *traffic {
	return &traffic{m, e, postfixMacros(), writeSize}
}

// session is one connection of the MTA to a filter. It sends what Postfix sends, in the same writes.
type session struct {
	*traffic
	client *protocol.Client
	conn   *burstConn
	steps  protocol.Step
}

// dial connects to the socket of a filter. The system refuses where the queue of connections not yet taken is full; that
// is worth another try.
func dial(socket string) (net.Conn, error) {
	deadline := time.Now().Add(10 * time.Second)
	for {
		conn, err := net.Dial("unix", socket)
		if err == nil {
			return conn, conn.SetDeadline(time.Now().Add(sessionTimeout))
		}
		if !errors.Is(err, syscall.EAGAIN) || time.Now().After(deadline) {
			return nil, err
		}
		time.Sleep(time.Millisecond)
	}
}

// openSession connects, negotiates and says CONNECT and HELO.
func openSession(socket string, s *traffic) (*session, error) {
	conn, err := dial(socket)
	if err != nil {
		return nil, err
	}
	burst := newBurstConn(conn, s.writeSize)
	session := &session{traffic: s, client: protocol.NewClient(burst), conn: burst}
	if err := session.greet(); err != nil {
		conn.Close()
		return nil, err
	}
	return session, nil
}

func (s *session) greet() error {
	// What Postfix 3.7 offers.
	got, err := s.client.Negotiate(protocol.Offer{Version: protocol.Version, Actions: protocol.AllActions, Steps: protocol.AllSteps})
	if err != nil {
		return err
	}
	if len(got.Macros) > 0 {
		return errors.New("the filter asks for macros of its own, which are not sent here")
	}
	s.steps = got.Steps
	if err := s.define(s.macros.connect); err != nil {
		return err
	}
	a, err := s.client.Connect("mail.client.example", protocol.FamilyInet, 45678, "192.0.2.25")
	if err := want(protocol.CodeConnect, &a, err); err != nil {
		return err
	}
	if err := s.define(s.macros.helo); err != nil {
		return err
	}
	a, err = s.client.Helo("mail.client.example")
	return want(protocol.CodeHelo, &a, err)
}

// define sends macros. Client.Macros would make their frame anew each time.
func (s *session) define(payload []byte) error {
	return s.client.Send(protocol.CodeMacro, payload)
}

// want is the error of a step to which the filter may have no objection.
func want(step protocol.Code, a *protocol.Answer, err error) error {
	if err != nil {
		return err
	}
	return checkContinue(step, a)
}

// settle writes what was kept back of CONNECT and HELO because no reply comes, and is idle then.
func (s *session) settle() error {
	return errors.Join(s.client.Abort(), s.conn.flush())
}

// close ends the session as Postfix does.
func (s *session) close() error {
	return errors.Join(s.client.Abort(), s.client.Quit(), s.conn.Close())
}

// message sends one message and checks each answer. spam makes it come from the spammer; refused reports that the filter,
// as it should, took no more of it. Postfix sends an ABORT behind each message, with what it writes next.
func (s *session) message(spam bool) (refused bool, err error) {
	from, macros := sender, s.macros.mail
	if spam {
		from, macros = spammer, s.macros.spam
	}
	if err := s.define(macros); err != nil {
		return false, err
	}
	a, err := s.client.Mail(from, "SIZE=31000")
	if err != nil {
		return false, err
	}
	if refused = spam && s.expect.refusal != ""; refused {
		err = s.expect.checkRefused(&a)
	} else if err = checkContinue(protocol.CodeMail, &a); err == nil {
		err = s.taken()
	}
	if err != nil {
		return false, err
	}
	return refused, s.client.Abort()
}

// taken goes on after MAIL.
func (s *session) taken() error {
	if err := s.define(s.macros.rcpt); err != nil {
		return err
	}
	a, err := s.client.Rcpt("<user@bench.example>")
	if err := want(protocol.CodeRcpt, &a, err); err != nil {
		return err
	}
	if err := s.data(); err != nil {
		return err
	}
	if err := s.header(); err != nil {
		return err
	}
	if err := s.body(); err != nil {
		return err
	}
	if err := s.define(s.macros.eom); err != nil {
		return err
	}
	if a, err = s.client.EOM(); err != nil {
		return fmt.Errorf("end of message: %w", err)
	}
	return s.expect.checkEnd(&a)
}

// data sends DATA. Then smtpd hands the connection to cleanup, and before that writes what waits.
func (s *session) data() error {
	if err := s.define(s.macros.data); err != nil {
		return err
	}
	const quiet = protocol.StepNoData | protocol.StepNoReplyData
	if s.steps&quiet == protocol.StepNoReplyData {
		// The Client would keep it back.
		if err := s.client.Send(protocol.CodeData, nil); err != nil {
			return err
		}
		return s.conn.flush()
	}
	a, err := s.client.Data()
	if err := want(protocol.CodeData, &a, err); err != nil {
		return err
	}
	return s.conn.flush()
}

func (s *session) header() error {
	if s.steps&protocol.StepNoHeaders == 0 {
		for i := range s.mail.header {
			if err := s.define(s.macros.header); err != nil {
				return err
			}
			f := &s.mail.header[i]
			a, err := s.client.Header(f.name, f.value)
			if err := want(protocol.CodeHeader, &a, err); err != nil {
				return err
			}
		}
	}
	if s.steps&protocol.StepNoEOH != 0 {
		return nil
	}
	if err := s.define(s.macros.eoh); err != nil {
		return err
	}
	a, err := s.client.EOH()
	return want(protocol.CodeEOH, &a, err)
}

func (s *session) body() error {
	if s.steps&protocol.StepNoBody != 0 {
		return nil
	}
	for rest := s.mail.body; rest != ""; {
		if err := s.define(s.macros.body); err != nil {
			return err
		}
		n := min(len(rest), chunkSize)
		a, err := s.client.Body(rest[:n])
		if err := want(protocol.CodeBody, &a, err); err != nil {
			return err
		}
		rest = rest[n:]
	}
	return nil
}
