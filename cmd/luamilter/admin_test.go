package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"luamilter/engine"
	"luamilter/luabind"
)

func TestAdminAddrIsOfThisMachineUnlessAllowed(t *testing.T) {
	for _, tt := range []struct {
		name, admin string
		remote      bool
		want        string // what is bound, "" for wrong usage
	}{
		{"an IPv4 loopback address", "inet:9357@127.0.0.1", false, "tcp4 127.0.0.1:9357"},
		{"any other of 127/8", "inet:127.1.2.3:9357", false, "tcp4 127.1.2.3:9357"},
		{"the IPv6 loopback address", "inet:[::1]:9357", false, "tcp6 [::1]:9357"},
		{"a unix socket", "unix:/run/admin", false, "unix /run/admin"},
		{"an inherited socket is looked at when it is open", "fd:4", false, "fd 4"},
		{"a port on every address", "inet:9357", false, ""},
		{"a port on every address, allowed", "inet:9357", true, "tcp4 :9357"},
		{"every IPv4 address", "inet:9357@0.0.0.0", false, ""},
		{"every IPv6 address", "inet6:9357@::", false, ""},
		{"an address of the network", "inet:9357@192.0.2.1", false, ""},
		{"an address of the network, allowed", "inet:9357@192.0.2.1", true, "tcp4 192.0.2.1:9357"},
		{"sockets of systemd", "systemd", true, ""},
		{"what is no address", "localhost:9357", true, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			addrs, err := adminAddr(tt.admin, tt.remote)
			var usage usageError
			if tt.want == "" {
				if !errors.As(err, &usage) {
					t.Errorf("got %v and %v, want wrong usage", addrs, err)
				}
				return
			}
			if err != nil || len(addrs) != 1 {
				t.Fatalf("got %v and %v, want one address", addrs, err)
			}
			if got := addrs[0].network + " " + addrs[0].address; got != tt.want {
				t.Errorf("got %s, want %s", got, tt.want)
			}
		})
	}
	if addrs, err := adminAddr("", false); len(addrs) > 0 || err != nil {
		t.Errorf("without --admin: got %v and %v, want no address", addrs, err)
	}
}

// An inherited socket may listen anywhere.
func TestCheckReachOfAnOpenSocket(t *testing.T) {
	for _, tt := range []struct {
		name   string
		addr   net.Addr
		remote bool
		wrong  bool
	}{
		{"loopback", &net.TCPAddr{IP: net.IPv6loopback, Port: 1}, false, false},
		{"every address", &net.TCPAddr{IP: net.IPv6unspecified, Port: 1}, false, true},
		{"the network, allowed", &net.TCPAddr{IP: net.IPv4(192, 0, 2, 1), Port: 1}, true, false},
		{"a unix socket", &net.UnixAddr{Name: "/run/admin", Net: "unix"}, false, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if err := checkReach("fd:4", tt.addr, tt.remote); (err != nil) != tt.wrong {
				t.Errorf("got %v, want an error: %v", err, tt.wrong)
			}
		})
	}
}

// startAdmin serves a host's admin requests on a listener. Nobody reloads until a test does.
func startAdmin(t testing.TB, l net.Listener) *admin {
	t.Helper()
	m := &milter{log: slog.New(slog.DiscardHandler), flags: defaultRunFlags()}
	m.openAdmin([]binding{{"test", l}})
	host, _ := measuredHost(t, "a.lua")
	m.admin.serve(host)
	return m.admin
}

// localAdmin is an admin server on a TCP port, and its URL.
func localAdmin(t testing.TB) (*admin, string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	a := startAdmin(t, l)
	t.Cleanup(a.close)
	return a, "http://" + l.Addr().String()
}

// do sends a request and gives status and body.
func do(t testing.TB, r *http.Request) (int, string) {
	t.Helper()
	answer, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		t.Fatal(err)
	}
	defer answer.Body.Close()
	body, err := io.ReadAll(answer.Body)
	if err != nil {
		t.Fatal(err)
	}
	return answer.StatusCode, string(body)
}

