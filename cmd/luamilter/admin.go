package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"sync/atomic"
	"time"

	"luamilter/engine"
	"luamilter/protocol"
)

const (
	// adminTimeout is for the header of a request, again for its body, and again for its answer to be taken.
	adminTimeout = 10 * time.Second
	// adminIdle outlasts the pause between two scrapes.
	adminIdle = 2 * time.Minute
	// adminGrace is for answers on their way when the milter ends.
	adminGrace = time.Second
	// mostAdminConnections keeps whoever reaches the address from taking the files that mail needs.
	mostAdminConnections = 100
)

// adminAddr is that of --admin, or none. Whoever reaches it may reload and reads the metrics and what failed, so that
// must not be other machines unless it is allowed.
func adminAddr(name string, remote bool) ([]listenAddr, error) {
	if name == "" {
		return nil, nil
	}
	network, address, err := protocol.ParseAddr(name)
	if err != nil {
		return nil, usageErrorf("--admin: %w", err)
	}
	switch network {
	case "systemd":
		return nil, usageErrorf("--admin systemd: those sockets are for MTAs; tell them apart as --listen fd:3 --admin fd:4")
	case "unix", "fd":
		return []listenAddr{{name, network, address}}, nil
	}
	// Resolved once, so that what is bound is what was checked.
	tcp, err := net.ResolveTCPAddr(network, address)
	if err != nil {
		return nil, fmt.Errorf("cannot listen on %s: %w", name, err)
	}
	if err := checkReach(name, tcp, remote); err != nil {
		return nil, err
	}
	return []listenAddr{{name, network, tcp.String()}}, nil
}

// bindAdmin opens the address of adminAddr. Only now is known where an inherited socket listens.
func bindAdmin(addrs []listenAddr, remote bool, options socketOptions) ([]binding, error) {
	bindings, err := bind(addrs, options)
	if err != nil {
		return nil, err
	}
	for _, b := range bindings {
		if err := checkReach(b.name, b.listener.Addr(), remote); err != nil {
			closeAll(bindings)
			return nil, err
		}
	}
	return bindings, nil
}

func checkReach(name string, addr net.Addr, remote bool) error {
	tcp, isTCP := addr.(*net.TCPAddr)
	if remote || !isTCP || tcp.IP.IsLoopback() {
		return nil
	}
	return usageErrorf("--admin %s: other machines could reach that; give a loopback address or a unix socket, or --admin-allow-remote", name)
}

// admin is the HTTP server for operators and Prometheus. Without --admin it is nil, and every method does nothing. The
// goroutine of milter.run calls the methods, handlers run in others.
type admin struct {
	bindings []binding
	log      *slog.Logger
	metrics  *metrics
	journal  *engine.Journal // nil: none is kept
	server   *http.Server
	open     atomic.Int64 // connections

	reloads chan chan<- loaded // asks the goroutine of milter.run
	stopped chan struct{}      // closed: nobody reloads any more
	ended   chan struct{}      // closed: no message ends any more
	waiting []chan<- loaded    // for the load that runs
	next    []chan<- loaded    // for the one after that: the running one may have read a file before they asked
}

// openAdmin makes the admin server, and has the engine tell its metrics and journal. There is none for no bindings.
func (m *milter) openAdmin(bindings []binding) {
	if len(bindings) == 0 {
		return
	}
	m.admin = &admin{
		bindings: bindings,
		log:      m.log,
		metrics:  newMetrics(version()),
		journal:  engine.NewJournal(m.flags.journalSize.value),
		reloads:  make(chan chan<- loaded),
		stopped:  make(chan struct{}),
		ended:    make(chan struct{}),
	}
	m.config.Observer, m.config.Journal = m.admin.metrics, m.admin.journal
}

// serve answers from now on, in the background. Whoever has connected before has waited.
func (a *admin) serve(host *engine.Host) {
	if a == nil {
		return
	}
	a.metrics.watch(host)
	a.server = &http.Server{
		Handler:           a.handler(host),
		ReadHeaderTimeout: adminTimeout,
		IdleTimeout:       adminIdle,
		MaxHeaderBytes:    16 << 10,
		ConnState:         a.limit,
		ErrorLog:          slog.NewLogLogger(a.log.Handler(), slog.LevelWarn),
	}
	for _, b := range a.bindings {
		go func() {
			if err := a.server.Serve(b.listener); !errors.Is(err, http.ErrServerClosed) {
				a.log.Error("admin server failed, mail goes on", "address", b.name, "error", err)
			}
		}()
		a.log.Info("admin server", "address", postfixAddress(b.listener.Addr()))
	}
}

// limit refuses connections past the most.
func (a *admin) limit(c net.Conn, state http.ConnState) {
	switch state {
	case http.StateNew:
		if a.open.Add(1) > mostAdminConnections {
			c.Close()
		}
	case http.StateClosed:
		a.open.Add(-1)
	}
}

