package main

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"luamilter/protocol"
)

// TestBench runs the real filters: what is measured must be the same work, so each answer of each is checked.
func TestBench(t *testing.T) {
	b := testBench(t)
	t.Run("each peer does what each filter has to do", b.testAnswers)
	t.Run("a wrong answer is an error that tells both", b.testWrongAnswers)
	t.Run("a filter that fails is told with its log", b.testFailingScript)
	t.Run("an open loop sends all that is due", b.testSchedule)
	t.Run("each command prints its tables", b.testCommands)
	t.Run("pinned, it leaves nothing behind", b.testPinned)
}

// testBench builds the peers.
func testBench(t *testing.T) *bench {
	t.Helper()
	dir, err := os.MkdirTemp("", "bench") // t.TempDir is too long for a socket's path
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := os.RemoveAll(dir); err != nil {
			t.Error(err)
		}
	})
	b := &bench{options: defaultOptions(), dir: dir}
	b.sources, b.writeSize = filepath.Join("..", "..", "testdata", "bench"), postfixWriteSize
	if err := b.build(t.Context(), dir); err != nil {
		t.Fatal(err)
	}
	return b
}

// run sends some messages to a peer in closed loop.
func (b *bench) run(t *testing.T, args peerArgs, s *traffic) (*result, error) {
	t.Helper()
	r, err := b.startPeer(args)
	if err != nil {
		t.Fatal(err)
	}
	defer r.stop()
	l := load{conns: 3, perConnection: 11, messages: 3 * spamEvery}
	return l.run(r, s)
}

func (b *bench) testAnswers(t *testing.T) {
	for _, filter := range filterNames() {
		for _, m := range []*mail{newMail("small", 12, 2<<10), newMail("typical", 25, 30<<10), newMail("chunks", 12, 400<<10)} {
			for _, name := range peerNames() {
				t.Run(filter+" "+m.name+" "+name, func(t *testing.T) {
					s := newTraffic(expect(filter, m, name == "limit"), m, b.writeSize)
					got, err := b.run(t, peerArgs{name: name, filter: filter, body: len(m.body) + len(footer)}, s)
					if err != nil {
						t.Fatal(err)
					}
					taken := 3 * spamEvery
					if s.expect.refusal != "" {
						taken -= 3 // one of each connection's spamEvery
					}
					if got.messages != 3*spamEvery || len(got.latencies) != taken {
						t.Errorf("got %d messages, %d of them taken, want %d and %d", got.messages, len(got.latencies), 3*spamEvery, taken)
					}
				})
			}
		}
	}
}

func (b *bench) testWrongAnswers(t *testing.T) {
	m := newMail("small", 12, 2<<10)
	other := newMail("other", 13, 2<<10)
	for _, c := range []struct {
		name   string
		filter string // that runs
		expect *expectation
		step   protocol.Code
		want   []string
	}{
		{"no header where one is wanted", "noop", &expectation{changes: expect("addheader", m, false).changes}, protocol.CodeEOM,
			[]string{"want continue; add_header X-Bench", "got continue"}},
		{"the spammer is taken", "noop", &expectation{refusal: refusal}, protocol.CodeMail, []string{"want reject 550 5.7.1 no mail", "got continue"}},
		{"the spammer is refused in other words", "addheader",
			&expectation{refusal: "550 5.7.1 no", changes: expect("addheader", m, false).changes}, protocol.CodeMail,
			[]string{"want reject 550 5.7.1 no,", "got reject 550 5.7.1 no mail from spammers"}},
		{"the spammer is refused and should not be", "addheader", &expectation{changes: expect("addheader", m, false).changes},
			protocol.CodeMail, []string{"want continue", "got reject 550"}},
		{"another count and subject", "addheader", expect("addheader", other, false), protocol.CodeEOM, []string{`"13 Quarterly`, `"12 Quarterly`}},
		{"the changes in another order", "rewrite", backwards(expect("rewrite", m, false)), protocol.CodeEOM,
			[]string{"replace_body 2082 bytes; add_recipient", `got continue; change_header Subject 1: "[bench]`}},
		{"another body of the same length", "rewrite", otherBody(expect("rewrite", m, false)), protocol.CodeEOM, []string{"replace_body 2082 bytes"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := b.run(t, peerArgs{name: "luamilter", filter: c.filter}, newTraffic(c.expect, m, b.writeSize))
			var wrong *wrongAnswer
			if !errors.As(err, &wrong) || got != nil {
				t.Fatalf("got %+v, %v, want no result and a wrong answer", got, err)
			}
			if wrong.step != c.step {
				t.Errorf("got a wrong answer to %v, want to %v", wrong.step, c.step)
			}
			for _, want := range c.want {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("got %q, want %q in it", err, want)
				}
			}
		})
	}
}

