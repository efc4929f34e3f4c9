package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"luamilter/protocol"
)

// running is what a transcript has going on in the background.
type running struct {
	cmd     *exec.Cmd
	log     *bufio.Reader
	mta     *protocol.Client
	sockets []net.Listener
}

type runningKey struct{}

func runningIn(ts *testscript.TestScript) *running { return ts.Value(runningKey{}).(*running) }

// patience bounds a luamilter that a transcript starts, so that one that hangs fails its test.
const patience = 30 * time.Second

// cmdExits runs a command: "exits 2 luamilter --bogus" wants its exit code to be 2.
func cmdExits(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits CODE COMMAND ARG...")
	}
	code := 0
	var exit *exec.ExitError
	if err := ts.Exec(args[1], args[2:]...); errors.As(err, &exit) {
		code = exit.ExitCode()
	} else {
		ts.Check(err)
	}
	if want := args[0]; strconv.Itoa(code) != want {
		ts.Fatalf("exit code: got %d, want %s", code, want)
	}
}

// cmdStart starts a command in the background and waits until it has said where it listens; that is then stdout. With a "-"
// in front it does not wait. Sockets of the command socket are its file descriptors 3 and up.
func cmdStart(ts *testscript.TestScript, neg bool, args []string) {
	r := runningIn(ts)
	wait := len(args) > 0 && args[0] != "-"
	if !wait && len(args) > 0 {
		args = args[1:]
	}
	if neg || len(args) == 0 || r.cmd != nil {
		ts.Fatalf("usage: start [-] COMMAND ARG... (one at a time)")
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	ts.Defer(cancel)
	r.cmd = exec.CommandContext(ctx, args[0], args[1:]...)
	r.cmd.Dir = ts.MkAbs(".")
	r.cmd.Env = []string{"PATH=" + ts.Getenv("PATH"), "GORACE=" + ts.Getenv("GORACE")}
	for _, l := range r.sockets {
		file, err := l.(interface{ File() (*os.File, error) }).File()
		ts.Check(err)
		ts.Defer(func() { file.Close() })
		r.cmd.ExtraFiles = append(r.cmd.ExtraFiles, file)
	}
	stdout, err := r.cmd.StdoutPipe()
	ts.Check(err)
	stderr, err := r.cmd.StderrPipe()
	ts.Check(err)
	r.log = bufio.NewReader(stderr)
	ts.Check(r.cmd.Start())
	ts.Defer(func() {
		if r.cmd != nil {
			r.cmd.Process.Kill()
			_ = r.cmd.Wait()
		}
	})
	lines := bufio.NewReader(stdout)
	for wait {
		line, err := lines.ReadString('\n')
		io.WriteString(ts.Stdout(), line)
		if err != nil {
			rest, _ := io.ReadAll(r.log)
			ts.Fatalf("it ended before it listened: %s", rest)
		}
		if strings.Contains(line, "INPUT_MAIL_FILTER") {
			return
		}
	}
}

// cmdLogs reads the log of the started command up to a line that matches.
func cmdLogs(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 1 {
		ts.Fatalf("usage: logs REGEXP")
	}
	want, err := regexp.Compile(args[0])
	ts.Check(err)
	for {
		line, err := runningIn(ts).log.ReadString('\n')
		io.WriteString(ts.Stderr(), line)
		if want.MatchString(line) {
			return
		}
		if err != nil {
			ts.Fatalf("no such line in the log: %v", err)
		}
	}
}

// cmdSignal sends a signal to the started command.
func cmdSignal(ts *testscript.TestScript, neg bool, args []string) {
	signals := map[string]os.Signal{"HUP": syscall.SIGHUP, "TERM": syscall.SIGTERM, "INT": syscall.SIGINT}
	if neg || len(args) != 1 || signals[args[0]] == nil {
		ts.Fatalf("usage: signal HUP|TERM|INT")
	}
	ts.Check(runningIn(ts).cmd.Process.Signal(signals[args[0]]))
}

// cmdEnded waits for the end of the started command, which must exit with a code. The rest of its log is then stderr.
func cmdEnded(ts *testscript.TestScript, neg bool, args []string) {
	r := runningIn(ts)
	if neg || len(args) != 1 {
		ts.Fatalf("usage: ended CODE")
	}
	_, err := io.Copy(ts.Stderr(), r.log)
	ts.Check(err)
	_ = r.cmd.Wait()
	got := strconv.Itoa(r.cmd.ProcessState.ExitCode())
	r.cmd = nil
	if got != args[0] {
		ts.Fatalf("exit code: got %s, want %s", got, args[0])
	}
}

// cmdMTA plays an MTA: "mta begin ADDR" connects and begins a message, "mta end" ends it and prints the verdict, "mta
// reset" aborts it, "mta cut" wants the connection to be closed by the other side.
func cmdMTA(ts *testscript.TestScript, neg bool, args []string) {
	r := runningIn(ts)
	switch {
	case !neg && len(args) == 2 && args[0] == "begin":
		network, address, err := protocol.ParseAddr(args[1])
		ts.Check(err)
		if network == "unix" {
			address = ts.MkAbs(address)
		}
		conn, err := net.DialTimeout(network, address, patience)
		ts.Check(err)
		ts.Defer(func() { conn.Close() })
		r.mta = protocol.NewClient(conn)
		r.mta.SetTimeout(patience)
		_, err = r.mta.Negotiate(protocol.Offer{
			Version: protocol.Version, Actions: protocol.AllActions, Steps: protocol.AllSteps,
		})
		ts.Check(err)
		_, err = r.mta.Connect("localhost", protocol.FamilyInet, 1025, "127.0.0.1")
		ts.Check(err)
		_, err = r.mta.Mail("<joe@example.org>")
		ts.Check(err)
	case !neg && len(args) == 1 && args[0] == "end":
		_, err := r.mta.Rcpt("<ann@example.net>")
		ts.Check(err)
		answer, err := r.mta.EOM()
		ts.Check(err)
		io.WriteString(ts.Stdout(), answer.Verdict.Kind.String()+"\n")
		for _, c := range answer.Verdict.Changes {
			io.WriteString(ts.Stdout(), c.String()+"\n")
		}
	case !neg && len(args) == 1 && args[0] == "reset":
		ts.Check(r.mta.Abort())
	case !neg && len(args) == 1 && args[0] == "cut":
		if code, _, err := r.mta.Receive(); err == nil {
			ts.Fatalf("got %v, want the connection closed", code)
		}
	default:
		ts.Fatalf("usage: mta begin ADDR | mta end | mta reset | mta cut")
	}
}

// cmdSocket makes sockets: "socket live PATH" at which this test listens, "socket stale PATH" that nobody serves any more,
// "socket tcp" for the next started command to inherit; its address is then $TCP.
func cmdSocket(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: socket live PATH | socket stale PATH | socket tcp")
	}
	if args[0] == "tcp" {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		ts.Check(err)
		ts.Defer(func() { l.Close() })
		ts.Setenv("TCP", l.Addr().String())
		r := runningIn(ts)
		r.sockets = append(r.sockets, l)
		return
	}
	l, err := net.Listen("unix", ts.MkAbs(args[1]))
	ts.Check(err)
	if args[0] == "live" {
		ts.Defer(func() { l.Close() })
		return
	}
	l.(*net.UnixListener).SetUnlinkOnClose(false)
	ts.Check(l.Close())
}

