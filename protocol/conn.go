package protocol

import (
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"os"
	"runtime/debug"
	"sync/atomic"
	"syscall"
	"time"
)

const (
	// writeTimeout is for a peer that does not read. It is set anew when half of it is over.
	writeTimeout = 5 * time.Minute
	// flushSize is the size at which replies are written before the burst has ended.
	flushSize = 64 * 1024
)

// The values of conn.life: who may do something with the connection. Its goroutine owns it while it is busy; one that
// waits belongs to whoever moves it on from there. Shutdown may close a connection that waits between messages, and
// later one that waits before its first.
const (
	lifeBusy    int32 = iota
	lifeMessage       // waits within a message
	lifeFresh         // waits before its first message
	lifeWaiting       // waits between messages
	lifeClosed        // ended by another goroutine
)

var (
	errQuit     = errors.New("quit")
	errShutdown = errors.New("server shut down")
)

// panicError is a panic of the Session.
type panicError struct {
	value any
	stack []byte
}

func (e *panicError) Error() string { return fmt.Sprintf("panic: %v", e.value) }

// conn is one connection of an MTA. One goroutine owns it, its own or that of a loop; life is shared with Shutdown.
type conn struct {
	server *Server
	peer   Peer
	link   link  // the socket
	loop   *loop // that serves the connection; nil: a goroutine of its own does
	// turnNumber is that of the loop for this connection, heard the epoch in which its peer has said something.
	turnNumber uint64
	heard      atomic.Uint32
	life       atomic.Int32
	since      time.Time // when it was accepted

	frames   frameReader
	out      []byte   // replies not yet written
	small    [64]byte // holds out as long as it is short
	writeErr error
	// What the deadlines of net are set to. Setting one costs more than reading the clock.
	readBy, writeBy time.Time

	dialogue dialogue
}

func newConn(s *Server, nc net.Conn, peer Peer) *conn {
	c := &conn{server: s, peer: peer, link: link{net: nc, fd: -1}, since: time.Now()}
	c.frames.body = true
	c.frames.idle = newIdleReader(nc)
	c.out = c.small[:0]
	return c
}

// serve runs the connection to its end, in a goroutine of its own.
func (c *conn) serve() { c.finish(c.run()) }

// finish ends the connection, whose reason is err.
func (c *conn) finish(err error) {
	_ = c.flush() // the replies to what came before the end
	c.link.close()
	c.logEnd(err)
	c.protect(c.endMessage)
	c.protect(c.closeSession)
}

// run reads and answers until there is no more. A panic of the Session ends here.
func (c *conn) run() (err error) {
	defer recovered(&err)
	if err := c.beginSession(); err != nil {
		return err
	}
	for {
		if err := c.answer(); err != nil {
			return err
		}
		if err := c.wait(); err != nil {
			return err
		}
	}
}

// beginSession opens the Session, unless a loop has done so before.
func (c *conn) beginSession() error {
	if c.dialogue.session != nil {
		return nil
	}
	return c.openSession(nil)
}

// recovered turns a panic into an error.
func recovered(err *error) {
	if p := recover(); p != nil {
		*err = &panicError{p, debug.Stack()}
	}
}

// protect runs a part of the end of the connection, which goes on whatever the Session does.
func (c *conn) protect(f func() error) {
	err := func() (err error) {
		defer recovered(&err)
		return f()
	}()
	if err != nil {
		c.logEnd(err)
	}
}

// answer takes all commands that have been read, and writes the replies, because the peer may wait for them.
func (c *conn) answer() error {
	for {
		code, data, ok, err := c.frames.next()
		if err != nil {
			return err
		}
		if !ok {
			return c.flush()
		}
		c.dialogue.spent = false
		if err := c.command(Code(code), text(data)); err != nil {
			return err
		}
		if c.dialogue.spent {
			c.frames.takeBack()
		}
		if len(c.out) >= flushSize {
			if err := c.flush(); err != nil {
				return err
			}
		}
	}
}

// wait reads what there is.
func (c *conn) wait() error {
	if !c.rest() {
		return errShutdown
	}
	err := c.read()
	if !c.take() {
		return errShutdown
	}
	return err
}

// rest lets go of what a long wait does not need, and of the connection itself: it belongs to whoever takes it. It
// reports false if the connection is to end because the server shuts down.
func (c *conn) rest() bool {
	life := c.waits()
	if life != lifeMessage {
		c.frames.rest()
		if cap(c.out) > segmentMin {
			c.out = c.small[:0]
		}
	}
	c.life.Store(life)
	return !c.server.closing.Load() || !c.mayEnd(life) || !c.life.CompareAndSwap(life, lifeClosed)
}

