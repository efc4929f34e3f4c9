package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"luamilter/protocol"
)

// defaultListen is where the milter listens unless --listen says otherwise.
const defaultListen = "inet:127.0.0.1:7357"

// listenAddr is one --listen that parses.
type listenAddr struct {
	name    string // as given
	network string // tcp, tcp4, tcp6, unix, fd or systemd
	address string
}

// binding is one socket that MTAs can connect to.
type binding struct {
	name     string // the --listen it comes from
	listener net.Listener
}

// socketOptions are for unix sockets.
type socketOptions struct {
	mode  fileMode
	group string
	owner *account
}

func parseListen(names []string) ([]listenAddr, error) {
	if len(names) == 0 {
		return nil, usageErrorf("no address: give --listen ADDR")
	}
	addrs := make([]listenAddr, 0, len(names))
	for _, name := range names {
		network, address, err := protocol.ParseAddr(name)
		if err != nil {
			return nil, usageErrorf("--listen: %w", err)
		}
		addrs = append(addrs, listenAddr{name, network, address})
	}
	return addrs, nil
}

// bind opens all addresses, or none.
func bind(addrs []listenAddr, options socketOptions) (bindings []binding, err error) {
	defer func() {
		if err != nil {
			closeAll(bindings)
		}
	}()
	for _, a := range addrs {
		var opened []binding
		switch a.network {
		case "fd":
			opened, err = inheritNumber(a)
		case "systemd":
			opened, err = inheritSystemd(a, os.Getenv)
		case "unix":
			opened, err = bindUnix(a, options)
		default:
			opened, err = bindTCP(a)
		}
		bindings = append(bindings, opened...)
		if err != nil {
			return bindings, fmt.Errorf("cannot listen on %s: %w", a.name, err)
		}
	}
	return bindings, nil
}

func closeAll(bindings []binding) {
	for _, b := range bindings {
		b.listener.Close()
	}
}

func bindTCP(a listenAddr) ([]binding, error) {
	l, err := net.Listen(a.network, a.address)
	if err != nil {
		return nil, bindReason(a.network, err)
	}
	return []binding{{a.name, l}}, nil
}

// bindReason takes the system's word out of what package net wraps around it, and says what to do.
func bindReason(network string, err error) error {
	var number syscall.Errno
	if !errors.As(err, &number) {
		var op *net.OpError
		if errors.As(err, &op) {
			return op.Err
		}
		return err
	}
	hint := ""
	switch {
	case number == syscall.EACCES && strings.HasPrefix(network, "tcp"):
		hint = " (a port below 1024 needs root or CAP_NET_BIND_SERVICE)"
	case number == syscall.EADDRINUSE:
		hint = " (is another luamilter running?)"
	case number == syscall.EADDRNOTAVAIL:
		hint = " (this machine has no such address)"
	}
	return fmt.Errorf("%s%s", number.Error(), hint)
}

// bindUnix makes a unix socket with the owner, group and mode that were asked for. One that a dead process has left is
// removed first.
func bindUnix(a listenAddr, options socketOptions) ([]binding, error) {
	path := a.address
	if strings.HasPrefix(path, "@") {
		path = "./" + path // a file: package net would take it for an abstract socket
	}
	group, err := lookUpGroup(options.group)
	if err != nil {
		return nil, err
	}
	unlock, err := lockFolder(filepath.Dir(path))
	if err != nil {
		return nil, err
	}
	defer unlock()
	if err := removeStale(path); err != nil {
		return nil, err
	}
	// The socket must never be open wider than asked for, not even between two system calls.
	mask := syscall.Umask(0o177)
	l, err := net.Listen("unix", path)
	syscall.Umask(mask)
	if err != nil {
		return nil, bindReason(a.network, err)
	}
	if err := setOwner(path, options.owner, group); err != nil {
		l.Close()
		return nil, err
	}
	if err := os.Chmod(path, os.FileMode(options.mode)); err != nil {
		l.Close()
		return nil, fmt.Errorf("set its mode: %w", err)
	}
	return []binding{{a.name, l}}, nil
}

// lockWait is how long another luamilter that starts may keep the folder.
const lockWait = 10 * time.Second

// lockFolder keeps two luamilters that start at once from both finding the same stale socket: the later one would remove
// the live socket of the earlier.
func lockFolder(path string) (unlock func(), err error) {
	folder, err := os.Open(path)
	if errors.Is(err, os.ErrPermission) {
		return func() {}, nil // it may be entered but not read; there can be sockets in it all the same
	}
	if err != nil {
		return nil, err
	}
	give := time.Now().Add(lockWait)
	for {
		err = syscall.Flock(int(folder.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
		if err == nil || !errors.Is(err, syscall.EWOULDBLOCK) {
			// A file system without locks is no reason not to start.
			return func() { folder.Close() }, nil
		}
		if time.Now().After(give) {
			folder.Close()
			return nil, fmt.Errorf("another process keeps %s locked", path)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// removeStale removes a unix socket at which nobody listens.
func removeStale(path string) error {
	info, err := os.Lstat(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if info.Mode().Type() != os.ModeSocket {
		return errors.New("the file exists and is no socket")
	}
	conn, err := net.DialTimeout("unix", path, 5*time.Second)
	if err == nil {
		conn.Close()
	}
	if !errors.Is(err, syscall.ECONNREFUSED) {
		// Also where it is full, forbidden or of another type: somebody may well listen.
		return bindReason("unix", syscall.EADDRINUSE)
	}
	if err := os.Remove(path); err != nil {
		return fmt.Errorf("remove the stale socket: %w", err)
	}
	return nil
}

// setOwner gives the socket to the user that will serve it, and to a group; -1 leaves the group.
func setOwner(path string, owner *account, group int) error {
	uid := -1
	if owner != nil {
		uid = owner.uid
	}
	if uid < 0 && group < 0 {
		return nil
	}
	if err := os.Lchown(path, uid, group); err != nil {
		return fmt.Errorf("set its owner and group: %w", err)
	}
	return nil
}

// lookUpGroup finds a group by name or number; -1 for none.
func lookUpGroup(name string) (int, error) {
	if name == "" {
		return -1, nil
	}
	if g, err := user.LookupGroup(name); err == nil {
		name = g.Gid
	}
	gid, err := strconv.ParseUint(name, 10, 31)
	if err != nil {
		return -1, fmt.Errorf("there is no group %q", name)
	}
	return int(gid), nil
}
