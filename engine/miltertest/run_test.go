package miltertest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"luamilter/protocol"
)

// What the program that is the model does as well is tested beside it, in cmd/luamilter.

func TestAScriptThatDoesNotEndIsEnded(t *testing.T) {
	silent := map[byte][]string{'H': nil}
	for name, script := range map[string]string{
		"an endless loop":               `while true do end`,
		"one that catches errors":       `while true do pcall(function() while true do end end) end`,
		"one in a coroutine":            `coroutine.wrap(function() while true do end end)()`,
		"one that a library calls":      `table.sort({1, 2, 3}, function() while true do end end)`,
		"a slow pattern":                `("a"):rep(2000):find(("a*"):rep(40) .. "b")`,
		"a long sleep":                  `mt.sleep(1e6)`,
		"a longer one":                  `mt.sleep(1e300)`,
		"a reply that does not come":    `mt.set_timeout(1e6) mt.helo(mt.connect("/s"), "a")`,
		"recursion that catches errors": `local function f() while true do pcall(f) end end f()`,
	} {
		t.Run(name, func(t *testing.T) {
			m := &milter{answers: silent}
			_, err := runWith(t, Options{Source: script, Timeout: 20 * time.Millisecond, Filter: &Filter{Dial: m.dial}})
			if err == nil || !strings.Contains(err.Error(), "the script has not ended after 20ms") {
				t.Errorf("error: got %v", err)
			}
			m.serving.Wait()
		})
	}
}

func TestAScriptThatWaitsForSomebodyElseIsLeft(t *testing.T) {
	fifo := filepath.Join(t.TempDir(), "fifo")
	if err := syscall.Mkfifo(fifo, 0o600); err != nil {
		t.Fatal(err)
	}
	_, err := runWith(t, Options{Source: fmt.Sprintf("io.open(%q)", fifo), Timeout: time.Millisecond})
	wantFailure(t, err, "script.lua: the script has not ended after 1ms: it waits for somebody else")
	// let it go
	f, err := os.OpenFile(fifo, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	f.Close()
}

func TestACancelledScriptEnds(t *testing.T) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("enough"))
	err := Run(ctx, Options{Name: "script.lua", Source: "while true do end", Timeout: time.Hour})
	if err == nil || !strings.HasSuffix(err.Error(), "enough") {
		t.Errorf("error: got %v", err)
	}
}

func TestAnExitEndsTheScriptWhateverItCatches(t *testing.T) {
	for source, want := range map[string]string{
		`pcall(os.exit) mt.echo("never")`:            "",
		`pcall(os.exit, true) mt.echo("never")`:      "",
		`pcall(os.exit, 0) mt.echo("never")`:         "",
		"\npcall(os.exit, false)":                    "script.lua:2: the script exits with status 1",
		`xpcall(function() os.exit(7) end, mt.echo)`: "script.lua:1: the script exits with status 7",
	} {
		out, err := runWith(t, Options{Source: source})
		if out != "" {
			t.Errorf("%s: it prints %q", source, out)
		}
		if want != "" {
			wantFailure(t, err, want)
		} else if err != nil {
			t.Errorf("%s: %v", source, err)
		}
	}
}

func TestErrorsHaveFileAndLine(t *testing.T) {
	other := filepath.Join(t.TempDir(), "other.lua")
	if err := os.WriteFile(other, []byte("\nlocal function f() error('here') end\nf()"), 0o600); err != nil {
		t.Fatal(err)
	}
	for source, want := range map[string]string{
		"error('text')":                          "script.lua:1: text",
		"error('text', 0)":                       "script.lua:1: text",
		"\nmt.echo()":                            "script.lua:2: mt.echo(): Invalid argument",
		"local c = mt.connect('/s')\nmt.helo(c)": "script.lua:2: mt.helo(): Invalid argument",
		"x = = 1":                                "script.lua:1: syntax error near '='",
		fmt.Sprintf("dofile(%q)", other):         other + ":2: here",
		"dofile('/none.lua')":                    "script.lua:1: cannot open /none.lua: open /none.lua: no such file or directory",
		"assert(loadfile('/none.lua'))":          "script.lua:1: cannot open /none.lua: open /none.lua: no such file or directory",
		"require 'no.module'":                    "script.lua:1: module 'no.module' not found:\n\tno file './no/module.lua'\n\tno file './no/module/init.lua'",
		"mt.signal(15)":                          "script.lua:1: mt.signal(): Filter not running",
		"mt.bodyfile(mt.connect('/s'), '/none')": "script.lua:1: mt.bodyfile(): /none: no such file or directory",
		"mt.chdir('/none')":                      "script.lua:1: mt.chdir(): /none: no such file or directory",
		"local c = mt.connect('/s')\nmt.disconnect(c)\nmt.helo(c, 'a')": "script.lua:3: mt.helo(): Invalid argument",
	} {
		_, err := runScript(t, &milter{}, source)
		wantFailure(t, err, want)
	}
}

