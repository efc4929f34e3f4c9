package engine

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"
	"time"

	"luamilter/luabind"
	"luamilter/protocol"
)

func marked(name string) string {
	return `function on_mail() conn.seen = (conn.seen or "") .. "` + name + ` " return nil end
		function on_eom() add_header("X-By", "` + name + `: " .. conn.seen) end`
}

// rewrite puts other sources in the place of the running scripts and reloads.
func (r *rig) rewrite(sources ...string) (*Generation, error) {
	r.t.Helper()
	for i, src := range sources {
		if err := os.WriteFile(r.host.cfg.Scripts[i], []byte(src), 0o644); err != nil {
			r.t.Fatal(err)
		}
	}
	return r.host.Reload(r.t.Context())
}

func (r *rig) mustRewrite(sources ...string) *Generation {
	r.t.Helper()
	gen, err := r.rewrite(sources...)
	if err != nil {
		r.t.Fatalf("reload: %v", err)
	}
	return gen
}

func (d *dialogue) by(sender string) string {
	d.t.Helper()
	a := d.message(sender)
	if len(a.Verdict.Changes) == 0 {
		return a.Verdict.Kind.String()
	}
	return a.Verdict.Changes[0].Value
}

func TestAMessageIsJudgedToItsEndByTheGenerationItBeganWith(t *testing.T) {
	r := newRig(t, nil, marked("one"))
	d := r.connect()
	d.ok(d.Mail("<a@b>"))
	d.ok(d.Rcpt("<b@b>"))
	gen := r.mustRewrite(marked("two"))
	if gen.Number() != 2 || gen.Hash() == "" || gen != r.host.Generation() {
		t.Errorf("got generation %d %q, want number 2 with a hash, live", gen.Number(), gen.Hash())
	}
	a, err := d.EOM()
	d.ok(a, err)
	if got, want := a.Verdict.Changes[0].Value, "one: one "; got != want {
		t.Errorf("the message in flight: got %q, want %q", got, want)
	}
	if got, want := d.by("a@b"), "two: one two "; got != want {
		t.Errorf("the next one: got %q, want %q, with what conn held", got, want)
	}
	lines := r.log.lines(t, "message")
	for i, want := range []float64{1, 2} {
		if lines[i]["generation"] != want || lines[i]["hash"] == "" {
			t.Errorf("log line %d: got generation %v, hash %v, want %v and its hash", i, lines[i]["generation"], lines[i]["hash"], want)
		}
	}
}

func TestAConnectionStaysWhereItsNegotiationDoesNotDo(t *testing.T) {
	tests := []struct{ name, first, second string }{
		{"a step that was turned off", marked("one"), marked("two") + ` function on_header() end`},
		{"a verdict where the MTA does not wait", marked("one"), marked("two") + ` function on_helo() return nil end`},
		{"another action", marked("one"), marked("two") + ` function on_data() replace_body("") end`},
		{"macros", marked("one"), `negotiate { macros = { mail = {"x"} } } ` + marked("two")},
		{"rejected recipients", marked("one"), `negotiate { rejected_recipients = true } ` + marked("two")},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r := newRig(t, nil, tt.first)
			d := r.connect()
			r.mustRewrite(tt.second)
			if got := d.by("a@b"); !strings.HasPrefix(got, "one: ") {
				t.Errorf("got %q, want the first generation, for which was negotiated", got)
			}
			if got := r.host.Status().Staying; got != 1 {
				t.Errorf("got %d connections that stay, want 1", got)
			}
			if got := r.connect().by("a@b"); !strings.HasPrefix(got, "two: ") {
				t.Errorf("got %q on a new connection, want the second generation", got)
			}
			r.mustRewrite(marked("three"))
			if got := d.by("a@b"); !strings.HasPrefix(got, "three: ") {
				t.Errorf("got %q, want the third generation, which needs no more than the first", got)
			}
			if got := r.host.Status().Staying; got != 0 {
				t.Errorf("got %d connections that stay, want 0", got)
			}
			d.QuitNC()
			d.ok(d.Connect("next", protocol.FamilyUnknown, 0, ""))
			if got := d.by("a@b"); !strings.HasPrefix(got, "three: ") {
				t.Errorf("after QUIT_NC: got %q, want the third generation", got)
			}
		})
	}
}

