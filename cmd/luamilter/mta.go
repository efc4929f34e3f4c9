package main

import (
	"fmt"
	"net"
	"path/filepath"
	"strings"
	"time"
)

// postfixQueue is where Debian's Postfix, and most others, lock their server processes in.
const postfixQueue = "/var/spool/postfix/"

// mtaLines says where the milter listens, and what to paste into the configuration of an MTA for it.
func mtaLines(bindings []binding, callback, message time.Duration) string {
	var b strings.Builder
	for _, bound := range bindings {
		fmt.Fprintf(&b, "luamilter %s is listening on %s\n", version(), postfixAddress(bound.listener.Addr()))
	}
	for _, bound := range bindings {
		addr := reachable(bound.listener.Addr())
		fmt.Fprintf(&b, "\nPostfix, main.cf:\n")
		for _, line := range postfixLines(addr, callback, message) {
			fmt.Fprintf(&b, "    %s\n", line)
		}
		fmt.Fprintf(&b, "Sendmail, sendmail.mc:\n    %s\n", sendmailLine(addr, callback, message))
	}
	return b.String()
}

// postfixLines are those of main.cf.
func postfixLines(addr net.Addr, callback, message time.Duration) []string {
	lines := append([]string{"smtpd_milters = " + postfixAddress(addr)}, postfixTimes(callback, message)...)
	if hint := chrootHint(addr); hint != "" {
		lines = append(lines, hint)
	}
	return lines
}

// sendmailLine is that of sendmail.mc.
func sendmailLine(addr net.Addr, callback, message time.Duration) string {
	return fmt.Sprintf("INPUT_MAIL_FILTER(`luamilter', `S=%s, F=T, T=%s')", sendmailAddress(addr), sendmailTimes(callback, message))
}

// postfixAddress is what smtpd_milters takes: inet:host:port or unix:/path.
func postfixAddress(addr net.Addr) string {
	if tcp, ok := addr.(*net.TCPAddr); ok {
		return "inet:" + tcp.String()
	}
	return "unix:" + socketPath(addr)
}

// sendmailAddress is what S= takes: inet:port@host, inet6:port@[host] or unix:/path.
func sendmailAddress(addr net.Addr) string {
	tcp, ok := addr.(*net.TCPAddr)
	switch {
	case !ok:
		return "unix:" + socketPath(addr)
	case tcp.IP.To4() != nil:
		return fmt.Sprintf("inet:%d@%s", tcp.Port, tcp.IP)
	}
	return fmt.Sprintf("inet6:%d@[%s]", tcp.Port, tcp.IP)
}

// reachable is where an MTA on this machine connects: not to the address that stands for every address.
func reachable(addr net.Addr) net.Addr {
	tcp, ok := addr.(*net.TCPAddr)
	if !ok || !tcp.IP.IsUnspecified() {
		return addr
	}
	local := net.IPv6loopback
	if tcp.IP.To4() != nil {
		local = net.IPv4(127, 0, 0, 1)
	}
	return &net.TCPAddr{IP: local, Port: tcp.Port}
}

// socketPath is the whole path of a unix socket: an MTA runs in another folder.
func socketPath(addr net.Addr) string {
	if abs, err := filepath.Abs(addr.String()); err == nil {
		return abs
	}
	return addr.String()
}

// chrootHint: a Postfix process that is locked into its queue sees the socket under another path, or not at all.
func chrootHint(addr net.Addr) string {
	if addr.Network() != "unix" {
		return ""
	}
	if inside, ok := strings.CutPrefix(socketPath(addr), postfixQueue); ok {
		return fmt.Sprintf("# where smtpd runs chrooted (master.cf): smtpd_milters = unix:/%s", inside)
	}
	return "# where smtpd runs chrooted (master.cf), the socket must be below " + postfixQueue
}

// postfixTimes are settings for an MTA that would give up before the milter does: by default Postfix waits 30 s for the
// reply to a command and 300 s for that to a message.
func postfixTimes(callback, message time.Duration) (lines []string) {
	if callback >= 30*time.Second {
		lines = append(lines, fmt.Sprintf("milter_command_timeout = %ds", seconds(callback)))
	}
	if message >= 300*time.Second {
		lines = append(lines, fmt.Sprintf("milter_content_timeout = %ds", seconds(message)))
	}
	return lines
}

// sendmailTimes: by default Sendmail waits 10 s for a reply, and 5 min for the end of a message, whatever progress it is
// told of.
func sendmailTimes(callback, message time.Duration) string {
	reply, end := 10, 300
	if callback >= 10*time.Second {
		reply = seconds(callback)
	}
	if message >= 300*time.Second {
		end = seconds(message)
	}
	return fmt.Sprintf("S:10s;R:%ds;E:%ds", reply, end)
}

// seconds is a time limit for an MTA that leaves the milter room to answer after its own.
func seconds(limit time.Duration) int {
	return int((limit+limit/4)/time.Second) + 1
}
