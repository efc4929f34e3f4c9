package protocol

import (
	"io"
	"net"
	"sync"
	"syscall"
)

// idleReader waits for a peer without holding a segment: thousands of connections wait most of the time, and what ends
// the wait is short.
type idleReader struct {
	raw syscall.RawConn // nil where the connection has no file descriptor, as a net.Pipe

	// of one read
	segment []byte
	err     error
	try     func(fd uintptr) bool // attempt, made once
}

// scratch are buffers to read into before it is known how long a segment is needed.
var scratch = sync.Pool{New: func() any {
	buffer := make([]byte, segmentMin)
	return &buffer
}}

func newIdleReader(nc net.Conn) idleReader {
	sc, ok := nc.(syscall.Conn)
	if !ok {
		return idleReader{}
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return idleReader{}
	}
	return idleReader{raw: raw}
}

// read reads once, as soon as there is something, into a segment that holds just that.
func (i *idleReader) read() ([]byte, error) {
	if i.try == nil {
		i.try = i.attempt
	}
	err := i.raw.Read(i.try)
	if err == nil {
		err = i.err
	}
	segment := i.segment
	i.segment = nil
	if err == nil && len(segment) == 0 {
		err = io.EOF
	}
	return segment, err
}

// attempt says false when there is nothing to read yet.
func (i *idleReader) attempt(fd uintptr) bool {
	buffer := scratch.Get().(*[]byte)
	defer scratch.Put(buffer)
	var n int
	for {
		n, i.err = syscall.Read(int(fd), *buffer)
		if i.err != syscall.EINTR {
			break
		}
	}
	if n > 0 {
		i.segment = append([]byte(nil), (*buffer)[:n]...)
	}
	return i.err != syscall.EAGAIN
}
