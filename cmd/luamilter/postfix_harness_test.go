package main_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// postfix is a Postfix instance of our own: configuration, queue and log lie in a temporary folder, and all ports
// are loopback ports that were free. Each smtpd service has one milter, a unix socket or a loopback port.
type postfix struct {
	dir   string
	sink  *sink
	smtpd map[string]int    // service name to SMTP port
	addr  map[string]string // service name to the milter's address, as luamilter and Postfix both write it
}

// nonSMTPD is the milter of mail that comes in through sendmail(1).
const nonSMTPD = "non_smtpd"

// startPostfix starts an instance with the given smtpd services: names, and settings of their own as master.cf has them
// (-o name=value). One with "_tcp" in its name has its milter on a port.
func startPostfix(t *testing.T, services map[string]string) *postfix {
	t.Helper()
	tool(t, "postfix", "postfix")
	if os.Geteuid() != 0 {
		t.Fatal("Postfix can be started by root only: run this test as root (in a container)")
	}
	p := &postfix{dir: shortTempDir(t), sink: startSink(t), smtpd: map[string]int{}, addr: map[string]string{}}
	for _, sub := range []string{"etc", "queue", "milter"} {
		p.must(t, os.Mkdir(filepath.Join(p.dir, sub), 0o755))
	}
	ports := freePorts(t, 2*len(services))
	for i, name := range slices.Sorted(maps.Keys(services)) {
		p.smtpd[name] = ports[i]
		p.addr[name] = "unix:" + filepath.Join(p.dir, "milter", name)
		if strings.Contains(name, "_tcp") {
			p.addr[name] = fmt.Sprintf("inet:%d@127.0.0.1", ports[len(services)+i])
		}
	}
	p.addr[nonSMTPD] = "unix:" + filepath.Join(p.dir, "milter", nonSMTPD)
	p.write(t, "main.cf", p.mainCF())
	p.write(t, "master.cf", p.masterCF(services))
	p.run(t)
	return p
}

func (p *postfix) must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func (p *postfix) write(t *testing.T, name, text string) {
	t.Helper()
	p.must(t, os.WriteFile(filepath.Join(p.dir, "etc", name), []byte(text), 0o644))
}

// mainCF leaves what concerns milters as Postfix has it; since 3.11 the default action is another one.
func (p *postfix) mainCF() string {
	return fmt.Sprintf(`compatibility_level = 3.6
queue_directory = %[1]s/queue
data_directory = %[1]s/data
maillog_file = %[1]s/maillog
maillog_file_prefixes = %[1]s
myhostname = mta.example
mydestination =
local_recipient_maps =
mynetworks = 127.0.0.0/8
inet_interfaces = 127.0.0.1
inet_protocols = ipv4
alias_maps =
alias_database =
default_transport = smtp:[127.0.0.1]:%[2]d
smtp_dns_support_level = disabled
smtp_tls_security_level = none
# no DNS server need be there
smtpd_peername_lookup = no
smtpd_relay_restrictions = permit_mynetworks, reject
message_size_limit = 100000000
milter_default_action = tempfail
non_smtpd_milters = %[3]s
`, p.dir, p.sink.port(), p.postfixAddr(nonSMTPD))
}

func (p *postfix) masterCF(services map[string]string) string {
	var b strings.Builder
	for name, settings := range services {
		fmt.Fprintf(&b, "127.0.0.1:%d inet n - n - - smtpd -o syslog_name=postfix/%s -o smtpd_milters=%s %s\n",
			p.smtpd[name], name, p.postfixAddr(name), settings)
	}
	b.WriteString(`proxymap  unix  -       -       n       -       -       proxymap
proxywrite unix -       -       n       -       1       proxymap
pickup    unix  n       -       n       60      1       pickup
cleanup   unix  n       -       n       -       0       cleanup
qmgr      unix  n       -       n       300     1       qmgr
tlsmgr    unix  -       -       n       1000?   1       tlsmgr
rewrite   unix  -       -       n       -       -       trivial-rewrite
bounce    unix  -       -       n       -       0       bounce
defer     unix  -       -       n       -       0       bounce
trace     unix  -       -       n       -       0       bounce
verify    unix  -       -       n       -       1       verify
flush     unix  n       -       n       1000?   0       flush
smtp      unix  -       -       n       -       -       smtp
relay     unix  -       -       n       -       -       smtp
showq     unix  n       -       n       -       -       showq
error     unix  -       -       n       -       -       error
retry     unix  -       -       n       -       -       error
discard   unix  -       -       n       -       -       discard
anvil     unix  -       -       n       -       1       anvil
scache    unix  -       -       n       -       1       scache
postlog   unix-dgram n  -       n       -       1       postlogd
`)
	return b.String()
}