func request(t testing.TB, method, url string) *http.Request {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	t.Cleanup(cancel)
	r, err := http.NewRequestWithContext(ctx, method, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestAdminAnswersByMethodAndPath(t *testing.T) {
	_, url := localAdmin(t)
	for _, tt := range []struct {
		name, method, path string
		status             int
		body               string
	}{
		{"a probe", "GET", "/healthz", 200, "ok\n"},
		{"a probe without a body", "HEAD", "/healthz", 200, ""},
		{"a status", "GET", "/status", 200, `"generation": 1,`},
		{"a scrape", "GET", "/metrics", 200, "\nluamilter_generation 1\n"},
		{"a scrape of some metrics", "GET", "/metrics?name[]=luamilter_generation", 200, "\nluamilter_generation 1\n"},
		{"a probe that posts", "POST", "/healthz", 405, "Method Not Allowed"},
		{"a status that is deleted", "DELETE", "/status", 405, "Method Not Allowed"},
		{"a reload that gets", "GET", "/reload", 405, "Method Not Allowed"},
		{"nothing", "GET", "/", 404, "not found"},
		{"a path below", "GET", "/status/x", 404, "not found"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			status, body := do(t, request(t, tt.method, url+tt.path))
			if status != tt.status || !strings.Contains(body, tt.body) {
				t.Errorf("got %d %q, want %d %q", status, body, tt.status, tt.body)
			}
		})
	}
}

func TestAdminReloadAnswersWithTheOutcome(t *testing.T) {
	host, _ := measuredHost(t, "a.lua")
	for _, tt := range []struct {
		name   string
		answer loaded
		status int
		want   reloadAnswer
	}{
		{"the new generation", loaded{generation: host.Generation()}, 200, reloadAnswer{Generation: 1, Hash: host.Generation().Hash()}},
		{"a line for each problem", loaded{err: &luabind.LoadError{Problems: []luabind.Problem{
			{File: "a.lua", Line: 3, Message: "unexpected <eof>"}, {File: "b.lua", Line: 1, Message: "no callback"}}}},
			422, reloadAnswer{Error: "a.lua:3: unexpected <eof>\nb.lua:1: no callback"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a, url := localAdmin(t)
			go func() {
				answer := <-a.asked()
				a.wait(answer, false)
				a.answer(tt.answer)
			}()
			status, body := do(t, request(t, "POST", url+"/reload"))
			var got reloadAnswer
			if err := json.Unmarshal([]byte(body), &got); err != nil {
				t.Fatalf("%q: %v", body, err)
			}
			if status != tt.status || got != tt.want {
				t.Errorf("got %d %+v, want %d %+v", status, got, tt.status, tt.want)
			}
		})
	}
}

// The load that runs may have read a file before it was saved.
func TestAdminReloadWaitsForALoadThatBeganAfterIt(t *testing.T) {
	a := &admin{}
	early, late := make(chan loaded, 1), make(chan loaded, 1)
	a.wait(early, false)
	a.wait(late, true)
	first, second := loaded{generation: &engine.Generation{}}, loaded{err: errors.New("second")}
	a.answer(first)
	if len(early) != 1 || len(late) != 0 {
		t.Fatalf("after the first load: got %d answers for the early one and %d for the late one, want 1 and 0", len(early), len(late))
	}
	if got := <-early; got != first {
		t.Errorf("the early one: got %v, want the first load", got)
	}
	a.answer(second)
	if len(late) != 1 {
		t.Fatal("after the second load: got no answer for the late one")
	}
	if got := <-late; got != second {
		t.Errorf("the late one: got %v, want the second load", got)
	}
	a.answer(loaded{})
	if len(early)+len(late) > 0 {
		t.Error("a third load answered somebody again")
	}
}

func TestAdminReloadOfAMilterThatStops(t *testing.T) {
	a, url := localAdmin(t)
	go func() {
		<-a.asked() // it begins, and is never answered
		a.stopping()
	}()
	for _, name := range []string{"begun before", "begun after"} {
		if status, body := do(t, request(t, "POST", url+"/reload")); status != 503 || !strings.Contains(body, errStopping.Error()) {
			t.Errorf("%s: got %d %q, want 503 %q", name, status, body, errStopping)
		}
	}
	if status, body := do(t, request(t, "GET", url+"/healthz")); status != 503 || body != "stopping\n" {
		t.Errorf("/healthz: got %d %q, want 503", status, body)
	}
	if status, _ := do(t, request(t, "GET", url+"/metrics")); status != 200 {
		t.Errorf("/metrics: got %d, want 200", status)
	}
}

func TestAdminIsNotReloadedByAForeignWebPage(t *testing.T) {
	_, url := localAdmin(t)
	for name, value := range map[string]string{"Sec-Fetch-Site": "cross-site", "Origin": "https://attacker.example"} {
		r := request(t, "POST", url+"/reload")
		r.Header.Set(name, value)
		if status, _ := do(t, r); status != 403 {
			t.Errorf("%s: %s: got %d, want 403", name, value, status)
		}
	}
}

func TestAdminWithoutAnAddressDoesNothing(t *testing.T) {
	m := &milter{log: slog.New(slog.DiscardHandler), flags: defaultRunFlags()}
	m.openAdmin(nil)
	if m.admin != nil || m.config.Observer != nil {
		t.Fatal("got an admin server for no address")
	}
	m.admin.serve(nil)
	m.admin.answer(loaded{})
	m.admin.stopping()
	m.admin.close()
	if m.admin.asked() != nil {
		t.Error("got a channel on which somebody could ask, want none")
	}
}

func TestAdminRefusesConnectionsPastTheMost(t *testing.T) {
	a, url := localAdmin(t)
	addr := strings.TrimPrefix(url, "http://")
	var all []net.Conn
	ask := func(c net.Conn) error {
		c.SetDeadline(time.Now().Add(patience))
		if _, err := io.WriteString(c, "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
			return err
		}
		answer, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err == nil {
			_, err = io.Copy(io.Discard, answer.Body)
		}
		return err
	}
	dial := func() net.Conn {
		c, err := net.Dial("tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { c.Close() })
		return c
	}
	for n := range mostAdminConnections + 20 {
		if err := ask(dial()); err != nil { // that stays open, as far as the client is concerned
			t.Fatalf("connection %d: %v", n+1, err)
		}
	}
	eventuallyOpen(t, a, mostAdminConnections/2)
	for a.open.Load() < mostAdminConnections { // these say nothing
		before := a.open.Load()
		all = append(all, dial())
		for a.open.Load() == before {
			runtime.Gosched()
		}
	}
	if err := ask(dial()); err == nil {
		t.Errorf("connection %d: got an answer, want it closed", mostAdminConnections+1)
	}
	all[0].Close()
	eventuallyOpen(t, a, mostAdminConnections-1)
	if err := ask(dial()); err != nil {
		t.Errorf("after one has left: %v", err)
	}
}

// eventuallyOpen waits until the server has noticed that clients left.
func eventuallyOpen(t *testing.T, a *admin, most int64) {
	t.Helper()
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(patience); a.open.Load() > most; <-tick.C {
		if time.Now().After(deadline) {
			t.Fatalf("got %d open connections after %v, want %d", a.open.Load(), patience, most)
		}
	}
}

// pipeListener hands out one end of a net.Pipe at a time, for tests in which time is not real.
type pipeListener struct {
	conns  chan net.Conn
	once   sync.Once
	closed chan struct{}
}

func newPipeListener() *pipeListener {
	return &pipeListener{conns: make(chan net.Conn), closed: make(chan struct{})}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *pipeListener) Addr() net.Addr { return &net.UnixAddr{Name: "pipe", Net: "unix"} }

func (l *pipeListener) dial() net.Conn {
	client, server := net.Pipe()
	l.conns <- server
	return client
}

func TestAdminCutsWhoTakesTooLong(t *testing.T) {
	for _, tt := range []struct {
		name, sent string
		answer     string // what must come before the cut
		least      time.Duration
		most       time.Duration
	}{
		{"a header that never ends", "GET /healthz HTTP/1.1\r\nHost: x\r\n", "", adminTimeout, adminTimeout},
		{"nothing at all", "", "", adminTimeout, adminTimeout},
		{"no second request", "GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n", "HTTP/1.1 200 OK", adminIdle, adminIdle},
		{"a body that never comes", "DELETE /status HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\n", "HTTP/1.1 405 Method Not Allowed", 0, adminTimeout},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newPipeListener()
				a := startAdmin(t, l)
				defer a.close()
				c := l.dial()
				defer c.Close()
				start := time.Now()
				if _, err := io.WriteString(c, tt.sent); err != nil {
					t.Fatal(err)
				}
				got, err := io.ReadAll(c)
				if err != nil {
					t.Fatal(err)
				}
				if !strings.HasPrefix(string(got), tt.answer) || tt.answer == "" && len(got) > 0 {
					t.Errorf("got %q, want %q", got, tt.answer)
				}
				if took := time.Since(start); took < tt.least || took > tt.most+time.Second {
					t.Errorf("cut after %v, want between %v and %v", took, tt.least, tt.most)
				}
			})
		})
	}
}

