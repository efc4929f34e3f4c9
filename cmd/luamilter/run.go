package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"syscall"
	"time"

	"luamilter/engine"
	"luamilter/protocol"
)

// runFlags are the flags of run.
type runFlags struct {
	hostFlags
	listen          []string
	maxConnections  count
	idleTimeout     timeLimit
	shutdownTimeout timeLimit
	socketMode      fileMode
	socketGroup     string
	user            string
	pidFile         string
	watch           bool
	admin           string
	adminRemote     bool
	journalSize     journalSize
}

func defaultRunFlags() *runFlags {
	return &runFlags{
		hostFlags:       defaultHostFlags(),
		listen:          []string{defaultListen},
		maxConnections:  count{10000, 1},
		idleTimeout:     timeLimit(7210 * time.Second), // as libmilter: Sendmail keeps a connection for two hours
		shutdownTimeout: timeLimit(30 * time.Second),
		socketMode:      0o660,
		watch:           true,
		journalSize:     journalSize{1000},
	}
}

func (f *runFlags) parse(args []string, out io.Writer) error {
	fs := newFlags("run")
	f.registerScripts(fs)
	fs.StringArrayVar(&f.listen, "listen", f.listen, "`ADDR` where MTAs connect; may be given several times")
	f.registerRunning(fs)
	f.registerLoading(fs)
	fs.BoolVar(&f.watch, "watch", f.watch, "reload when a script or a module that it requires changes")
	opposite(fs, "watch", "no-watch", &f.watch, "reload on SIGHUP only")
	fs.Var(&f.maxConnections, "max-connections", "`NUMBER` of connections past which a new one is refused at once")
	fs.Var(&f.idleTimeout, "idle-timeout", "`TIME` after which a silent MTA is disconnected")
	fs.Var(&f.shutdownTimeout, "shutdown-timeout", "`TIME` that messages in flight have after SIGTERM")
	fs.Var(&f.socketMode, "socket-mode", "permissions of a unix socket, an octal `MODE`")
	fs.StringVar(&f.socketGroup, "socket-group", "", "`GROUP` of a unix socket")
	fs.StringVar(&f.user, "user", "", "`USER` to become after binding, or USER:GROUP")
	fs.StringVar(&f.admin, "admin", "", "`ADDR` of the HTTP server for operators: /healthz, /status, /reload, /metrics")
	fs.BoolVar(&f.adminRemote, "admin-allow-remote", false, "let --admin be an address that other machines reach")
	fs.Var(&f.journalSize, "journal-size", "`NUMBER` of messages that luamilter tail and explain know of, with --admin; 0: none")
	fs.StringVar(&f.pidFile, "pid-file", "", "`FILE` for the process id")
	if err := parse(fs, args, out, runHelp); err != nil {
		return err
	}
	if fs.NArg() > 0 {
		return usageErrorf("run takes no argument %q; scripts are named with --script", fs.Arg(0))
	}
	return f.needScripts()
}

// runCommand is the milter from start to end.
func runCommand(args []string, out, errOut io.Writer) error {
	f := defaultRunFlags()
	if err := f.parse(args, out); err != nil {
		return err
	}
	addrs, err := parseListen(f.listen)
	if err != nil {
		return err
	}
	account, err := lookUpAccount(f.user)
	if err != nil {
		return err
	}
	// Before anything may take long, so that no signal finds its default.
	signals := make(chan os.Signal, 8)
	signal.Notify(signals, syscall.SIGHUP, syscall.SIGTERM, syscall.SIGINT)
	defer signal.Stop(signals)

	adminAddrs, err := adminAddr(f.admin, f.adminRemote)
	if err != nil {
		return err
	}
	options := socketOptions{mode: f.socketMode, group: f.socketGroup, owner: account}
	bindings, err := bind(addrs, options)
	if err != nil {
		return err
	}
	defer closeAll(bindings)
	adminBindings, err := bindAdmin(adminAddrs, f.adminRemote, options)
	if err != nil {
		return err
	}
	defer closeAll(adminBindings)
	removePidFile, err := writePidFile(f.pidFile)
	if err != nil {
		return err
	}
	defer removePidFile()
	if err := account.become(); err != nil {
		return err
	}
	// Scripts load only now: they are code, and at a reload they are read with the same rights.
	log, flush := newLog(errOut, f.logFormat.value, f.logLevel.value)
	defer flush()
	m := newMilter(f, bindings, log, out)
	m.openAdmin(adminBindings)
	m.config.Memory.HintGC()
	tuneGC()
	return m.run(signals)
}

// milter is the running milter. Only the goroutine of run uses it.
type milter struct {
	flags    *runFlags
	config   engine.Config
	bindings []binding
	log      *slog.Logger
	out      io.Writer
	notify   *notifier
	admin    *admin // nil without --admin

	host    *engine.Host    // nil until the scripts have loaded for the first time
	watcher *engine.Watcher // nil with --no-watch
	server  *protocol.Server
	served  chan error
	loads   chan loaded
	loading bool
	again   bool // another reload was asked for while loading
}

