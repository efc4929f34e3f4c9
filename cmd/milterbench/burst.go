package main

import (
	"fmt"
	"net"
)

// burstConn writes as Postfix' buffered streams do: full pieces of a fixed size, and the rest only when a reply is waited
// for, the connection is closed or flush is called.
type burstConn struct {
	net.Conn
	rest []byte // what fills no piece yet; its capacity is the size of a piece
}

func newBurstConn(conn net.Conn, size int) *burstConn {
	return &burstConn{Conn: conn, rest: make([]byte, 0, size)}
}

// Write takes all of b, and keeps a copy of what fills no piece.
func (c *burstConn) Write(b []byte) (int, error) {
	total := len(b)
	if len(c.rest) > 0 {
		n := min(cap(c.rest)-len(c.rest), len(b))
		c.rest = append(c.rest, b[:n]...)
		if b = b[n:]; len(c.rest) < cap(c.rest) {
			return total, nil
		}
		if err := c.flush(); err != nil {
			return 0, err
		}
	}
	for len(b) >= cap(c.rest) {
		if _, err := c.Conn.Write(b[:cap(c.rest)]); err != nil {
			return 0, err
		}
		b = b[cap(c.rest):]
	}
	c.rest = append(c.rest, b...)
	return total, nil
}

// flush writes what waits.
func (c *burstConn) flush() error {
	if len(c.rest) == 0 {
		return nil
	}
	_, err := c.Conn.Write(c.rest)
	c.rest = c.rest[:0]
	return err
}

// Read writes what waits, then reads.
func (c *burstConn) Read(b []byte) (int, error) {
	if err := c.flush(); err != nil {
		return 0, fmt.Errorf("flush before a read: %w", err)
	}
	return c.Conn.Read(b)
}

// Close writes what waits, then closes.
func (c *burstConn) Close() error {
	flushed := c.flush()
	if err := c.Conn.Close(); err != nil {
		return err
	}
	return flushed
}