// Scripts may take minutes to load.
func TestAdminWaitsForALongReload(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newPipeListener()
		a := startAdmin(t, l)
		defer a.close()
		go func() {
			answer := <-a.asked()
			a.wait(answer, false)
			time.Sleep(4 * time.Minute)
			a.answer(loaded{err: errors.New("a.lua:1: too long")})
		}()
		c := l.dial()
		defer c.Close()
		if _, err := io.WriteString(c, "POST /reload HTTP/1.1\r\nHost: x\r\nContent-Length: 0\r\n\r\n"); err != nil {
			t.Fatal(err)
		}
		answer, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(answer.Body)
		if err != nil || answer.StatusCode != 422 || !strings.Contains(string(body), "a.lua:1: too long") {
			t.Errorf("got %d %q and %v, want 422 with the reason", answer.StatusCode, body, err)
		}
	})
}

// A client that hangs must not keep the milter from its end.
func TestAdminClosesInTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newPipeListener()
		a := startAdmin(t, l)
		c := l.dial()
		defer c.Close()
		synctest.Wait()
		start := time.Now()
		a.close()
		if took := time.Since(start); took > adminGrace {
			t.Errorf("it took %v, want at most %v", took, adminGrace)
		}
		if _, err := io.ReadAll(c); err != nil {
			t.Errorf("got %v, want the end of the connection", err)
		}
	})
}

func TestWriteJSONLeavesTextReadable(t *testing.T) {
	w := httptest.NewRecorder()
	writeJSON(w, 422, reloadAnswer{Error: "a.lua:1: <joe@example.org> & more"})
	want := "{\n  \"error\": \"a.lua:1: <joe@example.org> & more\"\n}\n"
	if got := w.Body.String(); w.Code != 422 || w.Header().Get("Content-Type") != "application/json" || got != want {
		t.Errorf("got %d %q %q, want 422 as application/json %q", w.Code, w.Header().Get("Content-Type"), got, want)
	}
}