func TestAFailedReloadLeavesTheOldGenerationAtWork(t *testing.T) {
	r := newRig(t, nil, marked("one"))
	d := r.connect()
	_, err := r.rewrite("function on_mail()\n  return return\nend")
	if err == nil || !strings.Contains(err.Error(), "filter1.lua:2: ") {
		t.Errorf("got %v, want the line of the mistake", err)
	}
	if got := d.by("a@b"); !strings.HasPrefix(got, "one: ") {
		t.Errorf("got %q, want the generation that loads", got)
	}
	if st := r.host.Status(); st.FailedReload == nil || !strings.Contains(st.FailedReload.Error, "filter1.lua:2: ") || st.Generation != 1 {
		t.Errorf("got status %+v, want the failed reload in it", st)
	}
	r.mustRewrite(marked("two"))
	if st := r.host.Status(); st.FailedReload != nil || st.Generation != 2 {
		t.Errorf("got status %+v, want no failed reload after a good one", st)
	}
}

func TestALoadThatFailsSaysWhichFilesItLookedAt(t *testing.T) {
	dir := t.TempDir()
	script := filepath.Join(dir, "filter.lua")
	if err := os.WriteFile(script, []byte(`require "missing" function on_mail() end`), 0o644); err != nil {
		t.Fatal(err)
	}
	r := newRig(t, nil, marked("one"))
	cfg := r.cfg
	cfg.Scripts = []string{script}
	_, err := Load(t.Context(), cfg)
	load, ok := err.(*luabind.LoadError)
	if !ok {
		t.Fatalf("got %v, want a *LoadError", err)
	}
	var got []string
	for _, f := range load.Files {
		got = append(got, fmt.Sprintf("%s %t", filepath.Base(f.Path), f.Hash != ""))
	}
	if want := "[filter.lua true missing.lua false init.lua false]"; fmt.Sprint(got) != want {
		t.Errorf("got %v, want %s", got, want)
	}
}

func TestTimersRunOncePerHostAndEndWithTheirGeneration(t *testing.T) {
	ticking := func(name string) string {
		return note + `every(0.01, function() note("` + name + `") end) function on_mail() end`
	}
	r := newRig(t, func(c *Config) { c.States = 8 }, ticking("one"))
	r.log.wait(t, `"name":"one"`, 3)
	r.mustRewrite(ticking("two"))
	r.log.reset()
	r.log.wait(t, `"name":"two"`, 5)
	if got := strings.Count(r.names(), "one"); got > 1 {
		t.Errorf("got %d runs of the old generation's timer after the swap, want at most the one that was running", got)
	}
	r.mustRewrite(note + `every(0.01, function() error("boom") end) function on_mail() end`)
	r.log.wait(t, `"msg":"timer failed"`, 2)
	r.mustRewrite(note + `every(0.01, function() note("loop") while true do end end) function on_mail() end`)
	r.log.wait(t, `"name":"loop"`, 1)
	r.log.reset()
	p := r.host.Generation().pools[0]
	r.host.Close()
	inUse := func() bool { _, used := p.counts(); return used > 0 }
	for inUse() { // not for long: nobody waits for --message-timeout
		runtime.Gosched()
	}
	if got := r.log.lines(t, "timer failed"); len(got) > 0 {
		t.Errorf("got log %v, want none of a timer that was cut", got)
	}
}

