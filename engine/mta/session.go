// Package mta plays an MTA to a milter: it holds mails, tells an SMTP session with them to the milter as Postfix would,
// makes the changes that it gets back, and says what an SMTP client would hear.
package mta

import (
	"errors"
	"net/netip"
	"time"

	"luamilter/protocol"
)

// Connection is an SMTP client, and the MTA that it talks to. What is zero has a default.
type Connection struct {
	Hostname string          // of the client; the default is "unknown", as Postfix says without a PTR record
	Family   protocol.Family // by default that of Address, unknown for one that is no IP address
	Address  string          // as it goes to the milter; the default is DefaultAddress
	Port     uint16          // DefaultPort
	Helo     string          // the default is "localhost"; NoHelo leaves HELO out
	NoHelo   bool

	Offer  protocol.Offer // by default everything that version 6 has
	Macros Macros

	// Observe, if set, is told of each command that is sent, and of the negotiation, when it is answered.
	Observe func(Exchange)
}

// What a Connection has by default.
const (
	DefaultAddress = "192.0.2.1" // TEST-NET-1 (RFC 5737)
	DefaultPort    = 49152
	DefaultQueueID = "REPLAY"
)

// Session is an SMTP session told to one milter. It is not safe for concurrent use.
type Session struct {
	// Macros may be changed between two commands.
	Macros Macros

	client   *protocol.Client
	from     Connection
	got      protocol.Options
	standing *Outcome // a verdict on CONNECT or HELO: it holds for all that follows
	begun    bool     // the milter knows of a message that has not ended
}

// Open negotiates and sends CONNECT and HELO. The caller closes the client's connection after an error, else with Quit or
// Drop. A verdict on the connection is not an error: each mail gets it then.
func Open(client *protocol.Client, from Connection) (*Session, error) {
	from.setDefaults()
	s := &Session{Macros: from.Macros, client: client, from: from}
	start := time.Now()
	var err error
	s.got, err = client.Negotiate(from.Offer)
	s.observe(Exchange{Event: protocol.Event{Code: protocol.CodeOptNeg}, Options: s.got, Took: time.Since(start), Err: err})
	if err != nil {
		return nil, err
	}
	if err := s.connect(); err != nil {
		return nil, err
	}
	if from.NoHelo {
		return s, nil
	}
	return s, s.Helo(from.Helo)
}

func (c *Connection) setDefaults() {
	if c.Offer == (protocol.Offer{}) {
		c.Offer = FullOffer()
	}
	if c.Address == "" && c.Family == 0 {
		c.Address = DefaultAddress
	}
	ip, err := netip.ParseAddr(c.Address)
	if c.Family == 0 {
		switch {
		case err != nil:
			c.Family = protocol.FamilyUnknown
		case ip.Is4():
			c.Family = protocol.FamilyInet
		default:
			c.Family = protocol.FamilyInet6
		}
	}
	if c.Hostname == "" {
		c.Hostname = "unknown"
		if err == nil && ip.IsLoopback() {
			c.Hostname = "localhost"
		}
	}
	if c.Port == 0 {
		c.Port = DefaultPort
	}
	if c.Helo == "" {
		c.Helo = "localhost"
	}
}

// FullOffer is that of an MTA that knows all there is.
func FullOffer() protocol.Offer { return OfferOf(protocol.Version) }

// OfferOf is what an MTA offers that speaks a version of the protocol, as Postfix does with milter_protocol.
func OfferOf(version uint32) protocol.Offer {
	offer := protocol.Offer{Version: version, Actions: protocol.ActionsV2, Steps: protocol.StepsV2}
	if version >= since(protocol.CodeUnknown) {
		offer.Steps |= protocol.StepNoUnknown
	}
	if version >= since(protocol.CodeData) {
		offer.Steps |= protocol.StepNoData
	}
	if version >= protocol.Version {
		offer.Actions, offer.Steps = protocol.AllActions, protocol.AllSteps
	}
	return offer
}

// Options are what was negotiated.
func (s *Session) Options() protocol.Options { return s.got }

// Standing is the verdict on the connection, if there is one that each mail gets: of CONNECT, of HELO, or a shutdown.
func (s *Session) Standing() (Outcome, bool) {
	if s.standing == nil {
		return Outcome{}, false
	}
	return *s.standing, true
}

func (s *Session) connect() error {
	return s.greet(protocol.Event{
		Code: protocol.CodeConnect, Hostname: s.from.Hostname, Family: s.from.Family, Port: s.from.Port, Address: s.from.Address,
	}, "j", "localhost", "{daemon_name}", "localhost", "v", "luamilter",
		"_", s.from.Hostname+" ["+s.from.Address+"]", "{client_name}", s.from.Hostname, "{client_addr}", s.from.Address)
}

// Helo sends HELO, which a client says again after STARTTLS. That ends a message that was begun.
func (s *Session) Helo(name string) error {
	if err := s.reset(); err != nil {
		return err
	}
	return s.greet(protocol.Event{Code: protocol.CodeHelo, Name: name})
}

// greet sends CONNECT or HELO, the verdict on which holds for all that follows, as in Postfix.
func (s *Session) greet(ev protocol.Event, known ...string) error {
	if s.standing != nil {
		return nil // the milter is asked no more
	}
	answer, err := s.put(ev, known...)
	if err == nil && final(answer.Verdict.Kind) {
		s.standing = &Outcome{Verdict: answer.Verdict, Stage: ev.Code}
	}
	return err
}

// Unknown sends an SMTP command that the MTA does not know, and gives the verdict on it.
func (s *Session) Unknown(command string) (protocol.Verdict, error) {
	if s.standing != nil {
		return s.standing.Verdict, nil
	}
	answer, err := s.put(protocol.Event{Code: protocol.CodeUnknown, Value: command})
	s.stopAt(protocol.CodeUnknown, answer)
	return answer.Verdict, err
}

// reset tells the milter that the message before, if it has not ended, is over.
func (s *Session) reset() error {
	if !s.begun {
		return nil
	}
	s.begun = false
	return s.tell(protocol.CodeAbort, s.client.Abort)
}

// Quit ends the session and closes the connection.
func (s *Session) Quit() error {
	return errors.Join(s.tell(protocol.CodeQuit, s.client.Quit), s.client.Close())
}

// Drop closes the connection without a word, as an MTA does that is killed.
func (s *Session) Drop() error { return s.client.Close() }

// tell sends a command to which there is no answer.
func (s *Session) tell(code protocol.Code, send func() error) error {
	start := time.Now()
	err := send()
	s.observe(Exchange{
		Event: protocol.Event{Code: code}, Answer: protocol.Answer{Sent: true}, Silent: true, Took: time.Since(start), Err: err,
	})
	return err
}

// stopAt notes that the MTA has closed the SMTP connection, if that is the verdict.
func (s *Session) stopAt(stage protocol.Code, answer protocol.Answer) {
	if answer.Verdict.Kind == protocol.VerdictShutdown {
		s.standing = &Outcome{Verdict: answer.Verdict, Stage: stage}
	}
}

func (s *Session) observe(e Exchange) {
	if s.from.Observe != nil {
		s.from.Observe(e)
	}
}
