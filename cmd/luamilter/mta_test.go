package main

import (
	"net"
	"strings"
	"testing"
	"time"
)

func TestAddressesForMTAs(t *testing.T) {
	tcp := func(ip string) net.Addr { return &net.TCPAddr{IP: net.ParseIP(ip), Port: 7357} }
	for _, c := range []struct {
		name              string
		addr              net.Addr
		postfix, sendmail string
	}{
		{"an IPv4 address", tcp("127.0.0.1"), "inet:127.0.0.1:7357", "inet:7357@127.0.0.1"},
		{"an IPv6 address", tcp("2001:db8::1"), "inet:[2001:db8::1]:7357", "inet6:7357@[2001:db8::1]"},
		{"every IPv4 address", tcp("0.0.0.0"), "inet:127.0.0.1:7357", "inet:7357@127.0.0.1"},
		{"every address", tcp("::"), "inet:[::1]:7357", "inet6:7357@[::1]"},
		{"a unix socket", &net.UnixAddr{Name: "/run/luamilter/socket", Net: "unix"},
			"unix:/run/luamilter/socket", "unix:/run/luamilter/socket"},
	} {
		t.Run(c.name, func(t *testing.T) {
			near := reachable(c.addr)
			if got := postfixAddress(near); got != c.postfix {
				t.Errorf("Postfix: got %s, want %s", got, c.postfix)
			}
			if got := sendmailAddress(near); got != c.sendmail {
				t.Errorf("Sendmail: got %s, want %s", got, c.sendmail)
			}
		})
	}
}

func TestMTAWaitsLongerThanTheMilter(t *testing.T) {
	for _, c := range []struct {
		name              string
		callback, message time.Duration
		postfix, sendmail string
	}{
		{"the defaults fit", 8 * time.Second, 4 * time.Minute, "", "S:10s;R:10s;E:300s"},
		{"a longer callback is for Sendmail first", 20 * time.Second, 4 * time.Minute, "", "S:10s;R:26s;E:300s"},
		{"and then for Postfix", time.Minute, 4 * time.Minute, "milter_command_timeout = 76s", "S:10s;R:76s;E:300s"},
		{"a longer end of message is for both", 8 * time.Second, 10 * time.Minute, "milter_content_timeout = 751s", "S:10s;R:10s;E:751s"},
	} {
		t.Run(c.name, func(t *testing.T) {
			if got := strings.Join(postfixTimes(c.callback, c.message), "\n"); got != c.postfix {
				t.Errorf("Postfix: got %q, want %q", got, c.postfix)
			}
			if got := sendmailTimes(c.callback, c.message); got != c.sendmail {
				t.Errorf("Sendmail: got %q, want %q", got, c.sendmail)
			}
		})
	}
}

func TestChrootHintNamesThePathInside(t *testing.T) {
	for path, want := range map[string]string{
		"/var/spool/postfix/luamilter/socket": "# where smtpd runs chrooted (master.cf): smtpd_milters = unix:/luamilter/socket",
		"/run/luamilter/socket":               "# where smtpd runs chrooted (master.cf), the socket must be below /var/spool/postfix/",
	} {
		if got := chrootHint(&net.UnixAddr{Name: path, Net: "unix"}); got != want {
			t.Errorf("%s: got %q, want %q", path, got, want)
		}
	}
}