// postfixAddr is a milter's address in Postfix' spelling of TCP.
func (p *postfix) postfixAddr(name string) string {
	if rest, ok := strings.CutPrefix(p.addr[name], "inet:"); ok {
		port, host, _ := strings.Cut(rest, "@")
		return "inet:" + host + ":" + port
	}
	return p.addr[name]
}

// run starts Postfix' master, and ends it with the test. `postfix start` would detach it, and it loses the signal
// that Linux sends at the death of a parent, so a shell that waits for the end of its input stands between.
func (p *postfix) run(t *testing.T) {
	t.Helper()
	p.tool(t, "", "postfix", "-c", p.etc(), "check") // makes the folders of the queue
	master := filepath.Join(strings.TrimSpace(p.tool(t, "", "postconf", "-h", "daemon_directory")), "master")
	const untilEOF = `setsid "$0" -c "$1" -d </dev/null & read -r _; kill $!; wait $!; exit 0`
	cmd := exec.Command("sh", "-c", untilEOF, master, p.etc())
	out := &logBuffer{}
	cmd.Stdout, cmd.Stderr = out, out
	cmd.WaitDelay = patience
	stdin, err := cmd.StdinPipe()
	p.must(t, err)
	p.must(t, cmd.Start())
	ended := make(chan error, 1)
	go func() { ended <- cmd.Wait() }()
	t.Cleanup(func() {
		stdin.Close()
		select {
		case <-ended:
		case <-time.After(patience):
			t.Error("postfix does not end")
		}
		if t.Failed() {
			maillog, _ := os.ReadFile(filepath.Join(p.dir, "maillog"))
			t.Logf("%s\nmaillog:\n%s", out, tail(string(maillog), 32<<10))
		}
	})
	for name, port := range p.smtpd {
		eventually(t, "smtpd listens for "+name, func() bool {
			c, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
			if err == nil {
				c.Close()
			}
			return err == nil
		})
	}
}

func (p *postfix) etc() string { return filepath.Join(p.dir, "etc") }

// milter starts luamilter where a service looks for it. Postfix' user gets at a unix socket through its group.
func (p *postfix) milter(t *testing.T, service string, args ...string) *milter {
	t.Helper()
	if strings.HasPrefix(p.addr[service], "unix:") {
		args = append(args, "--socket-group", "postfix")
	}
	return startMilter(t, p.addr[service], args...)
}

// tool runs one of Postfix' commands for this instance and returns what it printed.
func (p *postfix) tool(t *testing.T, stdin, name string, args ...string) string {
	t.Helper()
	cmd := exec.Command(tool(t, name, "postfix"), args...)
	cmd.Env = append(os.Environ(), "MAIL_CONFIG="+p.etc())
	cmd.Stdin = strings.NewReader(stdin)
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s %s: %v\n%s", name, strings.Join(args, " "), err, out)
	}
	return string(out)
}

// queueEntry is a line of `postqueue -j`.
type queueEntry struct {
	Queue      string `json:"queue_name"`
	ID         string `json:"queue_id"`
	Sender     string `json:"sender"`
	Recipients []struct {
		Address string `json:"address"`
		Reason  string `json:"delay_reason"`
	} `json:"recipients"`
}

// queue lists the mails that Postfix has not yet handed on.
func (p *postfix) queue(t *testing.T) []queueEntry {
	t.Helper()
	var list []queueEntry
	dec := json.NewDecoder(strings.NewReader(p.tool(t, "", "postqueue", "-j")))
	for dec.More() {
		var e queueEntry
		if err := dec.Decode(&e); err != nil {
			t.Fatalf("postqueue -j: %v", err)
		}
		list = append(list, e)
	}
	return list
}

// waitQueueEmpty waits until Postfix has handed on or dropped all it took.
func (p *postfix) waitQueueEmpty(t *testing.T) {
	t.Helper()
	var left []queueEntry
	defer func() {
		if t.Failed() {
			t.Logf("still in the queue: %+v", left)
		}
	}()
	eventually(t, "the queue is empty", func() bool {
		left = p.queue(t)
		return len(left) == 0
	})
}
