package main

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// peerNames lists the peers in the order of tables: ours, the two it is measured against, the limit.
func peerNames() []string { return []string{"luamilter", "libmilter-tuned", "libmilter", "limit"} }

// peer is a filter program that runs.
type peer struct {
	name   string
	socket string
	log    string
	cmd    *exec.Cmd
	ended  chan struct{}
	err    error // how it ended, once ended is closed
}

// peerArgs says what to run.
type peerArgs struct {
	name    string
	filter  string
	scripts []string // of luamilter, in place of the filter's own
	more    []string // flags of luamilter besides
	body    int      // size of the replacement body of the limit program
}

// command gives the program and its arguments.
func (a *peerArgs) command(p *programs, socket string) ([]string, error) {
	address := "unix:" + socket
	switch a.name {
	case "luamilter":
		args := []string{p.luamilter, "--listen", address}
		scripts := a.scripts
		if scripts == nil {
			scripts = []string{p.source(a.filter + ".lua")}
		}
		for _, s := range scripts {
			args = append(args, "--script", s)
		}
		return append(args, a.more...), nil
	case "libmilter-tuned":
		return []string{p.libmilter, "-s", address, "-f", a.filter, "-t"}, nil
	case "libmilter":
		return []string{p.libmilter, "-s", address, "-f", a.filter}, nil
	case "limit":
		return []string{p.limit, "-s", address, "-f", a.filter, "-b", strconv.Itoa(a.body)}, nil
	}
	return nil, fmt.Errorf("there is no peer %q", a.name)
}

// startPeer runs a filter with its socket and log in the temporary folder, and waits until it takes connections. Its settings come from
// args alone, not from the environment.
func (b *bench) startPeer(args peerArgs) (*peer, error) {
	where, err := os.MkdirTemp(b.dir, "p")
	if err != nil {
		return nil, err
	}
	r := &peer{name: args.name, socket: filepath.Join(where, "s"), log: filepath.Join(where, "log"), ended: make(chan struct{})}
	argv, err := args.command(&b.programs, r.socket)
	if err != nil {
		return nil, err
	}
	log, err := os.Create(r.log)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	r.cmd = exec.Command(argv[0], argv[1:]...)
	r.cmd.Stdout, r.cmd.Stderr = log, log
	r.cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + os.Getenv("HOME")}
	r.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := r.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", r.name, err)
	}
	go func() {
		r.err = r.cmd.Wait()
		close(r.ended)
	}()
	if err := r.waitReady(); err != nil {
		err = fmt.Errorf("start %s: %w\n%s", r.name, err, r.logTail())
		r.stop()
		return nil, err
	}
	return r, nil
}

func (r *peer) pid() int { return r.cmd.Process.Pid }

func (r *peer) waitReady() error {
	const patience = 20 * time.Second
	for deadline := time.Now().Add(patience); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		conn, err := net.Dial("unix", r.socket)
		if err == nil {
			return conn.Close()
		}
		select {
		case <-r.ended:
			return fmt.Errorf("it ended: %v", r.err)
		default:
		}
	}
	return fmt.Errorf("it takes no connection within %v", patience)
}

// stop kills the process, which has nothing to save, waits for it, and removes its log, which has a line for each message.
func (r *peer) stop() {
	_ = r.cmd.Process.Kill() // fails if it has ended
	<-r.ended
	_ = os.RemoveAll(filepath.Dir(r.log)) // what is left goes with the temporary folder
}

// explain adds to an error of a connection what the filter itself has to say.
func (r *peer) explain(err error) error {
	if err == nil {
		return nil
	}
	err = fmt.Errorf("%s: %w", r.name, err)
	select {
	case <-r.ended:
		return fmt.Errorf("%w\nit ended: %v\n%s", err, r.err, r.logTail())
	default:
	}
	for line := range strings.Lines(r.logTail()) {
		if strings.Contains(line, "level=ERROR") || strings.Contains(line, "level=WARN") {
			return fmt.Errorf("%w\n%.1000s", err, strings.TrimSpace(line))
		}
	}
	return err
}

// logTail gives the end of what the filter wrote.
func (r *peer) logTail() string {
	const most = 4000
	text, err := os.ReadFile(r.log)
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-most):])
}
