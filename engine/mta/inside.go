package mta

import (
	"context"
	"net"
	"sync"
	"time"

	"luamilter/protocol"
)

// ServeInside runs a milter server that only this process can connect to, with dial. stop ends it when its connections
// have ended.
func ServeInside(server *protocol.Server) (dial func() (net.Conn, error), stop func() error) {
	l := &insideListener{conns: make(chan net.Conn), closed: make(chan struct{})}
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	stop = func() error {
		ctx, cancel := context.WithTimeout(context.Background(), insideStop)
		defer cancel()
		err := server.Shutdown(ctx)
		<-served
		return err
	}
	return l.dial, stop
}

// insideStop is how long the end of the last connection may take.
const insideStop = 10 * time.Second

// insideListener hands over one end of a pipe for each dial.
type insideListener struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (l *insideListener) dial() (net.Conn, error) {
	here, there := net.Pipe()
	select {
	case l.conns <- there:
		return here, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Accept waits for a dial.
func (l *insideListener) Accept() (net.Conn, error) {
	select {
	case conn := <-l.conns:
		return conn, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

// Close ends Accept and dial.
func (l *insideListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

// Addr is that of a pipe.
func (l *insideListener) Addr() net.Addr {
	here, there := net.Pipe()
	defer here.Close()
	defer there.Close()
	return here.LocalAddr()
}
