package mta

import (
	"time"

	"luamilter/protocol"
)

// Exchange is one command of the MTA and the answer of the milter.
type Exchange struct {
	Event   protocol.Event   // CodeOptNeg stands for the negotiation
	Macros  []string         // name, value, ...: those that were sent with it
	Answer  protocol.Answer  // to all but the negotiation
	Options protocol.Options // the answer to the negotiation
	// Silent: it was negotiated that there is no reply to this command, or there never is.
	Silent bool
	Took   time.Duration
	Err    error // why there is no answer
}

// put sends a command with its macros, the known ones being those that this MTA has for the stage.
func (s *Session) put(ev protocol.Event, known ...string) (protocol.Answer, error) {
	if s.got.Version < since(ev.Code) {
		return protocol.Answer{}, nil
	}
	macros := s.chosen(ev.Code, s.Macros.of(ev.Code, known))
	if err := s.client.Macros(ev.Code, macros...); err != nil {
		return protocol.Answer{}, err
	}
	start := time.Now()
	answer, err := s.send(&ev)
	if err != nil || answer.Sent {
		s.observe(Exchange{
			Event: ev, Macros: macros, Answer: answer, Silent: s.got.Steps&ev.Code.NoReply() != 0, Took: time.Since(start), Err: err,
		})
	}
	return answer, err
}

// since is the version of the protocol that brought a command.
func since(code protocol.Code) uint32 {
	switch code {
	case protocol.CodeUnknown:
		return 3
	case protocol.CodeData:
		return 4
	}
	return protocol.MinVersion
}

func (s *Session) send(ev *protocol.Event) (protocol.Answer, error) {
	switch ev.Code {
	case protocol.CodeConnect:
		return s.client.Connect(ev.Hostname, ev.Family, ev.Port, ev.Address)
	case protocol.CodeHelo:
		return s.client.Helo(ev.Name)
	case protocol.CodeMail:
		return s.client.Mail(ev.Mailbox, ev.Params...)
	case protocol.CodeRcpt:
		return s.client.Rcpt(ev.Mailbox, ev.Params...)
	case protocol.CodeData:
		return s.client.Data()
	case protocol.CodeHeader:
		return s.client.HeaderRaw(ev.Name, ev.Value)
	case protocol.CodeEOH:
		return s.client.EOH()
	case protocol.CodeBody:
		return s.client.Body(ev.Body)
	case protocol.CodeUnknown:
		return s.client.Unknown(ev.Value)
	}
	return s.client.EOM()
}