func newMilter(f *runFlags, bindings []binding, log *slog.Logger, out io.Writer) *milter {
	return &milter{
		flags:    f,
		config:   f.config(log),
		bindings: bindings,
		log:      log,
		out:      out,
		notify:   newNotifier(os.Getenv, log),
		served:   make(chan error, len(bindings)),
		loads:    make(chan loaded, 1),
	}
}

// run loads the scripts, serves, and obeys signals until it is told to stop.
func (m *milter) run(signals <-chan os.Signal) error {
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	defer m.notify.close()
	defer m.admin.close()
	m.load(ctx)
	for {
		select {
		case sig := <-signals:
			if sig == syscall.SIGHUP {
				m.load(ctx)
				continue
			}
			cancel()
			m.admin.stopping()
			return m.stop(sig, signals)
		case l := <-m.loads:
			m.loading = false
			if err := m.goLive(l); err != nil {
				return err
			}
			m.admin.answer(l)
			if m.again {
				m.again = false
				m.load(ctx)
			}
		case <-m.changed():
			m.load(ctx)
		case answer := <-m.admin.asked():
			m.admin.wait(answer, m.loading)
			m.load(ctx)
		case <-m.notify.watchdog():
			m.alive()
		case err := <-m.served:
			return err
		}
	}
}

// alive is due when the watchdog is. It takes the server's lock, so that one that is stuck there is found out, too.
func (m *milter) alive() {
	if m.server != nil {
		m.server.Connections()
	}
	m.notify.alive()
}

func (m *milter) serve() {
	m.server = &protocol.Server{
		Handler:        m.host,
		Log:            m.log,
		MaxConnections: m.flags.maxConnections.value,
		IdleTimeout:    time.Duration(m.flags.idleTimeout),
		Loops:          processorsForLoops(),
	}
	for _, b := range m.bindings {
		go func() {
			if err := m.server.Serve(b.listener); !errors.Is(err, protocol.ErrServerClosed) {
				m.served <- fmt.Errorf("serve %s: %w", b.name, err)
			}
		}()
		m.log.Info("listening", "address", postfixAddress(b.listener.Addr()), "version", version())
	}
	m.admin.serve(m.host)
	fmt.Fprint(m.out, mtaLines(m.bindings, m.config.CallbackTimeout, m.config.MessageTimeout))
}

// stop ends the milter: in time if the MTAs let it, at once at a second signal.
func (m *milter) stop(sig os.Signal, signals <-chan os.Signal) error {
	if m.server == nil {
		return nil
	}
	m.log.Info("stopping", "signal", sig.String(), "connections", m.server.Connections(),
		"timeout", time.Duration(m.flags.shutdownTimeout))
	m.notify.stopping(fmt.Sprintf("%d connections are left", m.server.Connections()))
	m.host.Close()
	ctx, cancel := context.WithTimeout(context.Background(), time.Duration(m.flags.shutdownTimeout))
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- m.server.Shutdown(ctx) }()
	for {
		select {
		case err := <-done:
			if err != nil {
				m.log.Warn("stopped before all messages had ended", "error", err)
			} else {
				m.log.Info("stopped")
			}
			return nil
		case <-m.notify.watchdog():
			m.alive()
		case sig := <-signals:
			if sig != syscall.SIGHUP {
				return fmt.Errorf("%s again: stopped at once, connections cut: %d", sig, m.server.Connections())
			}
		}
	}
}

const runHelp = `Runs the milter.

Usage:
  luamilter [run] --script FILE [--script FILE ...] [--listen ADDR ...] [flags]

Flags:
%s
` + environmentHelp + `
ADDR is one of
  inet:PORT@HOST  inet6:PORT@HOST    a TCP port, as Sendmail writes it
  inet:HOST:PORT  inet:[IPV6]:PORT   a TCP port, as Postfix writes it
  inet:PORT                          a TCP port on every IPv4 address
  unix:/PATH  local:/PATH  /PATH     a unix socket
  fd:N                               a listening socket that was inherited
  systemd                            the sockets of a systemd socket unit

Callbacks of several scripts run in the order of --script. After start the lines for main.cf
and sendmail.mc are printed.

SIGHUP loads the scripts again; one that does not load leaves the old ones at work. SIGTERM and
SIGINT let messages in flight end; a second one exits at once.

--admin takes the same forms of ADDR, except systemd, for HTTP: GET /healthz, GET /status (JSON),
GET /metrics (Prometheus), and POST /reload, which waits for the outcome. luamilter tail and explain
show from there what becomes of messages; GET /debug/profile?seconds=30 tells which lines of Lua take
the time. Nobody is asked for a password, so an address that other machines reach also wants
--admin-allow-remote.

Exit codes: 0 fine, 1 failed, 2 wrong usage.
`
