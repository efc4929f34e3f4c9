package protocol

import (
	"io"
	"net"
	"os"
	"sync"
	"syscall"
	"unsafe"
)

// link is the socket of a connection: a net.Conn, or, as long as a loop serves the connection, a bare file descriptor
// that nobody waits for. The owner of the connection uses it; only cut is for others.
type link struct {
	mu  sync.Mutex // of what follows when the owner changes it, and when others read it
	net net.Conn   // nil: fd is used
	fd  int
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

// wrap makes a net.Conn of the bare descriptor, which can wait.
func (l *link) wrap() error {
	file := os.NewFile(uintptr(l.fd), "milter")
	nc, err := net.FileConn(file)
	l.mu.Lock()
	defer l.mu.Unlock()
	_ = file.Close()
	l.net, l.fd = nc, -1
	return err
}

// close closes the socket.
func (l *link) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.net != nil {
		_ = l.net.Close()
	} else if l.fd >= 0 {
		_ = syscall.Close(l.fd)
		l.fd = -1
	}
}

// cut ends all that the owner may be doing with the socket.
func (l *link) cut() {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.net != nil {
		_ = l.net.Close()
	} else if l.fd >= 0 {
		_ = syscall.Shutdown(l.fd, syscall.SHUT_RDWR) // the number may be another's after a close
	}
}
