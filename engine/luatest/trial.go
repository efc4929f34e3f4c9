package luatest

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"luamilter/engine"
	"luamilter/engine/mta"
	"luamilter/protocol"
)

// trial is one case while it runs: its host, its SMTP sessions and what went wrong.
type trial struct {
	ctx      context.Context
	config   engine.Config
	rec      *recorder
	host     *engine.Host // nil until the case needs it
	sessions []*session
	failures []Failure
	last     string // what came of the last mail, for the report
}

func newTrial(ctx context.Context, config engine.Config) *trial {
	t := &trial{ctx: ctx, config: config, rec: newRecorder()}
	t.config.Log, t.config.Observer = t.rec.logger(), t.rec
	return t
}

// begin makes the host, by the clock as the case has set it. What the scripts log while they load is of no mail.
func (t *trial) begin() error {
	if t.host != nil {
		return nil
	}
	generation, err := engine.Load(t.ctx, t.config)
	if err != nil {
		return err
	}
	t.host = engine.NewHost(t.config, generation)
	t.rec.forgetLines()
	return nil
}

// end closes what the case has left open, and fails it for what failed in a filter without being looked at.
func (t *trial) end() {
	for _, s := range t.sessions {
		if err := s.quit(); err != nil {
			t.fail(Failure{Text: printable(err.Error())})
		}
	}
	if t.host != nil {
		t.host.Close()
	}
	for _, f := range t.rec.failures {
		if !f.expected {
			t.fail(f.blame())
		}
	}
	if len(t.failures) > 0 && t.last != "" {
		last := &t.failures[len(t.failures)-1]
		last.Text += "\nthe last mail: " + t.last
	}
}

func (t *trial) fail(f Failure) { t.failures = append(t.failures, f) }

// blame is the failure of a case whose filter has failed.
func (f *failure) blame() Failure {
	text := "the filter failed in " + f.callback + ": " + f.message
	if f.traceback != "" {
		text += "\n" + f.traceback
	}
	return Failure{Text: printable(strings.TrimRight(text, "\n"))}
}

// session is one SMTP session with a server of its own, so that its end can be waited for.
type session struct {
	trial  *trial
	client *protocol.Client
	mta    *mta.Session
	stop   func() error
	closed bool
}

// open begins a session; it ends within the time limit.
func (t *trial) open(from mta.Connection, limit time.Duration) (*session, error) {
	if err := t.begin(); err != nil {
		return nil, err
	}
	dial, stop := mta.ServeInside(&protocol.Server{Handler: t.host, Log: t.config.Log, IdleTimeout: limit})
	conn, err := dial()
	if err != nil {
		return nil, err
	}
	s := &session{trial: t, client: protocol.NewClient(conn), stop: stop}
	t.sessions = append(t.sessions, s)
	s.client.SetTimeout(limit)
	s.mta, err = mta.Open(s.client, from)
	if err != nil {
		return nil, err
	}
	return s, s.settle()
}

// settle waits until the filter has seen all that was sent. The frame, empty macros for a command that does not follow, has
// no effect; the server takes it from the pipe when it has handled what came before.
func (s *session) settle() error {
	if s.closed {
		return nil
	}
	err := s.client.Send(protocol.CodeMacro, []byte{byte(protocol.CodeUnknown)})
	if errors.Is(err, io.ErrClosedPipe) {
		return nil // the milter has closed the connection, which the next command will tell
	}
	return err
}

// send hands over a mail, up to a command.
func (s *session) send(m *mta.Mail, last protocol.Code, limit time.Duration) (mta.Outcome, error) {
	if s.closed {
		return mta.Outcome{}, errors.New("the session has ended")
	}
	s.client.SetTimeout(limit)
	s.trial.rec.begin(cmp.Or(m.QueueID, mta.DefaultQueueID))
	out, err := s.mta.SendUntil(m, last)
	if err == nil {
		err = s.settle()
	}
	if err != nil {
		return out, fmt.Errorf("the milter does not answer: %w", err)
	}
	return out, nil
}

// quit ends the session, and returns when the filter has seen the end.
func (s *session) quit() error {
	if s.closed {
		return nil
	}
	s.closed = true
	_ = s.client.Quit() // a connection that is broken has told so before
	_ = s.client.Close()
	if err := s.stop(); err != nil {
		return fmt.Errorf("the session does not end: %w", err)
	}
	return nil
}
