package main

import (
	"bufio"
	"bytes"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/pprof/profile"

	"luamilter/luabind/guard"
)

func TestAProfileAsText(t *testing.T) {
	file := filepath.Join(t.TempDir(), "filter.lua")
	if err := os.WriteFile(file, []byte("function on_mail()\n\tlocal x = busy() -- \x1b[31m\nend\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	frame := func(line int, name string) guard.Frame {
		return guard.Frame{File: file, Line: line, Function: name, Defined: 1}
	}
	gone := guard.Frame{File: "gone.lua", Line: 7, Defined: 5}
	var out bytes.Buffer
	writeProfile(&out, []guard.Stack{
		{Frames: []guard.Frame{frame(2, "on_mail")}, Samples: 10, Time: 50 * time.Millisecond},
		{Frames: []guard.Frame{gone, gone, frame(2, "on_mail")}, Samples: 30, Time: 150 * time.Millisecond},
		{Samples: 1, Time: 5 * time.Millisecond},
	}, time.Second)
	file = printable(file)
	for _, want := range []string{
		"205ms in Lua callbacks during 1s; wall time of all Lua states together, a sample each 5ms\n",
		"150ms  73.2%  150ms  73.2%  gone.lua:7",
		"(function of line 5)",
		"50ms   24.4%  200ms  97.6%  " + file + ":2",
		`on_mail               local x = busy() -- \x1b[31m`,
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("got %s\nwant %q in it", out.String(), want)
		}
	}
	out.Reset()
	writeProfile(&out, nil, time.Second)
	if !strings.Contains(out.String(), "no Lua was seen to run") {
		t.Errorf("got %q for an empty profile", out.String())
	}
}

func TestAProfileInPprofsFormat(t *testing.T) {
	a := guard.Frame{File: "a.lua", Line: 2, Function: "on_mail", Defined: 1}
	b := guard.Frame{File: "a.lua", Line: 3, Function: "on_mail", Defined: 1}
	stacks := []guard.Stack{
		{Frames: []guard.Frame{a}, Samples: 1, Time: 5 * time.Millisecond},
		{Frames: []guard.Frame{b, a}, Samples: 2, Time: 10 * time.Millisecond},
		{Samples: 4, Time: 20 * time.Millisecond},
	}
	var out bytes.Buffer
	if err := pprofOf(stacks, time.Second, time.Now()).Write(&out); err != nil {
		t.Fatal(err)
	}
	p, err := profile.Parse(&out)
	if err != nil {
		t.Fatal(err)
	}
	if err := p.CheckValid(); err != nil {
		t.Error(err)
	}
	if len(p.Function) != 2 || len(p.Location) != 3 || len(p.Sample) != 3 || p.DurationNanos != 1e9 {
		t.Errorf("got %d functions, %d locations, %d samples", len(p.Function), len(p.Location), len(p.Sample))
	}
	s := p.Sample[1]
	if s.Value[0] != 2 || s.Value[1] != 10e6 || s.Location[0].Line[0].Line != 3 || s.Location[1].Line[0].Function.Name != "on_mail" {
		t.Errorf("got sample %v", s)
	}
}

func TestAProfileOverHTTP(t *testing.T) {
	_, url := localAdmin(t)
	for query, want := range map[string]int{"?seconds=0": 400, "?seconds=601": 400, "?seconds=x": 400, "?format=xml": 400} {
		if status, body := do(t, request(t, "GET", url+"/debug/profile"+query)); status != want {
			t.Errorf("%s: got %d %q, want %d", query, status, body, want)
		}
	}
	p, err := guard.StartProfile()
	if err != nil {
		t.Fatal(err)
	}
	if status, body := do(t, request(t, "GET", url+"/debug/profile")); status != 409 || !strings.Contains(body, "a profile is being made") {
		t.Errorf("while another is made: got %d %q, want 409", status, body)
	}
	p.Stop()
}

func TestAProfileTakesAsLongAsAsked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newPipeListener()
		a := startAdmin(t, l)
		defer rest()
		defer a.close()
		c := l.dial()
		defer c.Close()
		start := time.Now()
		io.WriteString(c, "GET /debug/profile?seconds=600&format=pprof HTTP/1.1\r\nHost: x\r\n\r\n")
		answer, err := http.ReadResponse(bufio.NewReader(c), nil)
		if err != nil || answer.StatusCode != 200 {
			t.Fatalf("got %v and %v, want 200", answer, err)
		}
		if _, err := profile.Parse(answer.Body); err != nil {
			t.Error(err)
		}
		if took := time.Since(start); took != 10*time.Minute {
			t.Errorf("got it after %v, want 10 minutes", took)
		}
	})
}

func TestAProfileEndsWhenNobodyWaitsForIt(t *testing.T) {
	for name, end := range map[string]func(hangUp func() error, a *admin){
		"the client hangs up": func(hangUp func() error, _ *admin) { hangUp() },
		"the milter ends":     func(_ func() error, a *admin) { a.close() },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newPipeListener()
				a := startAdmin(t, l)
				c := l.dial()
				defer c.Close()
				io.WriteString(c, "GET /debug/profile?seconds=600 HTTP/1.1\r\nHost: x\r\n\r\n")
				synctest.Wait()
				if _, err := guard.StartProfile(); err == nil {
					t.Fatal("the profile is not being made")
				}
				go io.Copy(io.Discard, c)
				end(c.Close, a)
				synctest.Wait()
				p, err := guard.StartProfile()
				if err != nil {
					t.Fatal("the profile goes on")
				}
				p.Stop()
				if name != "the milter ends" {
					a.close()
				}
				rest()
			})
		})
	}
}