// cmdCRLF ends the lines of files with CRLF.
func cmdCRLF(ts *testscript.TestScript, neg bool, args []string) {
	for _, file := range args {
		data, err := os.ReadFile(ts.MkAbs(file))
		ts.Check(err)
		ts.Check(os.WriteFile(ts.MkAbs(file), bytes.ReplaceAll(data, []byte("\n"), []byte("\r\n")), 0o644))
	}
}

// cmdHTTP asks an HTTP server: "http 200 GET unix:admin /healthz" wants status 200, and the body is then stdout.
func cmdHTTP(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 4 {
		ts.Fatalf("usage: http STATUS METHOD ADDR PATH")
	}
	network, address, err := protocol.ParseAddr(args[2])
	ts.Check(err)
	if network == "unix" {
		address = ts.MkAbs(address)
	}
	transport := &http.Transport{
		DisableKeepAlives: true,
		DialContext: func(ctx context.Context, _, _ string) (net.Conn, error) {
			return (&net.Dialer{}).DialContext(ctx, network, address)
		},
	}
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, args[1], "http://luamilter"+args[3], nil)
	ts.Check(err)
	answer, err := transport.RoundTrip(request)
	ts.Check(err)
	defer answer.Body.Close()
	_, err = io.Copy(ts.Stdout(), answer.Body)
	ts.Check(err)
	if got := strconv.Itoa(answer.StatusCode); got != args[0] {
		ts.Fatalf("status: got %s, want %s", got, args[0])
	}
}