func TestAThousandReloadsLeaveMemoryWhereItWas(t *testing.T) {
	r := newRig(t, nil, marked("one")+` every(3600, function() end)`)
	d := r.connect()
	heap := func() uint64 {
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	reload := func(n int) {
		for range n {
			r.mustRewrite(marked("one") + ` every(3600, function() end)`)
			if got := d.by("a@b"); !strings.HasPrefix(got, "one: ") {
				t.Fatalf("got %q, want one", got)
			}
			r.log.reset()
		}
	}
	reload(50)
	before, goroutines := heap(), runtime.NumGoroutine()
	reload(1000)
	const most = 4 << 20
	if grown := int64(heap()) - int64(before); grown > most {
		t.Errorf("the heap grew by %d bytes in 1000 reloads, want at most %d", grown, most)
	}
	deadline := time.Now().Add(10 * time.Second)
	for runtime.NumGoroutine() > goroutines+5 && time.Now().Before(deadline) {
		runtime.Gosched()
	}
	if got := runtime.NumGoroutine(); got > goroutines+5 {
		t.Errorf("got %d goroutines, want about %d as before", got, goroutines)
	}
}

func TestWhatOnLoadLeavesBehindIsInNoState(t *testing.T) {
	r := newRig(t, func(c *Config) { c.States = 2 }, `
		local ready = false
		function on_load() ready = true end
		function on_eom() add_header("X-Ready", tostring(ready)) end`)
	d := r.connect()
	for range 4 {
		if got := d.by("a@b"); got != "false" {
			t.Errorf("got %s, want false: on_load ran in a state of its own", got)
		}
	}
}

func TestAReloadThatIsCutHasNoOutcome(t *testing.T) {
	r := newRig(t, nil, marked("one"))
	if err := os.WriteFile(r.host.cfg.Scripts[0], []byte("while true do end function on_mail() end"), 0o644); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if _, err := r.host.Reload(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("got %v, want %v", err, context.DeadlineExceeded)
	}
	if st := r.host.Status(); st.Generation != 1 || st.FailedReload != nil {
		t.Errorf("got generation %d, failed reload %v, want neither a new one nor a failure", st.Generation, st.FailedReload)
	}
}

func TestAMovedConnectionHasNoMoreActionsThanANewOne(t *testing.T) {
	r := newRig(t, nil, marked("one"))
	d := r.connect()
	r.mustRewrite(`negotiate { actions = {} } ` + marked("two"))
	const refused = "tempfail 451 4.3.0 Message filter failed - try again later"
	d.want(refused, d.message("a@b"), nil)
	d.QuitNC()
	d.ok(d.Connect("next", protocol.FamilyUnknown, 0, ""))
	for _, d := range []*dialogue{d, r.connect()} {
		d.want(refused, d.message("a@b"), nil)
	}
}

func TestAPipeInPlaceOfTheScriptDoesNotHoldUpReloads(t *testing.T) {
	r := newRig(t, nil, marked("one"))
	path := r.host.cfg.Scripts[0]
	if err := errors.Join(os.Remove(path), syscall.Mkfifo(path, 0o600)); err != nil {
		t.Fatal(err)
	}
	if _, err := r.host.Reload(t.Context()); err == nil {
		t.Error("got no error, want one about an empty script")
	}
	if err := os.Remove(path); err != nil {
		t.Fatal(err)
	}
	r.mustRewrite(marked("two"))
}

func TestTheSameScriptTwiceKeepsItsFieldsApart(t *testing.T) {
	r := newRig(t, nil, marked("one"))
	path := r.host.cfg.Scripts[0]
	r.cfg.Scripts = []string{path, path}
	gen, err := Load(t.Context(), r.cfg)
	if err != nil {
		t.Fatal(err)
	}
	r.host = NewHost(r.cfg, gen)
	r.srv.Handler = r.host
	d := r.connect()
	r.mustRewrite(marked("two"))
	if got := fmt.Sprint(d.message("a@b").Verdict.Changes); got != `[add_header X-By: "two: two " add_header X-By: "two: two "]` {
		t.Errorf("got %s, want each with its own fields", got)
	}
}

func TestErrorsAreKeptShort(t *testing.T) {
	r := newRig(t, nil, `function on_mail() error(("x"):rep(10 * 1024 * 1024)) end function on_eom() return nil end`)
	d := r.connect()
	d.message("a@b")
	for _, e := range r.host.Status().LastErrors {
		if len(e.Error) > 5000 {
			t.Errorf("got an error of %d bytes, want about 4096 at most", len(e.Error))
		}
	}
}
