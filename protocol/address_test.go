package protocol

import (
	"strings"
	"testing"
)

func TestParseAddrTakesWhatUsersWrite(t *testing.T) {
	tests := []struct{ in, network, address string }{
		{"unix:/run/luamilter.sock", "unix", "/run/luamilter.sock"},
		{"local:/run/luamilter.sock", "unix", "/run/luamilter.sock"},
		{"/run/luamilter.sock", "unix", "/run/luamilter.sock"},
		{"unix:luamilter.sock", "unix", "luamilter.sock"},
		{"inet:7357@127.0.0.1", "tcp4", "127.0.0.1:7357"},
		{"inet:7357@localhost", "tcp", "localhost:7357"},
		{"inet:7357", "tcp4", ":7357"},
		{"inet:0@127.0.0.1", "tcp4", "127.0.0.1:0"},
		{"inet:127.0.0.1:7357", "tcp4", "127.0.0.1:7357"},
		{"inet:mail.example:7357", "tcp", "mail.example:7357"},
		{"inet:[::1]:7357", "tcp6", "[::1]:7357"},
		{"inet:7357@[::1]", "tcp6", "[::1]:7357"},
		{"inet:7357@::1", "tcp6", "[::1]:7357"},
		{"inet6:7357@::1", "tcp6", "[::1]:7357"},
		{"inet6:7357@[::1]", "tcp6", "[::1]:7357"},
		{"inet6:7357@localhost", "tcp6", "localhost:7357"},
		{"inet6:7357", "tcp6", ":7357"},
		{"inet6:[fe80::1%eth0]:7357", "tcp6", "[fe80::1%eth0]:7357"},
		{"fd:3", "fd", "3"},
		{"systemd", "systemd", ""},
	}
	for _, tt := range tests {
		t.Run(tt.in, func(t *testing.T) {
			network, address, err := ParseAddr(tt.in)
			if err != nil || network != tt.network || address != tt.address {
				t.Errorf("got %q %q %v, want %q %q", network, address, err, tt.network, tt.address)
			}
		})
	}
}

func TestParseAddrSaysWhatIsWrong(t *testing.T) {
	const forms = "want unix:/path, inet:port@host, inet6:port@host, inet:host:port, fd:N or systemd"
	tests := []struct{ in, want string }{
		{"", forms},
		{"127.0.0.1:7357", forms},
		{"tcp:7357", forms},
		{"unix:", "no path"},
		{"unix:/" + strings.Repeat("x", 107), "path of 108 bytes, the system takes 107"},
		{"unix:/a\x00b", "NUL in the path"},
		{"inet:", `port "": missing`},
		{"inet:smtp", `port "smtp": not a number`},
		{"inet:65536", `port "65536": above 65535`},
		{"inet:+1", `port "+1": not a number`},
		{"inet:7357@a b", `host "a b": ' ' in the name`},
		{"inet:7357@a@b", `host "a@b": '@' in the name`},
		{"inet:::1:7357", "an IPv6 address before :port wants brackets"},
		{"inet:[::1:7357", `host "[::1": no IPv6 address in brackets`},
		{"inet:[127.0.0.1]:7357", `host "[127.0.0.1]": no IPv6 address in brackets`},
		{"inet6:7357@127.0.0.1", `host "127.0.0.1": an IPv4 address is not inet6`},
		{"fd:", `file descriptor "": missing`},
		{"fd:-1", `file descriptor "-1": not a number`},
	}
	for _, tt := range tests {
		t.Run(tt.in, func(t *testing.T) {
			network, address, err := ParseAddr(tt.in)
			if err == nil || !strings.HasSuffix(err.Error(), tt.want) {
				t.Errorf("got %v, want %s", err, tt.want)
			}
			if network != "" || address != "" {
				t.Errorf("got %q %q with the error", network, address)
			}
		})
	}
}
