package protocol

import (
	"io"
	"sync"
	"syscall"
)

// idleReader waits for a peer without holding a segment: thousands of connections wait most of the time, and what ends
// the wait is short.
type idleReader struct {
	raw  syscall.RawConn // nil where the connection has no file descriptor, as a net.Pipe
	bare *link           // instead of raw: what nobody waits for

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

func newIdleReader(w waiter) idleReader {
	sc, ok := w.(syscall.Conn)
	if !ok {
		return idleReader{}
	}
	raw, err := sc.SyscallConn()
	if err != nil {
		return idleReader{}
	}
	return idleReader{raw: raw}
}

func (i *idleReader) able() bool { return i.raw != nil || i.bare != nil }

// read reads once, as soon as there is something, into a segment that holds just that.
func (i *idleReader) read() ([]byte, error) {
	err := i.wait()
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

func (i *idleReader) wait() error {
	if i.bare != nil {
		i.attempt(uintptr(i.bare.fd))
		return nil
	}
	if i.try == nil {
		i.try = i.attempt
	}
	return i.raw.Read(i.try)
}

// attempt says false when there is nothing to read yet.
func (i *idleReader) attempt(fd uintptr) bool {
	buffer := scratch.Get().(*[]byte)
	defer scratch.Put(buffer)
	n, err := callNow(syscall.SYS_READ, int(fd), *buffer)
	i.err = err
	if n > 0 {
		i.segment = append([]byte(nil), (*buffer)[:n]...)
	}
	return i.err != syscall.EAGAIN
}
