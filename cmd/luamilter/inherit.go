package main

import (
	"errors"
	"fmt"
	"net"
	"os"
	"strconv"
	"syscall"
)

// firstInherited is SD_LISTEN_FDS_START of sd_listen_fds(3).
const firstInherited = 3

// inheritSystemd takes the sockets of a systemd socket unit: LISTEN_FDS of them, if LISTEN_PID is this process
// (sd_listen_fds(3)).
func inheritSystemd(a listenAddr, getenv func(string) string) ([]binding, error) {
	fds := getenv("LISTEN_FDS")
	if fds == "" {
		return nil, errors.New("systemd has passed no sockets (LISTEN_FDS is not set)")
	}
	if pid := getenv("LISTEN_PID"); pid != strconv.Itoa(os.Getpid()) {
		return nil, fmt.Errorf("the sockets of systemd are for process %q (LISTEN_PID), not for %d", pid, os.Getpid())
	}
	n, err := strconv.Atoi(fds)
	if err != nil || n < 1 || n > 1024 {
		return nil, fmt.Errorf("LISTEN_FDS is %q, not a number of sockets", fds)
	}
	var bindings []binding
	for fd := firstInherited; fd < firstInherited+n; fd++ {
		b, err := inherit(a, fd)
		if err != nil {
			return bindings, err
		}
		bindings = append(bindings, b)
	}
	return bindings, nil
}

func inheritNumber(a listenAddr) ([]binding, error) {
	fd, err := strconv.Atoi(a.address)
	if err != nil || fd < 0 {
		return nil, fmt.Errorf("%q is no file descriptor", a.address)
	}
	b, err := inherit(a, fd)
	if err != nil {
		return nil, err
	}
	return []binding{b}, nil
}

// inherit makes a listener of a file descriptor that this process was started with.
func inherit(a listenAddr, fd int) (binding, error) {
	listening, err := syscall.GetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_ACCEPTCONN)
	if err != nil {
		return binding{}, fmt.Errorf("file descriptor %d: %w", fd, err)
	}
	if listening == 0 {
		return binding{}, fmt.Errorf("file descriptor %d is a socket that does not listen (Accept=yes in its unit?)", fd)
	}
	file := os.NewFile(uintptr(fd), a.name)
	l, err := net.FileListener(file) // of a duplicate
	file.Close()
	if err != nil {
		return binding{}, fmt.Errorf("file descriptor %d: %w", fd, err)
	}
	return binding{a.name, l}, nil
}
