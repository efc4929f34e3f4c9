package protocol

import (
	"fmt"
	"net"
	"syscall"
)

// enter makes the loop serve a new connection. Without an error the connection is no longer the caller's.
func (l *loop) enter(c *conn) error {
	if err := c.link.bare(); err != nil {
		return err
	}
	c.loop = l
	c.frames.idle = idleReader{bare: &c.link}
	if err := c.beginInLoop(); err != nil {
		l.finish(c, err)
		return nil
	}
	if err := l.watchConn(c); err != nil {
		l.finish(c, err)
	}
	return nil
}

func (l *loop) watchConn(c *conn) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.conns[int32(c.link.fd)] = c
	if err := l.watch(c.link.fd); err != nil {
		return err
	}
	if !l.rest(c) {
		return errShutdown
	}
	return nil
}

func (c *conn) beginInLoop() (err error) {
	defer recovered(&err)
	return c.beginSession()
}

// bare takes the descriptor out of the net.Conn, so that Go's poller knows nothing of it.
func (l *link) bare() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	raw, err := l.net.(syscall.Conn).SyscallConn()
	if err != nil {
		return err
	}
	var fd uintptr
	var errno syscall.Errno
	err = raw.Control(func(number uintptr) {
		fd, _, errno = syscall.RawSyscall(syscall.SYS_FCNTL, number, syscall.F_DUPFD_CLOEXEC, 0)
	})
	if err == nil && errno != 0 {
		err = errno
	}
	if err != nil {
		return fmt.Errorf("dup: %w", err)
	}
	_ = l.net.Close()
	l.net, l.fd = nil, int(fd)
	return nil
}

// canEnter says that a connection has a descriptor for a loop.
func canEnter(nc net.Conn) bool {
	switch nc.(type) {
	case *net.TCPConn, *net.UnixConn:
		return true
	}
	return false
}

// goOn serves a connection that its loop does not serve any more, to its end.
func (c *conn) goOn() {
	defer c.server.remove(c)
	c.leave()
	err := c.wait()
	if err == nil {
		err = c.run()
	}
	c.finish(err)
}

// leave makes the connection one that can wait. If its loop waits for it, another goroutine leads that from now on.
func (c *conn) leave() {
	l := c.loop
	if l == nil {
		return
	}
	l.remove(c)
	c.loop = nil
	l.relieve(c.turnNumber)
	c.link.wrap()
	c.frames.idle = newIdleReader(c.link.net)
}