func TestWhatIsPrintedMayBeMadePrintable(t *testing.T) {
	m := &milter{answers: map[byte][]string{'E': {"hA\x00\x1b[31m\x00", "c"}}}
	out, err := runWith(t, Options{
		Source: `local conn = mt.connect("/s") mt.eom(conn) mt.echo(mt.getheader(conn, "A", 0)) print(mt.getheader(conn, "A", 0))`,
		Filter: &Filter{Dial: m.dial},
		Shown:  func(s string) string { return strings.ReplaceAll(s, "\x1b", "?") },
	})
	if out != "?[31m\n?[31m\n" || err != nil {
		t.Errorf("got %q, %v", out, err)
	}
}

func TestTheTracebackIsKept(t *testing.T) {
	_, err := runScript(t, &milter{}, "local function f()\n  error('x')\nend\nf()")
	var failure *ScriptError
	if !errors.As(err, &failure) || !strings.Contains(failure.Traceback, "script.lua:2:") || !strings.Contains(failure.Traceback, "script.lua:4:") {
		t.Errorf("error: got %+v", failure)
	}
}

func TestFilterThatRunsIsNotStarted(t *testing.T) {
	var signals []syscall.Signal
	m := &milter{}
	out, err := runWith(t, Options{
		Source: `mt.echo(tostring(mt.startfilter("/no/such/filter", "-p", "inet:1@localhost")))
			mt.signal(1)
			local conn = mt.connect("inet:12345@no.such.host.invalid")
			mt.echo(tostring(mt.helo(conn, "a")))
			mt.echo(select(2, pcall(mt.signal, 15)))`,
		Filter: &Filter{Dial: m.dial, Signal: func(s syscall.Signal) error {
			signals = append(signals, s)
			if s == syscall.SIGTERM {
				return errors.New("not that")
			}
			return nil
		}},
	})
	if want := "nil\nnil\nmt.signal(): kill(): not that\n"; out != want || err != nil {
		t.Errorf("got %q, %v, want %q", out, err, want)
	}
	if fmt.Sprint(signals) != fmt.Sprint([]syscall.Signal{1, 15}) {
		t.Errorf("signals: got %v", signals)
	}
}

func TestEachFrameIsTraced(t *testing.T) {
	var trace bytes.Buffer
	m := &milter{answers: map[byte][]string{'E': {"hA\x00b\x00", "\x1b", "c"}}}
	_, err := runWith(t, Options{
		Source: `local c = mt.connect("/s") mt.abort(c) mt.eom(c)`, Filter: &Filter{Dial: m.dial}, Trace: &trace,
	})
	want := []string{
		"sent abort: cmd A, len 0", "sent mail: cmd M, len 21", "received continue: cmd c, len 0", "sent eom: cmd E, len 0",
		"received addheader: cmd h, len 4", "received reply 0x1b: cmd ?, len 0",
	}
	for _, line := range want {
		if !strings.Contains(trace.String(), line+"\n") {
			t.Errorf("no %q in\n%s", line, trace.String())
		}
	}
	if err != nil {
		t.Error(err)
	}
}

func TestTheWorkingDirectoryIsPutBack(t *testing.T) {
	before, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	if _, err := runWith(t, Options{Source: `mt.chdir("/")`}); err != nil {
		t.Error(err)
	}
	if after, err := os.Getwd(); after != before || err != nil {
		t.Errorf("got %s, %v, want %s", after, err, before)
	}
}

func TestAddressesOfMilters(t *testing.T) {
	for given, want := range map[string]string{
		"/run/s":               "unix /run/s",
		"s":                    "unix s",
		"unix:./s":             "unix ./s",
		"local:/run/s":         "unix /run/s",
		"LOCAL:/run/s":         "unix /run/s",
		"inet:12345":           "tcp4 :12345",
		"inet:12345@localhost": "tcp localhost:12345",
		"inet:12345@127.0.0.1": "tcp4 127.0.0.1:12345",
		"inet6:12345@[::1]":    "tcp6 [::1]:12345",
		"inet:smtp@localhost":  "tcp localhost:25",
		"":                     "",
		"fd:3":                 "",
		"systemd:":             "",
		"bogus:1":              "",
		"inet:none@localhost":  "",
		"inet:":                "",
	} {
		network, address, err := target(given)
		if got := strings.TrimSpace(network + " " + address); (err != nil) != (want == "") || want != "" && got != want {
			t.Errorf("%q: got %q, %v, want %q", given, got, err, want)
		}
	}
}

func FuzzChange(f *testing.F) {
	for _, data := range []string{"", "h", "hA\x00b\x00", "i\x00\x00\x00\x02A\x00b\x00", "i\x00\x00", "y550 no\x00", "m\x00\x00\x00\x01A\x00\x00"} {
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data string) {
		if data == "" {
			return
		}
		ch := change{protocol.ReplyCode(data[0]), data[1:]}
		_, name, value := ch.header()
		if strings.Contains(name+value+ch.text(), "\x00") || len(name)+len(value) > len(data) {
			t.Errorf("%q: got %q, %q, %q", data, name, value, ch.text())
		}
	})
}
