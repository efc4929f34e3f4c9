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
	named, stop := ServeNamed(server)
	return func() (net.Conn, error) { return named("pipe") }, stop
}

// ServeNamed is ServeInside for connections with names: the server knows each by protocol.Peer.RemoteAddr.
func ServeNamed(server *protocol.Server) (dial func(name string) (net.Conn, error), stop func() error) {
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

func (l *insideListener) dial(name string) (net.Conn, error) {
	here, there := net.Pipe()
	select {
	case l.conns <- namedConn{there, pipeName(name)}:
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

// Addr names the listener in logs.
func (l *insideListener) Addr() net.Addr { return pipeName("pipe") }

// namedConn is a connection whose other end has a name.
type namedConn struct {
	net.Conn
	name pipeName
}

// RemoteAddr is the name.
func (c namedConn) RemoteAddr() net.Addr { return c.name }

// pipeName is the address of an end of a pipe.
type pipeName string

// Network implements net.Addr.
func (pipeName) Network() string { return "pipe" }

func (n pipeName) String() string { return string(n) }