func backwards(e *expectation) *expectation {
	slices.Reverse(e.changes)
	return e
}

func otherBody(e *expectation) *expectation {
	last := &e.changes[len(e.changes)-1]
	last.Value = strings.ToUpper(last.Value)
	return e
}

func (b *bench) testFailingScript(t *testing.T) {
	file := filepath.Join(b.dir, "fails.lua")
	if err := os.WriteFile(file, []byte("function on_eom() error('out of order') end\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	m := newMail("small", 12, 2<<10)
	_, err := b.run(t, peerArgs{name: "luamilter", scripts: []string{file}}, newTraffic(expect("noop", m, false), m, b.writeSize))
	if err == nil || !strings.Contains(err.Error(), "got tempfail 451") || !strings.Contains(err.Error(), "fails.lua:1: out of order") {
		t.Errorf("got %v, want the verdict and the script's error", err)
	}
	if _, err := b.startPeer(peerArgs{name: "luamilter", scripts: []string{"none.lua"}}); err == nil || !strings.Contains(err.Error(), "none.lua") {
		t.Errorf("got %v, want what luamilter says of a script that is not there", err)
	}
}

func (b *bench) testSchedule(t *testing.T) {
	m := newMail("small", 12, 2<<10)
	r, err := b.startPeer(peerArgs{name: "libmilter-tuned", filter: "noop"})
	if err != nil {
		t.Fatal(err)
	}
	defer r.stop()
	o := schedule{rate: 100, duration: time.Second, conns: 2, perConnection: 7}
	got, err := o.run(r, newTraffic(expect("noop", m, false), m, b.writeSize))
	if err != nil {
		t.Fatal(err)
	}
	if got.messages != 100 || len(got.latencies) != 100 || !slices.IsSorted(got.latencies) || got.latencies[0] <= 0 {
		t.Errorf("got %d messages and %d latencies, want 100 of each, sorted and above 0", got.messages, len(got.latencies))
	}
	if _, err := o.run(r, newTraffic(expect("addheader", m, false), m, b.writeSize)); err == nil {
		t.Error("a wrong answer is no error")
	}
}

func (b *bench) testCommands(t *testing.T) {
	programs := b.flags()
	for _, c := range []struct {
		args string
		want []string
	}{
		{"table --filters addheader --mails small --conns 2 --rounds 2 --messages 40 --round-time 1m",
			[]string{"addheader, small mail, connections: 2", "messages/s", "luamilter", "libmilter-tuned", "libmilter ", "limit"}},
		{"table --filters noop --mails small --conns 1 --rounds 1 --messages 20 --round-time 1m --peers limit --format benchstat",
			[]string{"BenchmarkNoop/small/conns=1/limit 20 ", " ns/op ", " cpu-ns/op "}},
		{"latency --mails small --conns 2 --rounds 1 --round-time 300ms --rate 50 --format markdown",
			[]string{"addheader, small mail, 2 connections, 50 messages/s offered", "| p99.9 us |", "|---|---:|"}},
		{"latency --mails small --conns 2 --rounds 1 --round-time 100ms --peers libmilter-tuned --format benchstat",
			[]string{"BenchmarkLatency/addheader/small/conns=2/libmilter-tuned ", " p99.9-ns"}},
		{"idle --idle 20 --busy 30 --round-time 200ms", []string{"20 connections idle", "KiB/connection", "30 busy connections on 4 Lua states"}},
	} {
		t.Run(c.args, func(t *testing.T) {
			var out, errOut bytes.Buffer
			if code := milterbench(append(strings.Fields(c.args), programs...), &out, &errOut); code != 0 {
				t.Fatalf("exit code %d\n%s", code, errOut.String())
			}
			for _, want := range c.want {
				if !strings.Contains(out.String(), want) {
					t.Errorf("%q is missing in\n%s", want, out.String())
				}
			}
		})
	}
	t.Run("a point of scaling", func(t *testing.T) {
		only := *b
		only.roundTime = time.Millisecond
		points, err := only.idleScripts()
		if err != nil {
			t.Fatal(err)
		}
		points = append(points[len(points)-1:], point{name: "conns", filter: "addheader", mail: newMail("m", 10, 1<<10), conns: 50})
		for i := range points {
			if line, err := only.scale(&points[i]); err != nil || len(line) != 4 {
				t.Errorf("%s: got %q, %v", points[i].name, line, err)
			}
		}
	})
}

// flags name the peers that testBench has built.
func (b *bench) flags() []string {
	return []string{"--sources", b.sources, "--luamilter", b.luamilter, "--libmilter", b.libmilter, "--limit", b.limit}
}
