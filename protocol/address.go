package protocol

import (
	"errors"
	"fmt"
	"net"
	"net/netip"
	"path"
	"strconv"
	"strings"
)

// maxUnixPath is what fits in sockaddr_un of Linux with its NUL.
const maxUnixPath = 107

// ParseAddr reads an address as users of Postfix, Sendmail and libmilter write it (smfi_setconn):
// "unix:/path", "local:/path", "/path", "inet:port@host", "inet6:port@host", "inet:host:port",
// "inet:[v6]:port", "inet:port". What it gives is for net.Listen and net.Dial: network "unix",
// "tcp", "tcp4" or "tcp6" and an address. "fd:N" gives network "fd" and the number, "systemd" gives
// "systemd" and "", for the caller to find the inherited sockets.
func ParseAddr(s string) (network, address string, err error) {
	network, address, err = parseAddr(s)
	if err != nil {
		return "", "", fmt.Errorf("address %.200q: %w", s, err)
	}
	return network, address, nil
}

func parseAddr(s string) (network, address string, err error) {
	if s == "systemd" {
		return "systemd", "", nil
	}
	if path.IsAbs(s) {
		return parseUnix(s)
	}
	scheme, rest, _ := strings.Cut(s, ":")
	switch scheme {
	case "unix", "local":
		return parseUnix(rest)
	case "inet":
		return parseInet(rest, "tcp", "tcp4")
	case "inet6":
		return parseInet(rest, "tcp6", "tcp6")
	case "fd":
		n, err := parseNumber(rest, 1<<20)
		if err != nil {
			return "", "", fmt.Errorf("file descriptor %.40q: %w", rest, err)
		}
		return "fd", strconv.Itoa(n), nil
	}
	return "", "", errors.New("want unix:/path, inet:port@host, inet6:port@host, inet:host:port, fd:N or systemd")
}

func parseUnix(s string) (network, address string, err error) {
	switch {
	case s == "":
		return "", "", errors.New("no path")
	case len(s) > maxUnixPath:
		return "", "", fmt.Errorf("path of %d bytes, the system takes %d", len(s), maxUnixPath)
	case strings.IndexByte(s, 0) >= 0:
		return "", "", errors.New("NUL in the path")
	}
	return "unix", s, nil
}

// parseInet reads port@host, host:port, [v6]:port and port. A name of a host gives the network
// named, no host the network any; a literal address gives that of its own family.
func parseInet(s, named, anyHost string) (network, address string, err error) {
	var host, port string
	if p, h, ok := strings.Cut(s, "@"); ok {
		port, host = p, h
	} else if i := strings.LastIndexByte(s, ':'); i >= 0 {
		host, port = s[:i], s[i+1:]
		if strings.IndexByte(host, ':') >= 0 && host[0] != '[' {
			return "", "", errors.New("an IPv6 address before :port wants brackets")
		}
	} else {
		port = s
	}
	n, err := parseNumber(port, 65535)
	if err != nil {
		return "", "", fmt.Errorf("port %.40q: %w", port, err)
	}
	if strings.HasPrefix(host, "[") {
		inner, ok := strings.CutSuffix(host[1:], "]")
		if a, err := netip.ParseAddr(inner); !ok || err != nil || !a.Is6() {
			return "", "", fmt.Errorf("host %.100q: no IPv6 address in brackets", host)
		}
		host = inner
	}
	network, err = inetNetwork(host, named, anyHost)
	if err != nil {
		return "", "", fmt.Errorf("host %.100q: %w", host, err)
	}
	return network, net.JoinHostPort(host, strconv.Itoa(n)), nil
}

func inetNetwork(host, named, anyHost string) (string, error) {
	if host == "" {
		return anyHost, nil
	}
	if a, err := netip.ParseAddr(host); err == nil {
		if a.Is6() {
			return "tcp6", nil
		}
		if named == "tcp6" {
			return "", errors.New("an IPv4 address is not inet6")
		}
		return "tcp4", nil
	}
	for i := range len(host) {
		if b := host[i]; b <= ' ' || b >= 0x7f || strings.IndexByte("@:[]/%", b) >= 0 {
			return "", fmt.Errorf("%q in the name", b)
		}
	}
	return named, nil
}

// parseNumber reads decimal digits up to limit; no sign, no service name.
func parseNumber(s string, limit int) (int, error) {
	if s == "" {
		return 0, errors.New("missing")
	}
	n := 0
	for i := range len(s) {
		if !isDigit(s[i]) {
			return 0, errors.New("not a number")
		}
		n = n*10 + int(s[i]-'0')
		if n > limit {
			return 0, fmt.Errorf("above %d", limit)
		}
	}
	return n, nil
}
