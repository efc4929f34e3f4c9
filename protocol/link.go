package protocol

import (
	"io"
	"os"
	"sync"
	"syscall"
	"time"
	"unsafe"
)

// link is the socket of a connection: a net.Conn, or, as long as a loop serves the connection, a bare file descriptor
// that nobody waits for, and that is an os.File afterwards. The owner of the connection uses it; only cut is for others.
type link struct {
	mu  sync.Mutex // of what follows when the owner changes it, and when others read it
	net waiter     // nil: fd is used
	fd  int        // -1: net is a net.Conn, or closed
}

// waiter is a socket that can wait.
type waiter interface {
	io.ReadWriteCloser
	SetReadDeadline(time.Time) error
	SetWriteDeadline(time.Time) error
}

// errNothing says that a bare descriptor has nothing to read, or takes nothing more.
var errNothing error = syscall.EAGAIN

// Read implements io.Reader.
func (l *link) Read(p []byte) (int, error) {
	if l.net != nil {
		return l.net.Read(p)
	}
	n, err := callNow(syscall.SYS_READ, l.fd, p)
	if n == 0 && err == nil {
		err = io.EOF
	}
	return n, err
}

// writeNow writes what a bare descriptor takes at once.
func (l *link) writeNow(p []byte) (n int, err error) {
	for n < len(p) && err == nil {
		var more int
		more, err = callNow(syscall.SYS_WRITE, l.fd, p[n:])
		n += more
	}
	return n, err
}

// callNow reads or writes. A bare descriptor never waits, so Go's scheduler need not know of the call.
func callNow(number uintptr, fd int, p []byte) (int, error) {
	for {
		n, _, errno := syscall.RawSyscall(number, uintptr(fd), uintptr(unsafe.Pointer(unsafe.SliceData(p))), uintptr(len(p)))
		if errno == 0 {
			return int(n), nil
		}
		if errno != syscall.EINTR {
			return 0, errno
		}
	}
}

// wrap makes the bare descriptor one that can wait. A net.Conn would take another one, and there may be none left.
func (l *link) wrap() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.net = os.NewFile(uintptr(l.fd), "milter")
}

// close closes the socket.
func (l *link) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.net != nil {
		_ = l.net.Close()
	} else if l.fd >= 0 {
		_ = syscall.Close(l.fd)
	}
	l.fd = -1
}

// cut ends all that the owner may be doing with the socket.
func (l *link) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fd >= 0 {
		_ = syscall.Shutdown(l.fd, syscall.SHUT_RDWR) // the number may be another's after a close
	} else if l.net != nil {
		_ = l.net.Close()
	}
}
