package protocol

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"sync"
	"sync/atomic"
	"time"
)

// ErrServerClosed is what Serve returns after Shutdown.
var ErrServerClosed = errors.New("milter server closed")

const (
	acceptRetryMin = 5 * time.Millisecond
	acceptRetryMax = time.Second
	refusedLogGap  = time.Second // between two log lines on connections refused
	// freshTime is how long a new connection has to begin its first message when the server shuts down: the MTA that has
	// just been let in would take its end for a failure. net/http gives a new connection as long.
	freshTime = 5 * time.Second
)

// Server is the milter side: it serves the MTAs that connect. The exported fields are set before the
// first Serve, and not changed after. A Server must not be copied.
type Server struct {
	Handler Handler
	// Log gets what concerns a connection; nil stands for slog.Default().
	Log *slog.Logger
	// MaxConnections is how many connections are served at once; one more is closed when it is
	// accepted. 0 sets no limit.
	MaxConnections int
	// IdleTimeout is how long an MTA may say nothing (smfi_settimeout). 0 sets no limit.
	IdleTimeout time.Duration
	// Loops is how many goroutines serve the connections between them, as long as their Sessions answer at once; where
	// these keep them waiting, and with 0, each connection has a goroutine of its own. Only TCP and unix sockets on Linux
	// can be served so. A loop keeps a processor of Go's scheduler while there is traffic: it is at its best where
	// GOMAXPROCS is greater than Loops.
	Loops int

	once     sync.Once
	ctx      context.Context // ends when connections are cut
	cancel   context.CancelFunc
	idPrefix string
	idCount  atomic.Uint64
	closing  atomic.Bool
	// freshOver ends the time of new connections while closing.
	freshOver atomic.Bool

	mu         sync.Mutex
	conns      map[*conn]struct{}
	listeners  map[*net.Listener]struct{}
	loops      loops
	stop       chan struct{} // closed when Shutdown begins
	drained    chan struct{} // closed when the last connection and the last Serve end after that
	refused    int           // connections refused since the last log line
	refusedLog time.Time
}

func (s *Server) start() {
	s.once.Do(func() {
		s.ctx, s.cancel = context.WithCancel(context.Background())
		s.idPrefix = rand.Text()[:6] + "-"
		s.stop = make(chan struct{})
		s.drained = make(chan struct{})
		s.mu.Lock() // Connections may be called at any time
		s.conns = make(map[*conn]struct{})
		s.listeners = make(map[*net.Listener]struct{})
		s.mu.Unlock()
		s.startLoops()
	})
}

func (s *Server) logger() *slog.Logger {
	if s.Log != nil {
		return s.Log
	}
	return slog.Default()
}

// newID gives a Peer.ID: the same prefix for the whole life of the Server, then a count.
func (s *Server) newID() string {
	return s.idPrefix + strconv.FormatUint(s.idCount.Add(1), 36)
}

// Serve accepts connections from l until Shutdown, and returns ErrServerClosed then. l is closed
// when Serve returns. Several listeners may be served at once. When the system has no more file
// descriptors, or accepting fails for another reason that may pass, Serve logs it and tries again;
// any other error is that somebody else has closed l.
func (s *Server) Serve(l net.Listener) error {
	s.start()
	defer l.Close()
	if !s.addListener(&l) {
		return ErrServerClosed
	}
	defer s.removeListener(&l)
	retry := time.Duration(0)
	for {
		nc, err := l.Accept()
		if err == nil {
			retry = 0
			s.accept(nc)
			continue
		}
		if s.closing.Load() {
			return ErrServerClosed
		}
		if errors.Is(err, net.ErrClosed) {
			return fmt.Errorf("accept: %w", err)
		}
		retry = min(max(2*retry, acceptRetryMin), acceptRetryMax)
		s.logger().Error("accept failed", "listen", l.Addr().String(), "reason", err.Error(), "retry", retry)
		select {
		case <-time.After(retry):
		case <-s.stop:
			return ErrServerClosed
		}
	}
}

func (s *Server) addListener(l *net.Listener) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing.Load() {
		return false
	}
	s.listeners[l] = struct{}{}
	return true
}

func (s *Server) removeListener(l *net.Listener) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.listeners, l)
	s.checkDrained()
}

// accept gives a connection to a loop, or a goroutine of its own, or refuses it.
func (s *Server) accept(nc net.Conn) {
	c := newConn(s, nc, Peer{RemoteAddr: remoteAddr(nc), ID: s.newID()})
	if !s.add(c) {
		_ = nc.Close()
		return
	}
	if l := s.loops.next(); l != nil && canEnter(nc) {
		err := l.enter(c)
		if err == nil {
			return
		}
		s.logger().Warn("connection gets a goroutine of its own", "peer", c.peer.RemoteAddr, "conn", c.peer.ID, "reason", err.Error())
	}
	go func() {
		defer s.remove(c)
		c.serve()
	}()
}

// remoteAddr names the peer. The other end of a unix socket has no name of its own.
func remoteAddr(nc net.Conn) string {
	a := nc.RemoteAddr()
	if a == nil || a.Network() == "unix" {
		return "unix"
	}
	return a.String()
}

func (s *Server) add(c *conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	// One that was accepted just before Shutdown is served: the MTA sees it as open.
	if s.MaxConnections > 0 && len(s.conns) >= s.MaxConnections {
		s.refused++
		if now := time.Now(); now.Sub(s.refusedLog) >= refusedLogGap {
			s.logger().Warn("connections refused: too many", "peer", c.peer.RemoteAddr,
				"refused", s.refused, "max", s.MaxConnections)
			s.refused, s.refusedLog = 0, now
		}
		return false
	}
	s.conns[c] = struct{}{}
	return true
}

func (s *Server) remove(c *conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
	s.checkDrained()
}

// checkDrained is called after each change of what Shutdown waits for. A Serve may yet have accepted a connection.
func (s *Server) checkDrained() {
	if s.closing.Load() && len(s.conns) == 0 && len(s.listeners) == 0 {
		close(s.drained)
	}
}

// Connections gives the number of connections being served.
func (s *Server) Connections() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.conns)
}

// Shutdown stops accepting, closes the connections that are not within a message, and waits for the
// others: each ends with its message. A connection younger than 5 s is given the rest of them to begin
// its first message. When ctx ends first the rest is closed, the context of their
// Handle calls ends, and the error says how many there were. Every call waits.
func (s *Server) Shutdown(ctx context.Context) error {
	s.start()
	s.beginShutdown()
	if s.waitDrained(ctx) {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.conns) == 0 {
		return nil
	}
	s.cancel()
	for c := range s.conns {
		c.link.cut()
	}
	return fmt.Errorf("shutdown: %d connections cut: %w", len(s.conns), context.Cause(ctx))
}

// waitDrained waits until all has ended, or reports false when ctx ends.
func (s *Server) waitDrained(ctx context.Context) bool {
	fresh := time.NewTimer(freshTime)
	defer fresh.Stop()
	for {
		select {
		case <-s.drained:
			return true
		case <-ctx.Done():
			return false
		case <-fresh.C:
			s.freshOver.Store(true)
			s.endWaiting()
		}
	}
}

// endWaiting closes the connections that need not go on.
func (s *Server) endWaiting() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for c := range s.conns {
		c.endWaiting()
	}
}

func (s *Server) beginShutdown() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closing.Swap(true) {
		return
	}
	close(s.stop)
	for l := range s.listeners {
		_ = (*l).Close()
	}
	for c := range s.conns {
		c.endWaiting()
	}
	s.checkDrained()
}
