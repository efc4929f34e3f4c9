package main

import (
	"context"
	"log/slog"
	"net"
	"sync"
	"time"

	"luamilter/engine"
	"luamilter/engine/mta"
	"luamilter/protocol"
)

// judge is a milter in this process that says what scripts make of a mail.
type judge struct {
	host     *engine.Host
	dial     func(name string) (net.Conn, error)
	stop     func() error
	patience time.Duration
}

// newJudge loads scripts. patience is how long each side waits for the other.
func newJudge(config engine.Config, patience time.Duration) (*judge, error) {
	names := &mailNames{}
	config.Log = slog.New(mailLog{config.Log.Handler(), names})
	generation, err := engine.Load(context.Background(), config)
	if err != nil {
		return nil, err
	}
	j := &judge{host: engine.NewHost(config, generation), patience: patience}
	j.dial, j.stop = mta.ServeNamed(&protocol.Server{
		Handler: namingHost{j.host, names}, Log: config.Log, IdleTimeout: patience,
	})
	return j, nil
}

// judge sends a mail over a connection of its own. name stands in log lines, if it is not "".
func (j *judge) judge(name string, mail *mta.Mail, from mta.Connection) (mta.Outcome, error) {
	conn, err := j.dial(name)
	if err != nil {
		return mta.Outcome{}, err
	}
	client := protocol.NewClient(conn)
	client.SetTimeout(j.patience)
	defer client.Close()
	session, err := mta.Open(client, from)
	if err != nil {
		return mta.Outcome{}, err
	}
	out, err := session.Send(mail)
	if err == nil {
		_ = session.Quit() // the verdict is there
	}
	return out, err
}

// close ends the judge when its connections have ended.
func (j *judge) close() error {
	defer j.host.Close()
	return j.stop()
}

// mailNames are the names of the mails whose connections have begun, by the connection's id.
type mailNames struct{ sync.Map }

// namingHost notes the name of a connection before the host can log anything of it.
type namingHost struct {
	*engine.Host
	names *mailNames
}

// NewSession implements protocol.Handler.
func (h namingHost) NewSession(peer protocol.Peer, previous protocol.Session) protocol.Session {
	if peer.RemoteAddr != "" {
		h.names.Store(peer.ID, peer.RemoteAddr)
	}
	return h.Host.NewSession(peer, previous)
}

// mailLog adds the name of the mail to the lines of a connection.
type mailLog struct {
	slog.Handler
	names *mailNames
}

// WithAttrs is how the host gives a connection's lines the connection's id, once.
func (l mailLog) WithAttrs(attrs []slog.Attr) slog.Handler {
	for _, a := range attrs {
		if a.Key != "conn" {
			continue
		}
		if name, ok := l.names.LoadAndDelete(a.Value.String()); ok {
			attrs = append([]slog.Attr{slog.Any("mail", name)}, attrs...)
		}
		break
	}
	return mailLog{l.Handler.WithAttrs(attrs), l.names}
}

// WithGroup keeps the names.
func (l mailLog) WithGroup(name string) slog.Handler {
	return mailLog{l.Handler.WithGroup(name), l.names}
}
