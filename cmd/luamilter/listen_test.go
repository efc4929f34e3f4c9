package main

import (
	"net"
	"os"
	"path/filepath"
	"sync"
	"syscall"
	"testing"
)

func TestBindReasonIsOneClearLine(t *testing.T) {
	wrap := func(number syscall.Errno) error {
		return &net.OpError{Op: "listen", Net: "tcp", Err: &os.SyscallError{Syscall: "bind", Err: number}}
	}
	for _, c := range []struct {
		name, network string
		err           error
		want          string
	}{
		{"a port without rights", "tcp4", wrap(syscall.EACCES), "permission denied (a port below 1024 needs root or CAP_NET_BIND_SERVICE)"},
		{"a folder without rights", "unix", wrap(syscall.EACCES), "permission denied"},
		{"a port in use", "tcp", wrap(syscall.EADDRINUSE), "address already in use (is another luamilter running?)"},
		{"an address of another machine", "tcp6", wrap(syscall.EADDRNOTAVAIL), "cannot assign requested address (this machine has no such address)"},
		{"a host name that does not resolve", "tcp",
			&net.OpError{Op: "listen", Net: "tcp", Err: &net.DNSError{Err: "no such host", Name: "mx.invalid", IsNotFound: true}},
			"lookup mx.invalid: no such host"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := bindReason(c.network, c.err).Error(); got != c.want {
				t.Errorf("got %q, want %q", got, c.want)
			}
		})
	}
}

// Many that start at once all find the same stale socket. Whoever comes second must find the first one's alive.
func TestStaleSocketIsTakenOverByOne(t *testing.T) {
	path := filepath.Join(t.TempDir(), "socket")
	stale, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	stale.(*net.UnixListener).SetUnlinkOnClose(false)
	stale.Close()

	const starters = 8
	var got sync.Map
	var all sync.WaitGroup
	for i := range starters {
		all.Go(func() {
			if b, err := bindUnix(listenAddr{"unix:" + path, "unix", path}, socketOptions{mode: 0o600}); err == nil {
				got.Store(i, b)
			}
		})
	}
	all.Wait()
	winners := 0
	got.Range(func(_, b any) bool {
		winners++
		closeAll(b.([]binding))
		return true
	})
	if winners != 1 {
		t.Errorf("got %d that listen on the socket, want 1", winners)
	}
}