// take makes the caller the owner of a connection that waits, unless another has been faster.
func (c *conn) take() bool {
	life := c.life.Load()
	return life != lifeBusy && life != lifeClosed && c.life.CompareAndSwap(life, lifeBusy)
}

// waits gives what life is while the next command is read.
func (c *conn) waits() int32 {
	switch {
	case c.inFlight():
		return lifeMessage
	case c.dialogue.begun:
		return lifeWaiting
	}
	return lifeFresh
}

// mayEnd reports that a server that shuts down closes the connection.
func (c *conn) mayEnd(life int32) bool {
	switch life {
	case lifeWaiting:
		return true
	case lifeFresh:
		return c.server.freshOver.Load() || time.Since(c.since) >= freshTime
	}
	return false
}

// endWaiting ends the connection if a server that shuts down may do so.
func (c *conn) endWaiting() {
	if life := c.life.Load(); !c.mayEnd(life) || !c.life.CompareAndSwap(life, lifeClosed) {
		return
	}
	if c.loop == nil {
		c.link.cut() // its goroutine does the rest
		return
	}
	go c.loop.finish(c, errShutdown)
}

// read reads once. The deadline is left where it is as long as it does not come too late; one that
// was set before the peer last said something is moved when it comes.
func (c *conn) read() error {
	idle := c.server.IdleTimeout
	if idle <= 0 {
		return c.frames.read(&c.link)
	}
	since := time.Now()
	for {
		if !c.readBy.After(since) {
			if err := c.setReadBy(since.Add(idle)); err != nil {
				return err
			}
		}
		err := c.frames.read(&c.link)
		if !errors.Is(err, os.ErrDeadlineExceeded) {
			return err
		}
		if time.Since(since) >= idle {
			return idleError(idle)
		}
		if err := c.setReadBy(since.Add(idle)); err != nil {
			return err
		}
	}
}

func idleError(idle time.Duration) error { return fmt.Errorf("idle for %v", idle) }

func (c *conn) setReadBy(t time.Time) error {
	c.readBy = t
	return c.link.net.SetReadDeadline(t)
}

// flush writes all replies with one call. The connection may wait now, or does.
func (c *conn) flush() error {
	if c.dialogue.pauser != nil {
		c.dialogue.pauser.Pause()
	}
	if c.writeErr != nil {
		return c.writeErr
	}
	if len(c.out) == 0 {
		return nil
	}
	err := c.write(c.out)
	c.out = c.out[:0]
	if err != nil {
		c.writeErr = fmt.Errorf("write: %w", err)
	}
	return c.writeErr
}

// write writes all of p. A connection that must wait for that leaves its loop.
func (c *conn) write(p []byte) error {
	if c.loop != nil {
		n, err := c.link.writeNow(p)
		if err != errNothing {
			return err
		}
		c.leave()
		p = p[n:]
	}
	if now := time.Now(); c.writeBy.Sub(now) < writeTimeout/2 {
		c.writeBy = now.Add(writeTimeout)
		if err := c.link.net.SetWriteDeadline(c.writeBy); err != nil {
			return err
		}
	}
	_, err := c.link.net.Write(p)
	return err
}

// log gives the attributes of each log line of the connection.
func (c *conn) log() *slog.Logger {
	return c.server.logger().With("peer", c.peer.RemoteAddr, "conn", c.peer.ID)
}

// logEnd tells why the connection ended, as loud as somebody must know. An MTA that hangs up between
// messages is nothing.
func (c *conn) logEnd(err error) {
	var panicked *panicError
	lost := isLost(err)
	switch {
	case errors.As(err, &panicked):
		c.log().Error("connection closed early", "reason", err.Error(), "stack", string(panicked.stack))
	case lost && c.frames.partial():
		c.log().Warn("connection closed early", "reason", err.Error()+" in the middle of a frame")
	case lost && c.inFlight():
		c.log().Warn("connection closed early", "reason", err.Error()+" in the middle of a message")
	case lost, errors.Is(err, errQuit), errors.Is(err, errShutdown):
		if c.server.logger().Enabled(c.server.ctx, slog.LevelDebug) {
			c.log().Debug("connection closed", "reason", err.Error())
		}
	default:
		c.log().Warn("connection closed early", "reason", err.Error())
	}
}

// isLost reports errors that say no more than that the peer, or Shutdown, has closed the connection.
func isLost(err error) bool {
	for _, e := range [...]error{io.EOF, io.ErrClosedPipe, net.ErrClosed, syscall.ECONNRESET, syscall.EPIPE} {
		if errors.Is(err, e) {
			return true
		}
	}
	return false
}