func (a *admin) handler(host *engine.Host) http.Handler {
	mux := http.NewServeMux() // it answers 405 where only the method is wrong
	mux.HandleFunc("GET /healthz", a.health)
	mux.HandleFunc("GET /status", func(w http.ResponseWriter, _ *http.Request) { writeJSON(w, http.StatusOK, host.Status()) })
	mux.HandleFunc("POST /reload", a.reload)
	mux.HandleFunc("GET /messages", noWebPage(a.journaled(defaultMessages, a.messages)))
	mux.HandleFunc("GET /messages/{id}", noWebPage(a.journaled(0, a.message)))
	mux.HandleFunc("GET /events", noWebPage(a.journaled(0, a.events)))
	mux.HandleFunc("GET /debug/profile", noWebPage(a.profile))
	mux.Handle("GET /metrics", a.metrics.handler(a.log))
	// A web page that an operator looks at must not reload anything.
	checked := http.NewCrossOriginProtection().Handler(mux)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		bound(w)
		w.Header().Set("Cache-Control", "no-store")
		if a.open.Load() > mostAdminConnections/2 {
			w.Header().Set("Connection", "close") // nobody keeps others out by staying
		}
		checked.ServeHTTP(w, r)
	})
}

// bound gives a request adminTimeout for its body, which nobody wants but package http reads before it answers, and as
// long again for the answer to be taken.
func bound(w http.ResponseWriter) {
	now := time.Now()
	setDeadlines(w, now.Add(adminTimeout), now.Add(2*adminTimeout))
}

func setDeadlines(w http.ResponseWriter, read, write time.Time) {
	c := http.NewResponseController(w)
	// A connection that takes no deadline is gone, and so is who waits for the answer.
	_ = errors.Join(c.SetReadDeadline(read), c.SetWriteDeadline(write))
}

// health is for probes; 503 takes a milter that stops out of what chooses among several.
func (a *admin) health(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	select {
	case <-a.stopped:
		w.WriteHeader(http.StatusServiceUnavailable)
		io.WriteString(w, "stopping\n")
	default:
		io.WriteString(w, "ok\n")
	}
}

// reloadAnswer is that of POST /reload.
type reloadAnswer struct {
	Generation int    `json:"generation,omitempty"`
	Hash       string `json:"hash,omitempty"`
	Error      string `json:"error,omitempty"` // a line "file:line: message" for each problem
}

func (a *admin) reload(w http.ResponseWriter, r *http.Request) {
	setDeadlines(w, time.Time{}, time.Time{}) // scripts may take long to load
	l, err := a.ask(r.Context())
	bound(w)
	switch {
	case err != nil:
		writeJSON(w, http.StatusServiceUnavailable, reloadAnswer{Error: err.Error()})
	case l.err != nil:
		writeJSON(w, http.StatusUnprocessableEntity, reloadAnswer{Error: l.err.Error()})
	default:
		writeJSON(w, http.StatusOK, reloadAnswer{Generation: l.generation.Number(), Hash: l.generation.Hash()})
	}
}

var errStopping = errors.New("luamilter is stopping")

// ask has the scripts loaded by the goroutine of milter.run, as SIGHUP does. The error says that nobody knows the outcome.
func (a *admin) ask(ctx context.Context) (loaded, error) {
	answer := make(chan loaded, 1) // who answers waits for nobody
	select {
	case a.reloads <- answer:
	case <-a.stopped:
		return loaded{}, errStopping
	case <-ctx.Done():
		return loaded{}, ctx.Err()
	}
	select {
	case l := <-answer:
		return l, nil
	case <-a.stopped:
		return loaded{}, errStopping
	case <-ctx.Done():
		return loaded{}, ctx.Err()
	}
}

// asked has a value when somebody wants a reload; never without --admin.
func (a *admin) asked() <-chan chan<- loaded {
	if a == nil {
		return nil
	}
	return a.reloads
}

// wait keeps who has asked for the load that is about to begin, or for the one after the load that runs.
func (a *admin) wait(answer chan<- loaded, loading bool) {
	if loading {
		a.next = append(a.next, answer)
	} else {
		a.waiting = append(a.waiting, answer)
	}
}

// answer tells what came of a load to those who have waited for it.
func (a *admin) answer(l loaded) {
	if a == nil {
		return
	}
	for _, answer := range a.waiting {
		answer <- l
	}
	a.waiting, a.next = a.next, nil
}

// stopping ends reloads. The rest goes on: how a milter stops is worth watching.
func (a *admin) stopping() {
	if a != nil {
		close(a.stopped)
	}
}

// close ends the server; answers on their way are finished if that takes no longer than adminGrace.
func (a *admin) close() {
	if a == nil || a.server == nil {
		return
	}
	close(a.ended)
	ctx, cancel := context.WithTimeout(context.Background(), adminGrace)
	defer cancel()
	if a.server.Shutdown(ctx) != nil {
		a.server.Close()
	}
}

// writeJSON answers with a value, indented for who reads it with curl.
func writeJSON(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	// The values of this program all have a form in JSON, and whoever asked may be gone.
	text, _ := encodeJSON(value, "  ")
	_, _ = w.Write(append(text, '\n'))
}
